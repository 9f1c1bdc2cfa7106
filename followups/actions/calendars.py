"""Working time changed: what that does to open work, shown before it is saved; the same act begins to carry it out.

Promised times stay as they were said. What moves is when it is heard that one was not kept: steps that wait in working
time and have not been heard yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from followups import clocks, inputs, targets, worktime
from followups.actions import marking, people, rehearing
from followups.errors import Forbidden
from followups.models import (
    Actor,
    FollowUp,
    Policy,
    Role,
    TargetClock,
    Team,
)

LOOKED_AT = 50_000
SHOWN = 10


@dataclass(frozen=True)
class Hours:
    """A calendar as it is given: `week` and `special_days` as in a policy; an empty zone is the desk's own."""

    zone: str
    week: Sequence
    special_days: Sequence = ()


class Off(NamedTuple):
    """A promised time that would fall on a day off; it stays."""

    number: str
    subject: str
    promised_by: datetime


@dataclass
class Effect:
    """What a change would do. `follow_ups` are those of which some step moves, `climbing` of these climb already.

    `cut`: more is open than was looked at, the earliest first.
    """

    earlier: int = 0
    later: int = 0
    follow_ups: int = 0
    climbing: int = 0
    shown: list[rehearing.Moved] = field(default_factory=list)
    targets_earlier: int = 0
    targets_later: int = 0
    off: int = 0
    shown_off: list[Off] = field(default_factory=list)
    cut: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.follow_ups or self.off or self.targets_earlier or self.targets_later)


def checked(team: Team | None, hours: Hours) -> Policy:
    """The policy as it would be, not saved; Invalid names the field at fault."""
    row = Policy.objects.filter(team=team).first() or Policy.objects.of(None)
    return _put(row, hours)


def _put(row: Policy, hours: Hours) -> Policy:
    row.zone = inputs.plain("zone", hours.zone, most=64)
    row.week, row.special_days = list(hours.week), list(hours.special_days)
    people.check_policy(policy=row)
    return row


def effect(*, team: Team | None, hours: Hours, now: datetime) -> Effect:
    """What saving would do; nothing is written. The same few queries, however much is open."""
    before, after = Policy.objects.of(team.pk if team else None).calendar, checked(team, hours).calendar
    found = Effect()
    waiting = rehearing.scope(rehearing.waiting(now), team, "follow_up__ticket__").order_by("due_at", "pk")
    rows = list(waiting.values_list(*rehearing.COLUMNS)[: LOOKED_AT + 1])
    _count_moves(found, rehearing.moves(map(rehearing.Waiting._make, rows[:LOOKED_AT]), rehearing.Hearing(after), now))
    running = rehearing.with_targets(rehearing.running(team, now).order_by("due_at", "pk")[: LOOKED_AT + 1])
    _count_targets(found, running[:LOOKED_AT], after)
    due = list(_promised(team, now).values_list("ticket__number", "ticket__subject", "promised_by")[: LOOKED_AT + 1])
    _count_days_off(found, (Off(*row) for row in due[:LOOKED_AT]), before, after)
    found.cut = max(len(rows), len(running), len(due)) > LOOKED_AT
    return found


def _count_moves(found: Effect, moves: Iterable[rehearing.Moved]) -> None:
    touched: dict[Any, bool] = {}
    for move in moves:
        touched[move.waiting.follow_up] = move.waiting.climbs
        found.earlier += move.after < move.waiting.due_at
        found.later += move.after > move.waiting.due_at
        if len(found.shown) < SHOWN:
            found.shown.append(move)
    found.follow_ups, found.climbing = len(touched), sum(touched.values())


def _count_targets(found: Effect, rows: list[TargetClock], calendar: worktime.Calendar) -> None:
    pure = clocks.pure(rows, calendar=calendar)
    for row in rows:
        due_at = targets.due(pure[row.pk])
        found.targets_earlier += due_at < row.due_at
        found.targets_later += due_at > row.due_at


def _count_days_off(found: Effect, due: Iterable[Off], before: worktime.Calendar, after: worktime.Calendar) -> None:
    for row in due:
        if _works(row.promised_by, before) and not _works(row.promised_by, after):
            found.off += 1
            if len(found.shown_off) < SHOWN:
                found.shown_off.append(row)


def _works(at: datetime, calendar: worktime.Calendar) -> bool:
    return worktime.is_working_day(worktime.to_wall(at, calendar.zone).date(), calendar)


def _promised(team: Team | None, now: datetime) -> QuerySet[FollowUp]:
    rows = FollowUp.objects.open().filter(promised_by__gt=now).order_by("promised_by", "pk")
    return rehearing.scope(rows, team, "ticket__")


@transaction.atomic
def save(*, team: Team | None, hours: Hours, by: Actor, now: datetime, climbing: bool = True) -> int:
    """Save the calendar of a team, or the desk's own, and begin to move what waits; how many steps moved at once.

    A team without a policy of its own keeps following the desk's in all else. `climbing` False leaves alone what climbs
    already. What was heard stays heard, and no promised time moves.
    """
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    row = people.own_policy(team)
    before = {name: getattr(row, name) for name in marking.HOURS}
    row.own_hours = True
    _put(row, hours).save()
    if team is None:
        people.hand_down(row, people.OF_CALENDAR, "own_hours")
    marking.policy(team=team, before=before, after=row, by=by, now=now)
    return rehearing.begin(team=team, now=now, climbing=climbing)


@transaction.atomic
def drop(*, team: Team, by: Actor, now: datetime) -> int:
    """The team follows the desk's hours again; how many waiting steps moved at once."""
    people.drop_hours(team=team, by=by, now=now)
    return rehearing.begin(team=team, now=now)
