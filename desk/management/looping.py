"""The desk's clock without a broker: every sweep at its own tick, the reminders at the instant at which they fall due.

Each sweep has a thread, so that slow mail holds up nobody's reminder. That of the reminders sleeps until the next due
instant; whoever writes an earlier one meanwhile wakes it through the database. Where that line is cut it looks every
tick, as a worker would. Several loops may run side by side.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, connection, connections

from followups import tasks
from followups.clock import sweeps
from followups.models import Sleeper

CHANNEL = "followups_due"
HELD_UP = 0.25  # seconds until what somebody holds is looked at again
GATHERED = 0.02  # seconds in which what falls due goes out together
OUTAGE = 2.0
LEFT_BEHIND = timedelta(hours=1)
RESTS = """
WITH left_behind AS (DELETE FROM followups_sleeper WHERE wakes_at < clock_timestamp() - %(left)s AND name <> %(name)s)
INSERT INTO followups_sleeper (name, wakes_at) VALUES (%(name)s, clock_timestamp() + %(most)s)
ON CONFLICT (name) DO UPDATE SET wakes_at = excluded.wakes_at
"""
NEXT = "SELECT clock_timestamp(), (SELECT min(due_at) FROM followups_reminder WHERE state = 'waiting')"

log = structlog.get_logger(__name__)


class Stop:
    """Set once, from a signal too; everybody who waits for it wakes at once."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.writing, False)

    def set(self, *_signal: Any) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self.writing, b".")

    def wait(self, seconds: float, *lines: int) -> bool:
        """Wait until it is set, or one of `lines` can be read, or the time is over; whether it is set."""
        found, _, _ = select.select([self.reading, *lines], [], [], max(0.0, seconds))
        return self.reading in found

    @property
    def is_set(self) -> bool:
        return self.wait(0)


class Listener:
    """A connection of its own, on which the database says that something is due earlier than it was."""

    def __init__(self) -> None:
        self.line: Any = None

    def fileno(self) -> list[int]:
        """What to wait on; nothing while the line is cut."""
        return [self.line.connection.fileno()] if self.line else []

    def open(self) -> None:
        if self.line is not None:
            return
        line = connection.copy()
        try:
            line.connect()
            line.connection.execute(f"LISTEN {CHANNEL}")
        except DatabaseError:
            line.close()
            raise
        self.line = line

    def drain(self) -> None:
        """Forget what was said: the rows are looked at in any case."""
        try:
            if self.line:
                list(self.line.connection.notifies(timeout=0))
        except Exception:  # noqa: BLE001 (cut, in whatever way: it is opened anew)
            self.close()

    def close(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            with contextlib.suppress(Exception):
                line.close()


def run(stop: Stop) -> None:
    """Until it is stopped; each sweep ends what it is at."""
    others = [name for name in tasks.SWEEPS if name != "reminders"]
    threads = [threading.Thread(target=_every_tick, args=(name, stop), name=name) for name in others]
    for thread in threads:
        thread.start()
    try:
        _reminders(stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _every_tick(name: str, stop: Stop) -> None:
    tick = sweeps.TICKS[name]
    while not stop.wait(0):
        begun = time.monotonic()
        _try(name, lambda: tasks.sweep(name))
        connections.close_all()
        stop.wait(begun + tick - time.monotonic())


def _try(name: str, act: Callable[[], Any]) -> bool:
    """Whatever goes wrong, the next tick is the retry."""
    try:
        act()
    except Exception:
        log.exception("sweep-failed", name=name)
        connections.close_all()
        return False
    return True


def _reminders(stop: Stop) -> None:
    sleeper = f"{socket.gethostname()[:120]}:{os.getpid()}"
    listener = Listener()
    rest = [0.0]

    def once() -> None:
        listener.open()
        tasks.sweep("reminders", eager=True)
        rest[0] = _rest(sleeper)

    while not stop.wait(rest[0], *listener.fileno()):
        listener.drain()
        if not _try("reminders", once):
            listener.close()
            rest[0] = OUTAGE
    listener.close()
    with contextlib.suppress(DatabaseError):
        Sleeper.objects.filter(name=sleeper).delete()
    connections.close_all()


def _rest(sleeper: str) -> float:
    """Seconds until the next due instant, a tick at most.

    First it says how long it may rest: what is written after that and due before wakes it, what was written until then
    is seen here. Only a transaction that wrote before and ends after this look waits for the tick.
    """
    tick = sweeps.TICKS["reminders"]
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"name": sleeper, "most": timedelta(seconds=2 * tick), "left": LEFT_BEHIND}
        cursor.execute(RESTS, asked)
        cursor.execute(NEXT)
        now, due = cursor.fetchone()
    if due is None:
        return tick
    if due <= now:
        return HELD_UP
    return min(tick, max(GATHERED, (due - now).total_seconds()))
