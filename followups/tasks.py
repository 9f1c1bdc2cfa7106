"""Celery's hands: each task reads the database's clock once and makes one call. The next tick is the retry."""

import time
from collections.abc import Callable
from datetime import datetime

from celery import shared_task
from django.db import connection

from followups.actions import importing, rehearing
from followups.clock import (
    deadman,
    deliveries,
    digests,
    drift,
    facts,
    mailings,
    mornings,
    reminders,
    retention,
    routes,
    sweeps,
    targets,
    watch,
    workers,
    zones,
)
from followups.models.policies import follow_zone_data

# Those that may wait for a mail host or a long file run in one worker at a time.
SWEEPS: dict[str, tuple[Callable[..., int], bool]] = {
    "reminders": (reminders.sweep, False),
    "targets": (targets.sweep, False),
    "routes": (routes.sweep, False),
    "deliveries": (deliveries.sweep, True),
    "pushes": (deliveries.push, True),
    "digests": (digests.sweep, True),
    "mornings": (mornings.sweep, True),
    "mailings": (mailings.sweep, True),
    "watch": (watch.sweep, True),
    "imports": (importing.run_waiting, True),
    "hours": (rehearing.go_on, True),
    "facts": (facts.sweep, True),
    "retention": (retention.sweep, True),
    "zones": (zones.sweep, True),
}
# These send nothing, and say why the others wait.
NOT_HELD = ("watch", "imports", "hours", "facts")


def database_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def steady() -> float:
    """Seconds of a clock that nobody can set, and that runs on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def sweep(name: str, *, eager: bool = False) -> int | None:
    """One sweep, now; None where a twin has just done it (unless `eager`), or where the clock is in doubt."""
    follow_zone_data()
    now = database_now()
    held = drift.held(now=now, steady=steady())
    if held and name not in NOT_HELD:
        return None
    act, alone = SWEEPS[name]
    done = sweeps.run(name, act, now=now, alone=alone, eager=eager)
    if name == "watch" and done is not None:
        deadman.ping(now=now)
    return done


@shared_task
def sweep_reminders() -> int | None:
    return sweep("reminders")


@shared_task
def sweep_routes() -> int | None:
    return sweep("routes")


@shared_task
def sweep_targets() -> int | None:
    return sweep("targets")


@shared_task
def sweep_deliveries() -> int | None:
    return sweep("deliveries")


@shared_task
def sweep_pushes() -> int | None:
    return sweep("pushes")


@shared_task
def sweep_mornings() -> int | None:
    return sweep("mornings")


@shared_task(soft_time_limit=600, time_limit=660)
def sweep_mailings() -> int | None:
    return sweep("mailings")


@shared_task
def sweep_digests() -> int | None:
    return sweep("digests")


@shared_task
def sweep_watch() -> int | None:
    return sweep("watch")


@shared_task(soft_time_limit=600, time_limit=660)
def sweep_imports() -> int | None:
    return sweep("imports")


@shared_task(soft_time_limit=600, time_limit=660)
def sweep_hours() -> int | None:
    return sweep("hours")


@shared_task(soft_time_limit=3600, time_limit=3660)
def sweep_facts() -> int | None:
    return sweep("facts")


@shared_task
def sweep_retention() -> int | None:
    return sweep("retention")


@shared_task
def sweep_zones() -> int | None:
    return sweep("zones")


@shared_task
def take() -> None:
    """What a worker sends to itself, to hear whether it still takes messages."""


@shared_task
def worker_seen(*, name: str, host: str, pid: int, silent: float) -> None:
    """Called in the worker's own process, beside its loop."""
    try:
        workers.seen(name=name, host=host, pid=pid, silent=silent)
    finally:
        connection.close()


@shared_task
def worker_ended(*, name: str, pid: int) -> None:
    try:
        workers.ended(name=name, pid=pid)
    finally:
        connection.close()
