"""The guard: a small process that outlives a killed parent just long enough to stop what the parent had started.

Run as a script. It reads lines `add PID SIGNAL` and `del PID` from the pipe on its standard input; the parent alone
holds the other end, so end of file means that the parent is gone, however it went. Standard library only.
"""

import contextlib
import os
import signal
import sys
import time

PATIENCE = 8.0


def main() -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    started = watch(sys.stdin)
    stop_all(started)
    for pid in carrying(sys.argv[1]):
        send(pid, signal.SIGKILL)


def watch(lines) -> dict[int, int]:
    """What was running when the parent went: process id -> the signal that ends it in good order."""
    started: dict[int, int] = {}
    for line in lines:
        word, pid, *rest = line.split()
        if word == "add":
            started[int(pid)] = getattr(signal, rest[0])
        else:
            started.pop(int(pid), None)
    return started


def stop_all(started: dict[int, int]) -> None:
    """Last started first; who does not go in time is killed with its whole group."""
    for pid in reversed(started):
        send(pid, started[pid])
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(alive(pid) for pid in started):
        time.sleep(0.05)
    for pid in started:
        send(-pid, signal.SIGKILL)


def carrying(token: str) -> list[int]:
    """Processes with our token in their environment: one started in the instant before the parent died."""
    mark = f"DESK_GUARD={token}".encode()
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if name.isdigit() and int(name) != os.getpid() and mark in file.read().split(b"\0"):
                    found.append(int(name))
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not is_zombie(pid)


def is_zombie(pid: int) -> bool:
    """Where nobody reaps orphans (some containers), a dead process keeps its number."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def send(pid: int, number: int) -> None:
    """A negative number reaches the whole group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


if __name__ == "__main__":
    main()
