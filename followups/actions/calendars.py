"""Working time changed: what that does to open work, shown before it is saved and carried out in the same act.

Promised times stay as they were said. What moves is when it is heard that one was not kept: steps that wait in working
time and have not been heard yet.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from followups import clocks, inputs, ladders, targets, worktime
from followups.actions import marking, people, targeting
from followups.errors import Forbidden
from followups.models import (
    Actor,
    Elapsing,
    FollowUp,
    FollowUpState,
    LadderStep,
    Policy,
    Reminder,
    ReminderState,
    Role,
    Stage,
    Target,
    TargetClock,
    Team,
    Ticket,
)

CLIMB = (Stage.OVERDUE, Stage.ESCALATED)
BATCH = 500
LOOKED_AT = 50_000
SHOWN = 10
MOVE = """
UPDATE followups_reminder SET due_at = moved.at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved (id, at)
WHERE followups_reminder.id = moved.id AND followups_reminder.state = 'waiting'
"""


@dataclass(frozen=True)
class Hours:
    """A calendar as it is given: `week` and `special_days` as in a policy; an empty zone is the desk's own."""

    zone: str
    week: Sequence
    special_days: Sequence = ()


class Waiting(NamedTuple):
    """A step that waits to be heard; `climbs`: an earlier one of the same promise was heard already."""

    id: int
    stage: str
    due_at: datetime
    step: int | None
    promised_by: datetime
    acknowledged_until: datetime | None
    reached: str
    follow_up: Any
    ticket: int
    number: str
    subject: str

    @property
    def climbs(self) -> bool:
        return self.reached in CLIMB


COLUMNS = (
    "pk",
    "stage",
    "due_at",
    "ladder_step_id",
    "follow_up__promised_by",
    "follow_up__acknowledged_until",
    "follow_up__stage",
    "follow_up_id",
    "follow_up__ticket_id",
    "follow_up__ticket__number",
    "follow_up__ticket__subject",
)


class Moved(NamedTuple):
    waiting: Waiting
    after: datetime


@dataclass
class Hearing:
    """When steps that wait in working time are heard by one calendar: worked out once for each promised instant, as
    many promises end at the same one.
    """

    calendar: worktime.Calendar
    _steps: dict[int, LadderStep] = field(default_factory=dict)
    _known: dict[tuple[int, datetime], datetime] = field(default_factory=dict)

    def steps_of(self, rows: Iterable[Waiting]) -> dict[int, LadderStep]:
        self._steps |= LadderStep.objects.in_bulk({row.step for row in rows if row.step} - self._steps.keys())
        return self._steps

    def at(self, step: LadderStep, promised_by: datetime) -> datetime:
        key = step.after_minutes, promised_by
        if key not in self._known:
            self._known[key] = ladders.heard_at(step, promised_by, self.calendar)
        return self._known[key]


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
    shown: list[Moved] = field(default_factory=list)
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
    rows = list(_waiting_of(team, now).order_by("due_at", "pk").values_list(*COLUMNS)[: LOOKED_AT + 1])
    _count_moves(found, _moves((Waiting(*row) for row in rows[:LOOKED_AT]), Hearing(after), now))
    running = _with_targets(_clocks(team, now).order_by("due_at", "pk")[: LOOKED_AT + 1])
    _count_targets(found, running[:LOOKED_AT], after)
    due = list(_promised(team, now).values_list("ticket__number", "ticket__subject", "promised_by")[: LOOKED_AT + 1])
    _count_days_off(found, (Off(*row) for row in due[:LOOKED_AT]), before, after)
    found.cut = max(len(rows), len(running), len(due)) > LOOKED_AT
    return found


def _count_moves(found: Effect, moves: Iterable[Moved]) -> None:
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
    return _of(FollowUp.objects.open().filter(promised_by__gt=now), team, "ticket__").order_by("promised_by", "pk")


def _of(rows: QuerySet, team: Team | None, through: str) -> QuerySet:
    """Of the tickets that this calendar holds for; the desk's own holds for every team without one."""
    if team is not None:
        return rows.filter(**{f"{through}team": team})
    own = Policy.objects.filter(team__isnull=False)
    return rows.exclude(**{f"{through}team__in": own.values("team")})


def _waiting(now: datetime) -> QuerySet[Reminder]:
    """First hearings still to come. A step that is said again keeps its distance to the last time."""
    said = Reminder.objects.filter(follow_up=OuterRef("follow_up"), version=OuterRef("version"))
    said = said.filter(ladder_step=OuterRef("ladder_step"), state=ReminderState.SENT)
    rows = Reminder.objects.filter(state=ReminderState.WAITING, stage__in=CLIMB, due_at__gt=now)
    return rows.filter(~Exists(said), follow_up__state=FollowUpState.SCHEDULED, follow_up__version=F("version"))


