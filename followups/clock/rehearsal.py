"""A case played through the real clock on rows that are taken back: who would hear what, and when.

Nothing is worked out here: the ticket is closed by the gate, the promise made as every promise, and the clock sweeps
over it from one due instant to the next. So what is shown is what happens, absences and turns of those days included.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby, takewhile
from operator import attrgetter
from typing import NamedTuple, cast

from django.db import transaction

from followups import ladders
from followups.actions import closing, planning, promising, scheduling, targeting
from followups.clock import digests, quiet, reminders, routes, targets
from followups.models import (
    Absence,
    Actor,
    Agent,
    Category,
    Customer,
    FollowUp,
    Ladder,
    LadderStep,
    Notice,
    NoticeKind,
    Policy,
    Reminder,
    ReminderState,
    Role,
    Site,
    Stage,
    Target,
    TargetClock,
    Team,
    Ticket,
)

CLOSED, DUE = "closed", "due"
SHOWN = timedelta(days=10)
MOST = 12
CLIMBED = (Stage.OVERDUE, Stage.ESCALATED)
MADE_BEFORE = timedelta(days=1)
WORDS = "We call you with what we know."


@dataclass(frozen=True)
class Case:
    """At `at` a ticket is closed as a dead end (`closed`), or a promise falls due (`due`).

    `promiser`: who closes or promised it, None for nobody in person. `zone`: the customer's, empty where unknown.
    """

    at: datetime
    happening: str = CLOSED
    team: Team | None = None
    promiser: Agent | None = None
    priority: str = ""
    family: str = ""
    channel: str = "phone"
    zone: str = ""


class Outside(NamedTuple):
    """What leaves the app of a notice: to whom, how, and when at the earliest. `digest`: gathered with others."""

    agent: Agent
    how: str
    at: datetime
    digest: bool


@dataclass(frozen=True)
class Line:
    """A stage as it is heard. `step` is that of the ladder for which it fell due, None before the ladder begins.

    `nobody`: the steps at which nobody was there, so that it went straight on; `at_last`: no step was left, and it fell
    to the team. `away`: who promised it is absent then.
    """

    at: datetime
    stage: str
    repeat: int
    step: LadderStep | None
    nobody: tuple[LadderStep, ...]
    at_last: bool
    away: bool
    heard: tuple[Notice, ...]
    outside: tuple[Outside, ...]

    @property
    def people(self) -> list[Agent]:
        return [notice.recipient for notice in self.heard]


class Aim(NamedTuple):
    """What is told of a running target: the warning, then that it was missed."""

    at: datetime
    target: Target
    missed: bool
    people: tuple[Agent, ...]


class Coming(NamedTuple):
    """What the cadence plan brings where each step was kept and brought no remedy. Without a `place`: the review."""

    step: promising.Step
    place: planning.Place | None


@dataclass(frozen=True)
class Played:
    """The promise of the case, and all that is heard of it while nobody does anything; `goes_on`: and more after.

    `aims` and `coming` are of a ticket that was closed as a dead end as soon as it was opened.
    """

    follow_up: FollowUp
    ladder: Ladder | None
    lines: tuple[Line, ...]
    goes_on: bool
    aims: tuple[Aim, ...] = ()
    coming: tuple[Coming, ...] = ()


def play(case: Case) -> Played:
    """What the clock would do. The rows are made and taken back in one transaction; nothing of it stays or leaves."""
    with transaction.atomic():
        try:
            follow_up = _promise(case, _ticket(case))
            ladder = ladders.in_force(team_id=follow_up.ticket.team_id, priority=case.priority, family=case.family)
            lines = tuple(_lines(follow_up, list(ladders.steps_of(ladder))))
            played = Played(follow_up, ladder, lines, _waiting(follow_up).exists())
            if case.happening == DUE:
                return played
            aims, coming = tuple(_aims(follow_up)), tuple(_coming(case, follow_up))
            return replace(played, aims=aims, coming=coming)
        finally:
            transaction.set_rollback(True)


def _ticket(case: Case) -> Ticket:
    """Of keys that nobody else has, so that no two rehearsals wait for each other."""
    key = uuid.uuid4().hex
    made = {"created_at": case.at, "updated_at": case.at}
    return Ticket.objects.create(
        number=f"R{key[:15]}",
        customer=Customer.objects.create(zone=case.zone, **made),
        subject="Rehearsal",
        category=Category.objects.create(path=f"{case.family or 'Rehearsal'}/{key}", family=case.family or key),
        channel=case.channel,
        priority=case.priority,
        team=case.team,
        agent=case.promiser,
        opened_at=case.at,
        **made,
    )


def _promise(case: Case, ticket: Ticket) -> FollowUp:
    by = Actor(door="web", agent=case.promiser)
    if case.happening == CLOSED:
        targeting.on_opening(ticket, by=by, now=case.at)
        closed = closing.close(ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=by, now=case.at)
        return cast(FollowUp, closed.replaced_by)
    policy = Policy.objects.of(ticket.team_id)
    since = case.at - timedelta(minutes=policy.window_minutes)
    step = promising.Step(case.at, since, promise=WORDS, zone=case.zone, channel=case.channel, by_policy=True)
    return scheduling.plan(ticket, step, by=by, now=since - MADE_BEFORE, policy=policy)


def _aims(follow_up: FollowUp) -> Iterator[Aim]:
    """Each target in the order in which it is told of, while nobody reaches her."""
    until = follow_up.promised_by + SHOWN
    running = TargetClock.objects.filter(ticket=follow_up.ticket, next_at__lte=until).order_by("next_at", "pk")
    heard: set[uuid.UUID] = set()
    while (row := running.select_related("target").first()) and (at := row.next_at):
        targets.tell({follow_up.ticket_id}, now=at)
        rows = Notice.objects.filter(ticket=follow_up.ticket, kind=NoticeKind.TARGET).exclude(pk__in=heard)
        new = list(rows.select_related("recipient").order_by("recipient__first_name", "pk"))
        heard |= {notice.pk for notice in new}
        yield Aim(at, row.target, row.due_at <= at, tuple(notice.recipient for notice in new))


def _coming(case: Case, follow_up: FollowUp) -> Iterator[Coming]:
    ticket, at = follow_up.ticket, follow_up.promised_by
    for _ in range(MOST):
        standing = planning.place(ticket=ticket, now=at)
        step = planning.next_step(ticket=ticket, now=at, standing=standing)
        if step is None or standing.ended:
            if step:
                yield Coming(step, None)
            return
        yield Coming(step, standing)
        scheduling.plan(ticket, replace(step, by_policy=True), by=Actor("web", case.promiser), now=at)
        at = step.promised_by


def _waiting(follow_up: FollowUp):
    return Reminder.objects.filter(follow_up=follow_up, state=ReminderState.WAITING).order_by("due_at", "pk")


def _lines(follow_up: FollowUp, steps: Sequence[LadderStep]) -> Iterator[Line]:
    """One due instant after the other, until nothing waits or enough is seen."""
    heard: set[uuid.UUID] = set()
    until, shown, digests_of = follow_up.promised_by + SHOWN, 0, Digests()
    while shown < MOST and (nearest := _waiting(follow_up).filter(due_at__lte=until).first()):
        due = list(_waiting(follow_up).filter(due_at=nearest.due_at))[-1]
        reminders.remind([follow_up.pk], now=due.due_at)
        new = [notice for notice in _notices(follow_up) if notice.pk not in heard]
        heard |= {notice.pk for notice in new}
        for _, group in groupby(new, key=attrgetter("stage", "repeat")):
            yield _line(follow_up, steps, due, tuple(group), digests_of)
            shown += 1


def _line(
    follow_up: FollowUp, steps: Sequence[LadderStep], due: Reminder, heard: tuple[Notice, ...], digests_of: "Digests"
) -> Line:
    whose = ladders.Whose(follow_up.owner_id, follow_up.promiser_id, follow_up.team_id)
    crew = ladders.Crew([whose], at=due.due_at, steps=steps)
    place = _place(due, steps)
    climbed = steps[place:] if place is not None else []
    nobody = tuple(takewhile(lambda step: not crew.audience(whose, step), climbed))
    return Line(
        at=due.due_at,
        stage=heard[0].stage,
        repeat=heard[0].repeat,
        step=climbed[0] if climbed else None,
        nobody=nobody,
        at_last=bool(nobody) and len(nobody) == len(climbed),
        away=follow_up.promiser_id in crew.away,
        heard=heard,
        outside=(*_messages(heard, due.due_at), *digests_of.mails(heard, due.due_at)),
    )


def _messages(heard: Sequence[Notice], at: datetime) -> Iterator[Outside]:
    """To channels of their own, held back in their quiet hours."""
    off = Site.objects.filter(channels_off=True).exists()
    rows = [] if off else [notice for notice in heard if notice.to_route]
    people = {notice.recipient_id: notice.recipient for notice in rows}
    for message in routes.messages_of(rows, at) if rows else ():
        channel = message.channel
        yield Outside(people[channel.agent_id], channel.get_kind_display(), message.due, digest=False)


class Digests:
    """When each person's next digest leaves; one that is still to come takes up what is heard meanwhile."""

    def __init__(self) -> None:
        self.last: dict[int, datetime] = {}

    def mails(self, heard: Sequence[Notice], at: datetime) -> Iterator[Outside]:
        keys = [notice.pk for notice in heard if notice.stage in CLIMBED and notice.recipient.email]
        rows = Notice.objects.filter(pk__in=keys).exclude(digests.heard_elsewhere()).select_related("recipient")
        people = [notice.recipient for notice in rows]
        rests = quiet.of(people) if people else {}
        for agent in people:
            yield Outside(agent, "Mail", self._next(agent, rests[agent.pk], at), digest=True)

    def _next(self, agent: Agent, rest: quiet.Rest, at: datetime) -> datetime:
        last = self.last.get(agent.pk)
        if last is None or last < at:
            every = digests.AGENTS_EVERY if agent.role == Role.AGENT else digests.OTHERS_EVERY
            rested = max(at, last + every) if last else at
            self.last[agent.pk] = self._back(agent, rest, rested)
        return self.last[agent.pk]

    def _back(self, agent: Agent, rest: quiet.Rest, at: datetime) -> datetime:
        """The first instant at which they are neither left alone nor absent."""
        for _ in range(quiet.LONGEST):
            absence = Absence.objects.at(at).filter(agent=agent).first()
            later = rest.until(at) or (absence.until_at if absence else None)
            if later is None:
                break
            at = later
        return at


def _place(due: Reminder, steps: Sequence[LadderStep]) -> int | None:
    """Which step of the ladder a reminder is of; None before it begins."""
    if due.stage not in CLIMBED:
        return None
    if due.ladder_step_id is None:
        return 0 if due.stage == Stage.OVERDUE else 1
    return next(place for place, step in enumerate(steps) if step.pk == due.ladder_step_id)


def _notices(follow_up: FollowUp) -> list[Notice]:
    rows = Notice.objects.filter(follow_up=follow_up, kind=NoticeKind.REMINDER).select_related("recipient")
    return sorted(rows, key=lambda row: (row.at, row.stage, row.repeat, row.recipient.display_name))
