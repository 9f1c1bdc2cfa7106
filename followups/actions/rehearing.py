"""Hours changed: what waits is moved to where the new ones have it, in batches, and looked at again before it is said.

The act that changes hours leaves a row, `HoursChange`, and moves the first batch; the clock goes on with it. Meanwhile
nothing is said too early, since whoever is about to say something looks again; and what comes first is moved first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from followups import clocks, ladders, targets, worktime
from followups.actions import targeting
from followups.models import (
    Elapsing,
    FollowUp,
    FollowUpState,
    HoursChange,
    LadderStep,
    Policy,
    Reminder,
    ReminderState,
    Stage,
    Target,
    TargetClock,
    Team,
    Ticket,
)

CLIMB = (Stage.OVERDUE, Stage.ESCALATED)
BATCH = 500
MOVE = """
UPDATE followups_reminder SET due_at = moved.at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS moved (id, at)
WHERE followups_reminder.id = moved.id AND followups_reminder.state = 'waiting'
"""
# The oldest transaction that is still open, and the first that has not begun.
OPEN_NOW = "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s"


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


def scope(rows: QuerySet, team: Team | None, through: str) -> QuerySet:
    """Of the tickets for which the hours of this team hold; the desk's own hold for every team without some."""
    if team is not None:
        return rows.filter(**{f"{through}team": team})
    own = Policy.objects.filter(team__isnull=False, own_hours=True)
    return rows.exclude(**{f"{through}team__in": own.values("team")})


def waiting(since: datetime) -> QuerySet[Reminder]:
    """First hearings after `since`. A step that is said again keeps its distance to the last time."""
    said = Reminder.objects.filter(follow_up=OuterRef("follow_up"), version=OuterRef("version"))
    said = said.filter(ladder_step=OuterRef("ladder_step"), state=ReminderState.SENT)
    rows = Reminder.objects.filter(state=ReminderState.WAITING, stage__in=CLIMB, due_at__gt=since)
    return rows.filter(~Exists(said), follow_up__state=FollowUpState.SCHEDULED, follow_up__version=F("version"))


def running(team: Team | None, since: datetime) -> QuerySet[TargetClock]:
    """Running targets that were not due by `since`; what was missed by the hours of its time stays missed."""
    return scope(TargetClock.objects.filter(stopped_at__isnull=True, due_at__gt=since), team, "ticket__")


def with_targets(rows: Iterable[TargetClock]) -> list[TargetClock]:
    """Each target read once for all its clocks."""
    found = list(rows)
    known = Target.objects.in_bulk({row.target_id for row in found})
    for row in found:
        row.target = known[row.target_id]
    return found


def moves(rows: Iterable[Waiting], hearing: Hearing, since: datetime) -> Iterator[Moved]:
    """Those whose instant changes; what should have been heard by `since` is heard then."""
    known = list(rows)
    steps = hearing.steps_of(known)
    for row in known:
        step = steps[row.step] if row.step else ladders.DEFAULT_STEPS[CLIMB.index(Stage(row.stage))]
        if step.elapsing != Elapsing.WORKING:
            continue
        after = max(hearing.at(step, row.promised_by), since)
        if row.stage == Stage.ESCALATED and row.acknowledged_until:
            after = max(after, row.acknowledged_until)
        if after != row.due_at:
            yield Moved(row, after)


def begin(*, team: Team | None, now: datetime, climbing: bool = True) -> int:
    """Begin to move what waits to where the hours just written have it, inside their transaction; how many steps the
    first batch moved. A change that is still under way begins anew.
    """
    held = HoursChange.objects.select_for_update()
    change, is_new = held.get_or_create(team=team, defaults={"since": now, "climbing": climbing})
    if not is_new:
        change.climbing, change.boundary, change.settled = climbing, None, False
        _from_the_first(change)
    return _advance(change)


def go_on(*, now: datetime) -> int:
    """What is left of every change, batch by batch; how many steps moved."""
    moved = 0
    while (batch := _next()) is not None:
        moved += batch
    return moved


def remaining(*, team: Team | None) -> int:
    """How many open follow-ups are still to be looked at by the hours that hold for this team."""
    own = team is None or Policy.objects.filter(team=team, own_hours=True).exists()
    change = HoursChange.objects.filter(team=team if own else None, passed=False).first()
    return _steps_left(change, team).count() if change else 0


@transaction.atomic
def _next() -> int | None:
    for change in HoursChange.objects.select_for_update(skip_locked=True).order_by("pk"):
        _settle(change)
        if not change.passed:
            return _advance(change)
        if change.settled:
            change.delete()
    return None


