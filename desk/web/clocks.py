"""The targets of a ticket as its page shows them: one calm line with the time left, and the pause."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from desk import access
from desk.templatetags.desk import day, duration, when
from followups import clocks, complaints, targets, worktime
from followups.actions import parking
from followups.models import Policy, TargetClock, Ticket
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
    template = complaints.BY_KEY.get(row.target.template)
    kind = row.get_kind_display()
    return Running(mark, f"{template.name}: {kind.lower()}" if template else kind, words)
