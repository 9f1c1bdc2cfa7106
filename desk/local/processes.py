"""Children in sessions of their own, so that Ctrl-C reaches the parent alone, and the guard that outlives it."""

import contextlib
import os
import pwd
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from desk.local import guard, places


@dataclass
class Program:
    """How one server is started, known to be ready, and stopped."""

    name: str
    argv: list[str]
    env: Mapping[str, str]
    log: Path | None = None  # none: the terminal
    ready: Callable[[], bool] = lambda: True
    marks: tuple[Path, ...] = ()  # files that tell of an earlier run, removed before each start
    cwd: Path = places.ROOT
    stop: str = "SIGTERM"
    user: int | None = None
    patience: float = 10.0


class Guard:
    """The parent's end of the guard: holds the pipe and tells it who lives. It also keeps the lock while it stops
    them, so that the next start waits for the end of the last one."""

    def __init__(self, *, lock: int | None = None) -> None:
        self.token = secrets.token_hex(8)
        self.passed = () if lock is None else (lock,)
        self.alive: dict[int, str] = {}
        self.writer = -1
        self.start()

    def start(self) -> None:
        """Also once more, should somebody have killed the guard itself."""
        reader, writer = os.pipe()
        if self.writer >= 0:
            os.close(self.writer)
        self.writer = writer
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, self.token],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=self.passed,
        )
        os.close(reader)
        for pid, stop in self.alive.items():
            self.tell(f"add {pid} {stop}")

    def add(self, pid: int, stop: str) -> None:
        self.alive[pid] = stop
        self.tell(f"add {pid} {stop}")

    def forget(self, pid: int) -> None:
        self.alive.pop(pid, None)
        self.tell(f"del {pid}")

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
    asked: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.process = spawn(self.program, token=self.guard.token)
        self.started = time.monotonic()
        self.guard.add(self.process.pid, self.program.stop)

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

    def ask(self) -> None:
        """Ask it once to end in good order: some take a second word for haste."""
        if not self.asked and not self.gone():
            self.asked = True
            guard.send(self.process.pid, getattr(signal, self.program.stop))

    def end(self) -> None:
        """Ask, wait, then kill the whole group; leaves nothing of it."""
        self.ask()
        if not self.gone():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.program.patience)
        self.bury()

    def bury(self) -> None:
        guard.send(-self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.guard.forget(self.process.pid)


@contextlib.contextmanager
def started(programs: list[Program], *, guard: Guard) -> Iterator[list[Child]]:
    """All of them, each ready before the next; stopped in the opposite order."""
    children: list[Child] = []
    try:
        for program in programs:
            children.append(Child(program, guard))
            children[-1].wait_ready(seconds=60)
        yield children
    finally:
        for child in reversed(children):
            child.end()


def spawn(program: Program, *, token: str) -> subprocess.Popen:
    for mark in program.marks:
        mark.unlink(missing_ok=True)
    with open(program.log, "ab") if program.log else contextlib.nullcontext() as log:
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=program.cwd,
            env={**program.env, "DESK_GUARD": token},
            start_new_session=True,
            **owner(program.user),
        )


def owner(user: int | None) -> dict:
    """How subprocess changes to a user, with that user's group alone."""
    return {} if user is None else {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []}


def tail(log: Path | None, lines: int = 15) -> str:
    try:
        return "" if log is None else "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
