"""Workers say that they take messages: each keeps a row of its own fresh, and the watch sees who fell silent."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from followups.models import Worker

SILENCE = timedelta(minutes=3)
# One that never came back was taken away for good: its row goes, and what it left is found by the other looks.
FORGOTTEN = timedelta(minutes=15)

SEEN = """
INSERT INTO followups_worker (name, host, pid, started_at, seen_at, took_at)
VALUES (%(name)s, %(host)s, %(pid)s, clock_timestamp(), clock_timestamp(), clock_timestamp())
ON CONFLICT (name) DO UPDATE SET pid = excluded.pid, seen_at = excluded.seen_at,
    started_at = CASE WHEN followups_worker.pid = excluded.pid THEN followups_worker.started_at ELSE excluded.seen_at END,
    took_at = excluded.seen_at - make_interval(secs => %(silent)s)
"""


def seen(*, name: str, host: str, pid: int, silent: float) -> None:
    """A worker that took its last message `silent` seconds ago, by its own steady clock."""
    values: dict[str, Any] = {"name": name[:160], "host": host[:120], "pid": pid, "silent": silent}
    with connection.cursor() as cursor:
        cursor.execute(SEEN, values)


def ended(*, name: str, pid: int) -> None:
    """In good order."""
    Worker.objects.filter(name=name[:160], pid=pid).delete()


def silent(*, now: datetime) -> QuerySet[Worker]:
    """Those that took nothing for three minutes, or were not seen."""
    since = now - SILENCE
    return Worker.objects.filter(Q(took_at__lt=since) | Q(seen_at__lt=since)).order_by("name")


def forget(*, now: datetime) -> int:
    return Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()[0]
