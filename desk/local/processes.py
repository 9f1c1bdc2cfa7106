"""Children in sessions of their own, so that Ctrl-C reaches the parent alone, and the guard that outlives it."""

import contextlib
import os
import pwd
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from desk.local import guard, places


@dataclass
class Program:
    """How one server is started, known to be ready, and stopped."""

    name: str
    argv: list[str]
    log: Path
    env: Mapping[str, str]
    ready: Callable[[], bool]
    cwd: Path = places.ROOT
    stop: str = "SIGTERM"
    user: int | None = None
    patience: float = 10.0


class Guard:
    """The parent's end of the guard: holds the pipe and tells it who lives. It also keeps the lock while it stops
    them, so that the next start waits for the end of the last one."""

    def __init__(self, *, lock: int | None = None) -> None:
        self.token = secrets.token_hex(8)
        reader, self.writer = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, self.token],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
        )
        os.close(reader)

    def tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.writer, f"{line}\n".encode())

    def close(self) -> None:
        os.close(self.writer)
        self.process.wait()


@dataclass
class Child:
    """One running program."""

    program: Program
    guard: Guard
    process: subprocess.Popen = field(init=False)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.process = spawn(self.program, token=self.guard.token)
        self.started = time.monotonic()
        self.guard.tell(f"add {self.process.pid} {self.program.stop}")

    def gone(self) -> bool:
        return self.process.poll() is not None

    def age(self) -> float:
        return time.monotonic() - self.started

    def wait_ready(self, *, seconds: float, go_on: Callable[[], bool] = lambda: True) -> None:
        """Return once it answers; CannotRun with the end of its log where it does not in time."""
        end = time.monotonic() + seconds
        while go_on() and not self.program.ready():
            if self.gone() or time.monotonic() > end:
                raise places.CannotRun(f"{self.program.name} did not start:\n{tail(self.program.log)}")
            time.sleep(0.03)

    def end(self) -> None:
        """Ask, wait, then kill the whole group; leaves nothing of it."""
        if not self.gone():
            guard.send(self.process.pid, getattr(signal, self.program.stop))
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.program.patience)
        self.bury()

    def bury(self) -> None:
        guard.send(-self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.guard.tell(f"del {self.process.pid}")


def spawn(program: Program, *, token: str) -> subprocess.Popen:
    owner = {} if program.user is None else {"user": program.user, "group": group_of(program.user), "extra_groups": []}
    with open(program.log, "ab") as log:
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=program.cwd,
            env={**program.env, "DESK_GUARD": token},
            start_new_session=True,
            **owner,
        )


def group_of(user: int) -> int:
    return pwd.getpwuid(user).pw_gid


def tail(log: Path, lines: int = 15) -> str:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