def _waiting_of(team: Team | None, now: datetime) -> QuerySet[Reminder]:
    return _of(_waiting(now), team, "follow_up__ticket__")


def _clocks(team: Team | None, now: datetime) -> QuerySet[TargetClock]:
    """Running targets that are not due yet; what was missed by the hours of its time stays missed."""
    return _of(TargetClock.objects.filter(stopped_at__isnull=True, due_at__gt=now), team, "ticket__")


def _with_targets(rows: QuerySet[TargetClock]) -> list[TargetClock]:
    """Each target read once for all its clocks."""
    found = list(rows)
    known = Target.objects.in_bulk({row.target_id for row in found})
    for row in found:
        row.target = known[row.target_id]
    return found


def _moves(rows: Iterable[Waiting], hearing: Hearing, now: datetime) -> Iterator[Moved]:
    """Those whose instant changes; what should have been heard by now is heard at once."""
    waiting = list(rows)
    steps = hearing.steps_of(waiting)
    for row in waiting:
        step = steps[row.step] if row.step else ladders.DEFAULT_STEPS[CLIMB.index(Stage(row.stage))]
        if step.elapsing != Elapsing.WORKING:
            continue
        after = max(hearing.at(step, row.promised_by), now)
        if row.stage == Stage.ESCALATED and row.acknowledged_until:
            after = max(after, row.acknowledged_until)
        if after != row.due_at:
            yield Moved(row, after)


@transaction.atomic
def save(*, team: Team | None, hours: Hours, by: Actor, now: datetime, climbing: bool = True) -> int:
    """Save the calendar of a team, or the desk's own; how many waiting steps moved with it.

    A team without a policy of its own gets one: a copy of the desk's with these hours. `climbing` False leaves alone
    what climbs already. What was heard stays heard, and no promised time moves.
    """
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    row = people.own_policy(team)
    before = {name: getattr(row, name) for name in marking.HOURS}
    _put(row, hours).save()
    marking.policy(team=team, before=before, after=row, by=by, now=now)
    return rederive(team=team, calendar=row.calendar, now=now, climbing=climbing)


@transaction.atomic
def drop(*, team: Team, by: Actor, now: datetime) -> int:
    """The team follows the desk's policy again, its hours among it; how many waiting steps moved."""
    people.drop_policy(team=team, by=by, now=now)
    return rederive(team=team, calendar=Policy.objects.of(None).calendar, now=now)


def rederive(*, team: Team | None, calendar: worktime.Calendar, now: datetime, climbing: bool = True) -> int:
    """Move what waits, targets among it, to where the calendar that holds now has it; how many waiting steps moved.

    Batch by batch, the tickets held in the order of their keys.
    """
    rows, hearing = map(Waiting._make, _waiting_of(team, now).values_list(*COLUMNS).iterator()), Hearing(calendar)
    moving: dict[int, set[Any]] = defaultdict(set)
    for move in _moves(rows, hearing, now):
        moving[move.waiting.ticket].add(move.waiting.follow_up)
    for ticket in _of_moving_targets(team, calendar, now):
        moving[ticket] |= set()
    tickets = iter(sorted(moving))
    return sum(
        _batch({key: moving[key] for key in some}, hearing, now, climbing)
        for some in iter(lambda: list(islice(tickets, BATCH)), [])
    )


def _of_moving_targets(team: Team | None, calendar: worktime.Calendar, now: datetime) -> set[int]:
    rows = _with_targets(_clocks(team, now))
    pure = clocks.pure(rows, calendar=calendar)
    return {row.ticket_id for row in rows if targets.due(pure[row.pk]) != row.due_at}


def _batch(moving: dict[int, set[Any]], hearing: Hearing, now: datetime, climbing: bool) -> int:
    keys = [key for some in moving.values() for key in some]
    list(Ticket.objects.select_for_update(no_key=True).filter(pk__in=moving).order_by("pk").values_list("pk"))
    list(FollowUp.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
    rows = map(Waiting._make, _waiting(now).filter(follow_up__in=keys).values_list(*COLUMNS))
    moves = [move for move in _moves(rows, hearing, now) if climbing or not move.waiting.climbs]
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [[move.waiting.id for move in moves], [move.after for move in moves]])
    running = TargetClock.objects.filter(ticket__in=moving, stopped_at__isnull=True, due_at__gt=now)
    clocks_held = running.select_related("target", "ticket").order_by("pk")
    targeting.redate_all(clocks_held, calendar=hearing.calendar, now=now)
    return len(moves)
