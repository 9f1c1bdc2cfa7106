"""Cadence: what the plan says comes next on a ticket, and when its supervisors look at it instead.

A ticket goes on by the plan it began with, whatever is saved meanwhile. A plan never ends a ticket.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from followups import ladders, notices, timeline, worktime
from followups.actions import contacting, promising, slots, turning
from followups.models import (
    Absence,
    Actor,
    Agent,
    Bringer,
    Direction,
    FollowUp,
    NoticeKind,
    Plan,
    PlanStep,
    Policy,
    RotaMember,
    Ticket,
)

DEFAULT_STEPS = tuple(PlanStep(position=place, gap_days=days) for place, days in enumerate((2, 3, 5), start=1))
REVIEW = 0
REVIEWED = "A supervisor looks at what can still be done."
LOOKED_BACK = 60
FULL_DAYS = 5


@dataclass(frozen=True)
class Place:
    """Where a ticket stands: `position`, from 1, is that of the step that comes next. `ended`: the supervisors look
    first; `told`: they have heard of it before.
    """

    plan: Plan | None
    steps: Sequence[PlanStep]
    position: int
    ended: bool = False
    told: bool = False

    @property
    def words(self) -> str:
        return f"plan: {self.position} of {len(self.steps)}"


def steps_of(plan: Plan | None) -> Sequence[PlanStep]:
    """In their order; those of the desk where there is no plan, or one without a step."""
    return (sorted(plan.steps.all(), key=lambda step: step.position) if plan else ()) or DEFAULT_STEPS


def in_force(ticket: Ticket) -> Plan | None:
    """The plan that a ticket of this team, priority and family begins; None: the default one."""
    rows = Plan.objects.filter(Q(team_id=ticket.team_id) | Q(team_id__isnull=True), replaced_at__isnull=True)
    known = list(rows.order_by("position", "id").prefetch_related("steps"))
    family = ticket.category.family if any(row.families for row in known) else ""
    for owner in dict.fromkeys((ticket.team_id, None)):
        of_owner = [row for row in known if row.team_id == owner]
        named = (row for row in of_owner if _names(row.priorities, ticket.priority) or _names(row.families, family))
        rest = (row for row in of_owner if not (row.priorities or row.families))
        if found := next(named, None) or next(rest, None):
            return found
    return None


def _names(words: list[str], word: str) -> bool:
    return word.casefold() in {one.casefold() for one in words}


def place(*, ticket: Ticket, now: datetime, policy: Policy | None = None) -> Place:
    """Where the ticket stands. A review that was done, and a reopening, begin the plan anew."""
    policy = policy or Policy.objects.of(ticket.team_id)
    run = _run(ticket)
    if not run:
        plan = in_force(ticket)
        return Place(plan, steps_of(plan), 1)
    last, steps = run[0], steps_of(run[0].plan)
    position = (last.plan_position or 0) + 1
    since = run[-1].promised_at
    ended = _has_ended(position, len(run), since, steps, policy, now)
    told = _has_ended(position - 1, len(run) - 1, since, steps, policy, last.promised_at)
    return Place(last.plan, steps, position, ended, ended and told)


def _run(ticket: Ticket) -> list[FollowUp]:
    """The steps of the plan that is running, the latest first."""
    rows = ticket.follow_ups.filter(plan_position__isnull=False).order_by("-promised_at", "-created_at")
    if ticket.reopen_count:
        last = ticket.reopenings.order_by("-at").values("at")[:1]
        rows = rows.filter(promised_at__gte=last)
    run = []
    for row in rows.select_related("plan").prefetch_related("plan__steps")[:LOOKED_BACK]:
        if row.plan_position == REVIEW:
            break
        run.append(row)
    return run


def _has_ended(
    position: int, made: int, since: datetime, steps: Sequence[PlanStep], policy: Policy, at: datetime
) -> bool:
    """After the last step, or as many follow-ups or working days as the policy says."""
    if position > len(steps) or made >= policy.review_follow_ups:
        return True
    return at >= worktime.add_working_days(since, policy.review_days, policy.calendar)


def next_step(
    *,
    ticket: Ticket,
    now: datetime,
    standing: Place | None = None,
    policy: Policy | None = None,
    room: slots.Room | None = None,
    calls: Sequence[datetime] | None = None,
) -> promising.Step | None:
    """What the plan says comes next, counted from a contact at `now`: a date at the hour of her call in the next free
    slot, what to bring, and whose it is. Once the plan has ended, a supervisor's review. None on a closed ticket.

    Who has looked already gives the place, the policy, the team's room and the calls made to her in the last week.
    """
    if not ticket.is_open:
        return None
    policy = policy or Policy.objects.of(ticket.team_id)
    standing = standing or place(ticket=ticket, now=now, policy=policy)
    if standing.ended:
        return review_step(ticket=ticket, now=now, policy=policy)
    said = standing.steps[standing.position - 1]
    room = room or slots.room(ticket.team, policy, now=now)
    calls = contacting.calls_of(ticket.customer, now=now) if calls is None else calls
    step = _dated(ticket, said, room, calls, now)
    return replace(
        step,
        will_bring=said.will_bring,
        owner=_owner(ticket, said, at=step.promised_by),
        plan=standing.plan,
        plan_position=standing.position,
        reach_days=said.gap_days + FULL_DAYS,
    )


def _dated(
    ticket: Ticket, said: PlanStep, room: slots.Room, calls: Sequence[datetime], now: datetime
) -> promising.Step:
    policy = room.policy
    today = worktime.to_wall(now, policy.local_zone).date()
    day = worktime.nth_working_day(today, said.gap_days, policy.calendar)
    customer = ticket.customer
    free = slots.from_day(day, room, customer=customer, now=now, like=_her_call(ticket))
    slot = next((each for each in free if contacting.free_of_caps(each.from_at, calls, policy) == each.from_at), None)
    channel = promising.allowed_channel(customer)
    if slot is None:
        return promising.in_writing(policy, now, "email" if channel == promising.CALLS else channel, said.gap_days)
    words = slots.sentence(policy, from_at=slot.from_at, by_at=slot.by_at, zone=slot.zone, channel=channel)
    return promising.Step(slot.by_at, slot.from_at, promise=words, zone=slot.zone, channel=channel)


def _her_call(ticket: Ticket) -> datetime:
    last = ticket.contacts.filter(direction=Direction.INBOUND).order_by("-at").values_list("at", flat=True).first()
    return last or ticket.opened_at


def _owner(ticket: Ticket, said: PlanStep, *, at: datetime) -> Agent | None:
    """In person, where the plan names one who is there at `at`, or the stand-in; else the team."""
    if said.who == Bringer.TEAM:
        return None
    if said.who == Bringer.PROMISER:
        last = ticket.follow_ups.select_related("owner", "promiser").order_by("-promised_at").first()
        wished = (last.owner or last.promiser) if last else None
    else:
        wished = said.person if said.who == Bringer.PERSON else _on_duty(said, at)
    return _there(wished, at)


def _on_duty(said: PlanStep, at: datetime) -> Agent | None:
    if said.rota is None:
        return None
    members = list(RotaMember.objects.filter(rota=said.rota).order_by("position").values_list("agent", flat=True))
    return Agent.objects.filter(pk=ladders.on_duty(said.rota, members, at)).first()


def _there(agent: Agent | None, at: datetime) -> Agent | None:
    if agent is None or not agent.is_active:
        return None
    away = agent.absences.filter(from_at__lte=at, until_at__gt=at).select_related("stand_in").first()
    stand_in = away.stand_in if away else agent
    return stand_in if stand_in and stand_in.is_active else None


def review_step(*, ticket: Ticket, now: datetime, policy: Policy | None = None) -> promising.Step:
    """A supervisor looks at the ticket by the next working day; nothing is said to the customer."""
    policy = policy or Policy.objects.of(ticket.team_id)
    by_at = worktime.add_working_days(now, 1, policy.calendar)
    return promising.Step(
        by_at,
        promise=REVIEWED,
        zone=policy.local_zone,
        channel=turning.REVIEW,
        owner=_reviewer(ticket, by_at),
        by_policy=True,
        plan_position=REVIEW,
    )


def _reviewer(ticket: Ticket, at: datetime) -> Agent | None:
    """The team's lead where a supervisor, else the first of its supervisors who is there."""
    people = notices.supervisors_of(ticket.team_id)
    away = set(
        Absence.objects.filter(agent__in=people, from_at__lte=at, until_at__gt=at).values_list("agent", flat=True)
    )
    lead = ticket.team.lead_id if ticket.team else None
    here = [person for person in people if person.pk not in away] or people
    return min(here, key=lambda person: (person.pk != lead, person.pk), default=None)


def placed(
    *, ticket: Ticket, step: promising.Step, by: Actor, now: datetime, policy: Policy | None = None
) -> promising.Step:
    """A step given after a contact, as the next one of the ticket's plan: whose it is where nobody was named. Where the
    plan has ended its supervisors hear of it, once.
    """
    standing = place(ticket=ticket, now=now, policy=policy)
    if standing.ended and not standing.told:
        _tell(ticket, by=by, now=now)
    if step.plan_position is not None:
        return step
    step = replace(step, plan=standing.plan, plan_position=standing.position)
    if standing.ended:
        return step
    said = standing.steps[standing.position - 1]
    named = step.owner or step.team
    owner = step.owner if named else _owner(ticket, said, at=step.promised_by)
    return replace(step, owner=owner, reach_days=said.gap_days + FULL_DAYS)


def _tell(ticket: Ticket, *, by: Actor, now: datetime) -> None:
    text = f"The plan has ended without an end for her: look at {ticket.number} {ticket.subject}."
    people = [person for person in notices.supervisors_of(ticket.team_id) if person != by.agent]
    notices.tell(people, kind=NoticeKind.REVIEW, text=text, now=now, ticket=ticket)
    timeline.record("plan.ended", by=by, now=now, ticket=ticket)
