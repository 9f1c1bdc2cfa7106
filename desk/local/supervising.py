"""Keep programs running: restart with a growing pause, keep their logs small, keep the guard alive."""

import os
import shutil
import time
from dataclasses import dataclass, field

from desk.local import processes

TICK = 0.3
# What died is back within five seconds, however often it dies.
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 4.0, 60.0
LOG_LIMIT = 20 * 1024 * 1024


@dataclass
class Kept:
    """One program that should be running, and how patiently it is started again."""

    child: processes.Child
    pause: float = FIRST_PAUSE
    again_at: float | None = None

    def look(self, now: float) -> str | None:
        """Move on by one step; what happened in words, or nothing."""
        if self.again_at is None and self.child.gone():
            return self.note_end(now)
        if self.again_at is not None and now >= self.again_at:
            self.again_at = None
            self.child = processes.Child(self.child.program, self.child.guard)
            return f"{self.child.program.name} started again"
        return None

    def note_end(self, now: float) -> str:
        self.child.bury()
        if self.child.age() > STEADY:
            self.pause = FIRST_PAUSE
        self.again_at = now + self.pause
        words = f"{self.child.program.name} ended ({self.child.process.returncode}); again in {self.pause:g} s"
        self.pause = min(self.pause * 2, LONGEST_PAUSE)
        return words


@dataclass
class Supervisor:
    """Everything that runs, in the order of its start."""

    guard: processes.Guard
    kept: list[Kept] = field(default_factory=list)
    together: list[Kept] = field(default_factory=list)

    def start(self, program: processes.Program, *, wait: float | None = 60) -> None:
        self.kept.append(Kept(processes.Child(program, self.guard)))
        if wait is not None:
            self.kept[-1].child.wait_ready(seconds=wait)

    def start_together(self, programs: list[processes.Program]) -> None:
        """All at once, since they need each other for nothing, then each ready in turn."""
        for program in programs:
            self.start(program, wait=None)
            self.together.append(self.kept[-1])
        for kept in self.together:
            kept.child.wait_ready(seconds=60)

    def run(self, say) -> None:
        """For ever; a signal ends it."""
        while True:
            self.step(say)
            time.sleep(TICK)

    def step(self, say) -> None:
        now = time.monotonic()
        if self.guard.process.poll() is not None:
            self.guard.start()
            say("the guard was gone; a new one watches")
        for kept in self.kept:
            words = kept.look(now)
            if words:
                say(words)
            shorten(kept.child.program.log)

    def stop(self) -> None:
        """Those that need each other for nothing at once, then one after the other, the first started last."""
        for kept in self.together:
            kept.child.ask()
        for kept in reversed(self.kept):
            kept.child.end()


def shorten(log) -> None:
    """The writers append, so the file can be emptied under them; one earlier part is kept."""
    if log is not None and log.exists() and log.stat().st_size > LOG_LIMIT:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
