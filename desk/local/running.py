"""Who serves this checkout at the moment: a lock, and a private file with the addresses."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from desk.local import guard, places

STATE = "running.json"
Found = TypeVar("Found")


@contextmanager
def lock(folder: Path, name: str, kind: int) -> Iterator[int]:
    """Hold a lock file; BlockingIOError where `kind` says not to wait. Yields its descriptor, for the guard."""
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


def taken(folder: Path) -> contextlib.AbstractContextManager[int]:
    """The right to start servers here, or BlockingIOError. Released when the holder and its guard are gone."""
    return lock(folder, "running.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)


def publish(folder: Path, **state: object) -> None:
    places.write_private(folder / STATE, json.dumps({"pid": os.getpid(), **state}))


def withdraw(folder: Path) -> None:
    (folder / STATE).unlink(missing_ok=True)


def state(folder: Path) -> dict | None:
    """What the holder published; None where it is not ready yet, or was killed."""
    try:
        found = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if guard.alive(found["pid"]) else None


def retry(step: Callable[[], Found | None], *, seconds: float, refusal: Callable[[], str]) -> Found:
    """Ask until `step` gives something; CannotRun after so long."""
    end = time.monotonic() + seconds
    while True:
        found = step()
        if found:
            return found
        if time.monotonic() > end:
            raise places.CannotRun(refusal())
        time.sleep(0.1)
