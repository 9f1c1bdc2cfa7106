"""The targets of a ticket as its page shows them, one calm line with the time left, and the pause; and as lists do."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from desk import access
from desk.templatetags.desk import day, duration, when
from followups import clocks, complaints, targets, worktime
from followups.actions import parking
from followups.models import Pause, Policy, TargetClock, Ticket, Waiting
from followups.models.tickets import among
from followups.targets import State

MARKS = {State.BREACHED: "overdue"}
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Running:
    """A clock in one line: what is due, by when, and what is left. `mark` only where it is near or missed."""

    mark: str
    title: str
    words: str


def of_ticket(ticket: Ticket, policy: Policy, request: access.DeskRequest) -> dict[str, Any]:
    """What the page of an open ticket says of its targets: one query where there is none."""
    found = clocks.of_ticket(ticket, now=request.now, calendar=policy.calendar)
    zone = access.zone_of(request.user)
    live = [(row, reading) for row, reading in found if row.stopped_at is None]
    pause = next((row for row in ticket.pauses.all() if row.ended_at is None), None) if live else None
    return {
        "targets": [running(row, reading, zone) for row, reading in live],
        "pause": pause if pause and pause.until_at > request.now else None,
        "has_rules": policy.has_rules,
        "pausable": any(row.kind in parking.PAUSED for row, _ in live),
    }


def by_words(due_at: datetime, zone: str) -> str:
    """A term that ends at midnight is told by its last day."""
    if worktime.to_wall(due_at, zone).time() == time():
        return f"by the end of {day(due_at - SECOND, zone)}"
    return when(due_at, zone)


def running(row: TargetClock, reading: targets.Reading, zone: str) -> Running:
    """Time left is of the time that counts, so that it stands still overnight."""
    mark = "warn" if row.warned_at and reading.state == State.RUNNING else MARKS.get(reading.state, "")
    by = f"due {by_words(reading.due_at, zone)}"
    if reading.state == State.BREACHED:
        words = f"missed, was {by}"
    elif reading.state == State.PAUSED:
        words = f"rests, then {by}"
    else:
        words = f"{by}, {duration(max(reading.left, timedelta()))} left"
    return Running(mark, title_of(row), words)


def title_of(row: TargetClock) -> str:
    template = complaints.BY_KEY.get(row.target.template)
    kind = row.get_kind_display()
    return f"{template.name}: {kind.lower()}" if template else kind


@dataclass(frozen=True)
class Nearest:
    """The target of a ticket that is due first, as a row says it. `mark`: `warn` where it is near, `overdue` missed."""

    mark: str
    words: str


def nearest(tickets: Iterable[int], *, zone: str, now: datetime) -> dict[int, Nearest]:
    """By ticket, where one runs: one query for any number of tickets."""
    asked = Pause.objects.filter(ticket=OuterRef("ticket"), reason=Waiting.CUSTOMER, ended_at=None, until_at__gt=now)
    running = TargetClock.objects.filter(among("ticket_id", tickets), stopped_at=None).annotate(asked=Exists(asked))
    first = running.select_related("target").order_by("ticket_id", "due_at", "id").distinct("ticket_id")
    return {row.ticket_id: in_short(row, zone=zone, now=now) for row in first}


def in_short(row: TargetClock, *, zone: str, now: datetime) -> Nearest:
    """`asked` on the row: the desk waits for her answer."""
    title, by = title_of(row), by_words(row.due_at, zone)
    if row.due_at <= now:
        return Nearest("overdue", f"{title} missed, was due {by}")
    if row.asked and row.kind in parking.PAUSED:
        return Nearest("", f"{title} rests, then due {by}")
    if row.warned_at or (row.next_at and row.next_at <= now):
        return Nearest("warn", f"{title} soon: due {by}")
    return Nearest("", f"{title} due {by}")