def _settle(change: HoursChange) -> None:
    """Who read the old hours may write steps by them until its transaction ends: the last pass begins after that."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_NOW)
        oldest, following = cursor.fetchone()
    if change.boundary is None or change.boundary > following:  # of another cluster: this one was restored
        change.boundary = following
    if not change.settled and oldest >= change.boundary:
        change.settled = True
        _from_the_first(change)
    change.save()


def _from_the_first(change: HoursChange) -> None:
    change.passed = False
    change.step_at = change.step_id = change.clock_at = change.clock_id = None


def _advance(change: HoursChange) -> int:
    """One batch of each; how many steps moved."""
    hearing = Hearing(Policy.objects.of(change.team_id).calendar)
    steps = list(_steps_left(change, change.team).values_list("promised_by", "pk")[:BATCH])
    due = with_targets(_clocks_left(change)[:BATCH])
    moved = _move([key for _at, key in steps], due, hearing, change)
    if steps:
        change.step_at, change.step_id = steps[-1]
    if due:
        change.clock_at, change.clock_id = due[-1].due_at, due[-1].pk
    change.passed = max(len(steps), len(due)) < BATCH
    change.save()
    return moved


def _steps_left(change: HoursChange, team: Team | None) -> QuerySet[FollowUp]:
    rows = scope(FollowUp.objects.open(), team, "ticket__").order_by("promised_by", "pk")
    return _behind(rows, "promised_by", change.step_at, change.step_id)


def _clocks_left(change: HoursChange) -> QuerySet[TargetClock]:
    rows = running(change.team, change.since).order_by("due_at", "pk")
    return _behind(rows, "due_at", change.clock_at, change.clock_id)


def _behind(rows: QuerySet, name: str, at: datetime | None, key: Any) -> QuerySet:
    if at is None:
        return rows
    return rows.filter(Q(**{f"{name}__gt": at}) | Q(**{name: at, "pk__gt": key}), **{f"{name}__gte": at})


def _move(keys: list[UUID], due: list[TargetClock], hearing: Hearing, change: HoursChange) -> int:
    """Tickets first, in the order of their keys, and only of what moves; then it is read again."""
    wrong = _wrong(waiting(change.since).filter(follow_up__in=keys), hearing, change)
    pure = clocks.pure(due, calendar=hearing.calendar)
    late = {row.pk: row.ticket_id for row in due if targets.due(pure[row.pk]) != row.due_at}
    follow_ups = {move.waiting.follow_up for move in wrong}
    tickets = {move.waiting.ticket for move in wrong} | set(late.values())
    list(Ticket.objects.select_for_update(no_key=True).filter(pk__in=tickets).order_by("pk").values_list("pk"))
    list(FollowUp.objects.select_for_update(no_key=True).filter(pk__in=follow_ups).order_by("pk").values_list("pk"))
    _redate(running(change.team, change.since).filter(pk__in=late), hearing, change)
    return _write(_wrong(waiting(change.since).filter(follow_up__in=follow_ups), hearing, change))


def _wrong(rows: QuerySet[Reminder], hearing: Hearing, change: HoursChange) -> list[Moved]:
    found = moves(map(Waiting._make, rows.values_list(*COLUMNS)), hearing, change.since)
    return [move for move in found if change.climbing or not move.waiting.climbs]


def _write(found: list[Moved]) -> int:
    if found:
        with connection.cursor() as cursor:
            cursor.execute(MOVE, [[move.waiting.id for move in found], [move.after for move in found]])
    return len(found)


def _redate(rows: QuerySet[TargetClock], hearing: Hearing, change: HoursChange) -> None:
    held = rows.select_related("target", "ticket").order_by("pk")
    targeting.redate_all(held, calendar=hearing.calendar, now=change.since)


def look_again(follow_ups: list[UUID], *, now: datetime) -> None:
    """What is due of these follow-ups, whose rows are held: a step that the new hours say later waits for that."""
    for change in HoursChange.objects.select_related("team"):
        due = waiting(change.since).filter(follow_up__in=follow_ups, due_at__lte=now)
        hearing = Hearing(Policy.objects.of(change.team_id).calendar)
        _write(_wrong(scope(due, change.team, "follow_up__ticket__"), hearing, change))


def look_again_at_targets(tickets: Iterable[int], *, now: datetime) -> None:
    """As `look_again`, for the running targets of tickets whose rows are held."""
    for change in HoursChange.objects.select_related("team"):
        hearing = Hearing(Policy.objects.of(change.team_id).calendar)
        due = with_targets(running(change.team, change.since).filter(ticket__in=tickets, next_at__lte=now))
        pure = clocks.pure(due, calendar=hearing.calendar)
        wrong = [row.pk for row in due if targets.due(pure[row.pk]) != row.due_at]
        _redate(TargetClock.objects.filter(pk__in=wrong), hearing, change)
