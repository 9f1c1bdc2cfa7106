"""The rows of running targets as the pure clocks of `targets`: the page, the sweep and the report read the same."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects

from followups import targets, worktime
from followups.models import (
    ClockEnd,
    Elapsing,
    Pause,
    Policy,
    Rest,
    Target,
    TargetClock,
    TargetKind,
    Term,
    Ticket,
)
from followups.models.tickets import among

ENDS = {
    Term.DAYS: targets.end_of_days,
    Term.WORKING_DAYS: targets.end_of_working_days,
    Term.MONTHS: targets.end_of_months,
}


def of_ticket(
    ticket: Ticket, *, now: datetime, calendar: worktime.Calendar | None = None
) -> list[tuple[TargetClock, targets.Reading]]:
    """The clocks of a ticket, the earliest due first, as they stand at `now`, by its team's calendar. Of one kind only
    the latest.
    """
    rows = ticket.target_clocks.select_related("target").order_by("kind", "target__template", "-started_at", "-id")
    latest = list(rows.distinct("kind", "target__template"))
    for row in latest:
        row.ticket = ticket
    if latest:
        prefetch_related_objects([ticket], "pauses")
    found = pure(latest, calendar=calendar, pauses=ticket.pauses.all() if latest else ())
    return sorted(((row, targets.read(found[row.pk], now)) for row in latest), key=lambda pair: pair[1].due_at)


def pure(
    rows: Iterable[TargetClock], *, calendar: worktime.Calendar | None = None, pauses: Iterable[Pause] | None = None
) -> dict[int, targets.Clock]:
    """By key, by the calendars that hold, or as they would be by `calendar`. Two queries for any number of rows, and
    one for each team: `target` and `ticket` come with them, the ticket only where no `calendar` is given. Who has read
    the pauses of their tickets gives them.
    """
    rows = list(rows)
    if not rows:
        return {}
    tickets = {row.ticket_id for row in rows}
    paused = _by_ticket(Pause.objects.filter(among("ticket_id", tickets)) if pauses is None else pauses)
    rests = _rests_of([row.pk for row in rows])
    teams = set() if calendar else {row.ticket.team_id for row in rows}
    calendars = {team: Policy.objects.of(team).calendar for team in teams}
    return {
        row.pk: clock(row, calendar or calendars[row.ticket.team_id], pauses=paused[row.ticket_id], rests=rests[row.pk])
        for row in rows
    }


def clock(
    row: TargetClock,
    calendar: worktime.Calendar,
    *,
    pauses: Iterable[targets.Pause] = (),
    rests: Iterable[targets.Stop] = (),
) -> targets.Clock:
    begun = start(row.target, row.started_at, calendar)
    stands = (targets.Stop(row.stopped_at, done=row.ended == ClockEnd.DONE),) if row.stopped_at else ()
    return replace(begun, pauses=tuple(pauses), stops=(*rests, *stands))


def start(target: Target, at: datetime, calendar: worktime.Calendar) -> targets.Clock:
    """The clock of a target that starts at `at`."""
    is_fixed = target.unit != Term.MINUTES
    return targets.Clock(
        started_at=at,
        amount=timedelta() if is_fixed else timedelta(minutes=target.amount),
        calendar=calendar if target.elapsing == Elapsing.WORKING else None,
        pausable=target.kind != TargetKind.NEXT_UPDATE,
        fixed_at=ENDS[Term(target.unit)](at, target.amount, calendar) if is_fixed else None,
    )


def warn_at(found: targets.Clock, target: Target) -> datetime:
    """When little is left: the instant by which all but `warn_before` of the time is used; never before the start, nor
    while it rests.
    """
    before = timedelta(minutes=target.warn_before)
    if found.fixed_at:
        return max(found.started_at, found.fixed_at - before)
    at = targets.due(replace(found, amount=max(timedelta(), found.amount - before)))
    return next((end for start, end in targets.rests(found) if start <= at < end), at)


def _by_ticket(pauses: Iterable[Pause]) -> dict[int, list[targets.Pause]]:
    found: dict[int, list[targets.Pause]] = defaultdict(list)
    for row in pauses:
        found[row.ticket_id].append(targets.Pause(row.from_at, row.until_at, row.ended_at, row.reason))
    return found


def _rests_of(clocks: Iterable[int]) -> dict[int, list[targets.Stop]]:
    found: dict[int, list[targets.Stop]] = defaultdict(list)
    for row in Rest.objects.filter(among("clock_id", clocks)):
        found[row.clock_id].append(targets.Stop(row.from_at, row.until_at, done=row.ended == ClockEnd.DONE))
    return found
