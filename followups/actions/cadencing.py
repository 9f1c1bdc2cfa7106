"""Cadence plans, as an administrator sets them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from followups import inputs
from followups.actions import categories, marking
from followups.errors import Forbidden, Invalid, Outdated
from followups.models import Actor, Agent, Bringer, FollowUp, Plan, PlanStep, Role, Rota, Team

MOST_STEPS = 8
MOST_WORDS = 40
LONGEST_GAP = 20


@dataclass(frozen=True)
class Step:
    """A step as given: working days after the last contact."""

    gap_days: int
    will_bring: str = ""
    who: str = Bringer.TEAM
    person: Agent | None = None
    rota: Rota | None = None


@dataclass(frozen=True)
class Given:
    """A plan as given. Without priorities and families it holds for the rest; `also_running`: open follow-ups of the
    plan that it replaces go on by this one.
    """

    name: str
    steps: tuple[Step, ...]
    priorities: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    also_running: bool = False


@transaction.atomic
def save_plan(*, team: Team | None, plan: Plan | None, given: Given, by: Actor, now: datetime) -> Plan:
    """A new plan, or a new version of `plan`; of the desk where `team` is None. What runs goes on by the one it began
    with, unless told. Refused by field; the fields of the n-th step are `steps.n.NAME`, n from 0.
    """
    _alone(team, by)
    if plan is not None:
        _replace(plan, now)
    clean = _checked(team, given)
    last = Plan.objects.filter(team=team, replaced_at=None).order_by("-position").first()
    made = Plan.objects.create(
        team=team,
        name=clean.name,
        position=plan.position if plan else (last.position + 1 if last else 1),
        families=list(clean.families),
        priorities=list(clean.priorities),
        made_at=now,
        made_by=by.agent,
    )
    PlanStep.objects.bulk_create(
        PlanStep(
            plan=made,
            position=place,
            gap_days=step.gap_days,
            will_bring=inputs.line(f"steps.{place - 1}.will_bring", step.will_bring, most=300),
            who=step.who,
            person=step.person,
            rota=step.rota,
        )
        for place, step in enumerate(clean.steps, start=1)
    )
    marking.plan(row=made, word="changed" if plan else "new", by=by, now=now)
    if plan is not None and given.also_running:
        running(plan).update(plan=made)
    return made


def running(plan: Plan):
    """The open follow-ups that go by the plan."""
    return FollowUp.objects.open().filter(plan=plan)


@transaction.atomic
def drop_plan(*, plan: Plan, by: Actor, now: datetime) -> None:
    """It holds no longer for anything new; what runs goes on by it."""
    _alone(plan.team, by)
    _replace(plan, now)
    marking.plan(row=plan, word="dropped", by=by, now=now)


def _alone(team: Team | None, by: Actor) -> None:
    """Until the transaction ends nobody else changes the plans of this team."""
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('desk plans'), %s)", [team.pk if team else 0])


def _replace(plan: Plan, now: datetime) -> None:
    if not Plan.objects.filter(pk=plan.pk, replaced_at=None).update(replaced_at=now):
        raise Outdated


def _checked(team: Team | None, given: Given) -> Given:
    clean = Given(
        name=inputs.plain("name", given.name, most=120, required=True),
        steps=given.steps,
        priorities=_words("priorities", given.priorities, most=60),
        families=categories.families("families", _words("families", given.families, most=120)),
    )
    for_the_rest = Plan.objects.filter(team=team, replaced_at=None, priorities=[], families=[])
    if not (clean.priorities or clean.families) and for_the_rest.exists():
        raise Invalid("priorities", "Another plan holds for the rest. Name a priority or a family.", "taken")
    if not clean.steps:
        raise Invalid("steps", "A plan needs at least one step.", "required")
    if len(clean.steps) > MOST_STEPS:
        raise Invalid("steps", f"At most {MOST_STEPS} steps.", "too-many")
    for place, step in enumerate(clean.steps):
        _check_step(f"steps.{place}.", step)
    return clean


def _check_step(where: str, step: Step) -> None:
    if not 1 <= step.gap_days <= LONGEST_GAP:
        raise Invalid(where + "gap_days", f"From 1 to {LONGEST_GAP} working days.", "out-of-range")
    if step.who not in Bringer.values:
        raise Invalid(where + "who", "Say who does it.", "unknown-choice")
    if step.who == Bringer.PERSON:
        if step.person is None:
            raise Invalid(where + "person", "Name the person.", "required")
        if not step.person.is_active or step.person.role in (Role.AUDITOR, Role.INTEGRATION):
            raise Invalid(where + "person", "This person cannot take follow-ups.", "unknown-owner")
    if step.who == Bringer.ROTA and step.rota is None:
        raise Invalid(where + "rota", "Name the rota.", "required")


def _words(name: str, given: Iterable[str], *, most: int) -> tuple[str, ...]:
    words = [inputs.plain(name, word, most=most) for word in given]
    if len(words) > MOST_WORDS:
        raise Invalid(name, f"At most {MOST_WORDS}.", "too-many")
    return tuple(dict.fromkeys(word for word in words if word))
