"""Looks of the watch at what should have gone and did not: rows given up or left lying, workers, the clock itself."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, F, Min

from followups.clock import drift, workers
from followups.clock.found import Found
from followups.models import Delivery, DeliveryState, Finding, FollowUpState, Notice, Reminder

PATIENCE = timedelta(minutes=2)
LATELY = timedelta(days=7)
SHOWN = 200


def poisoned(now: datetime) -> Iterable[Found]:
    """Reminders that failed at least once, with the error kept from their last failure, until they went out."""
    errors = dict(
        Finding.objects.filter(kind="reminder-poison", cleared_at__isnull=True).values_list("subject", "detail")
    )
    standing = {"follow_up__state": FollowUpState.SCHEDULED, "version": F("follow_up__version")}
    rows = Reminder.objects.filter(attempts__gt=0, state__in=["waiting", "dead"], **standing)
    failed = rows.values_list("follow_up_id", "follow_up__ticket__number", "attempts").order_by("id")
    for follow_up, number, attempts in failed[:SHOWN]:
        words = f"Ticket {number}, failed {attempts} times."
        yield Found("reminder-poison", str(follow_up), errors.get(str(follow_up)) or words)


def given_up(now: datetime) -> Iterable[Found]:
    """Of the last seven days, in one line: each was told to the people it is about."""
    rows = Delivery.objects.filter(state=DeliveryState.DEAD, due_at__gt=now - LATELY)
    found = rows.aggregate(n=Count("pk"), since=Min("due_at"))
    if found["n"]:
        yield Found("delivery-dead", "deliveries", f"{found['n']} since {found['since']:%F}")


def unrouted(now: datetime) -> Iterable[Found]:
    rows = Notice.objects.filter(to_route=True, at__lt=now - PATIENCE).aggregate(n=Count("pk"), since=Min("at"))
    if rows["n"]:
        yield Found("notices-unrouted", "notices", f"{rows['n']} since {rows['since']:%F %T}Z")


def silent_workers(now: datetime) -> Iterable[Found]:
    workers.forget(now=now)
    for row in workers.silent(now=now):
        yield Found("worker-silent", row.name[:80], f"Took its last work at {row.took_at:%F %T}Z, process {row.pid}.")


def leapt_clock(now: datetime) -> Iterable[Found]:
    site = drift.suspect()
    if site is not None:
        ahead = timedelta(seconds=int(site.clock_ahead_seconds))
        yield Found("clock-leapt", "database", f"By {ahead}, at {site.clock_suspect_at:%F %T}Z by its own reckoning.")


LOOKS = (poisoned, given_up, unrouted, silent_workers, leapt_clock)
