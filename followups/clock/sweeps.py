"""Liveness: when each sweep last finished, by the database's clock; never that some process is up."""

import contextlib
import socket
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from followups.models import Sweep

# Seconds from one tick to the next; Celery beat follows this table.
TICKS = {
    "reminders": 5.0,
    "targets": 15.0,
    "routes": 5.0,
    "deliveries": 5.0,
    "pushes": 5.0,
    "digests": 60.0,
    "mornings": 60.0,
    "mailings": 15.0,
    "watch": 60.0,
    "imports": 5.0,
    "hours": 5.0,
    "facts": 5.0,
    "retention": 3600.0,
    "zones": 3600.0,
}
STALE = timedelta(seconds=60)

# A finish that lies ahead of `now` comes from a clock set back, and must not silence the sweep until then.
BEGIN = """
INSERT INTO followups_sweep (name, started_at, handled, took_ms, host, error)
VALUES (%(name)s, clock_timestamp(), 0, 0, %(host)s, '')
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, host = excluded.host
WHERE followups_sweep.finished_at IS NULL
    OR NOT followups_sweep.finished_at BETWEEN %(now)s - make_interval(secs => %(half)s) AND %(now)s
RETURNING name
"""
FINISH = """
UPDATE followups_sweep SET finished_at = clock_timestamp(), handled = %(handled)s, error = '',
    took_ms = greatest(0, extract(epoch FROM clock_timestamp() - started_at) * 1000)
WHERE name = %(name)s
"""


def run(name: str, sweep: Callable[..., int], *, now: datetime, alone: bool = False, eager: bool = False) -> int | None:
    """Run one sweep and leave its heartbeat; how many rows it handled, None where there was no need.

    A twin that finished less than half a tick ago was enough, unless `eager`: something is known to be due. `alone`:
    nor while another worker is at it, so that slow mail or a long import takes one worker and leaves the others to the
    reminders.
    """
    with _only_one(name) if alone else contextlib.nullcontext(True) as mine:
        return _run(name, sweep, now) if mine and _begins(name, now, eager) else None


def _run(name: str, sweep: Callable[..., int], now: datetime) -> int:
    try:
        handled = sweep(now=now)
    except Exception as error:
        with contextlib.suppress(DatabaseError):
            Sweep.objects.filter(name=name).update(error=f"{type(error).__name__}: {error}"[:300])
        raise
    _execute(FINISH, name=name, handled=handled)
    return handled


def _begins(name: str, now: datetime, eager: bool) -> bool:
    half = 0 if eager else TICKS[name] / 2
    return _execute(BEGIN, name=name, now=now, half=half, host=socket.gethostname()[:120]) == 1


def _execute(statement: str, **values) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


@contextlib.contextmanager
def _only_one(name: str):
    """A lock of the session: it ends with the worker that holds it, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('desk sweep'), hashtext(%s))", [name])
        mine = cursor.fetchone()[0]
    try:
        yield mine
    finally:
        if mine:
            _unlock(name)


def _unlock(name: str) -> None:
    """Where the connection is gone, so is the lock."""
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('desk sweep'), hashtext(%s))", [name])


def last_finished(name: str = "reminders") -> datetime | None:
    return Sweep.objects.filter(name=name).values_list("finished_at", flat=True).first()


def late(*, now: datetime) -> bool:
    """Whether reminders may be late: no sweep of them finished in the last 60 s. One query by key."""
    finished_at = last_finished()
    return finished_at is None or now - finished_at > STALE
