"""Who hears of what is overdue: ladders, rotas, the lead and the manager of a team, as an administrator sets them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import connection, transaction

from followups import inputs, ladders, worktime
from followups.actions import categories
from followups.errors import Forbidden, Invalid, Missing, Outdated
from followups.models import (
    Actor,
    Agent,
    Audience,
    ChannelKind,
    Elapsing,
    Ladder,
    LadderStep,
    Role,
    Rota,
    RotaMember,
    Team,
)

MOST_STEPS = 12
MOST_WORDS = 40
LONGEST_WAIT = 60 * 24 * 60  # minutes: sixty days
SHORTEST_REPEAT = 15
MOST_REPEATS = 50
LONGEST_TURN = 60
MAYBE_NOBODY = frozenset([Audience.STAND_IN, Audience.LEAD, Audience.MANAGER, Audience.ROTA, Audience.PERSON])


@dataclass(frozen=True)
class Step:
    """A step as given: minutes after the promised time, in the time that `elapsing` names."""

    audience: str
    after_minutes: int
    elapsing: str = Elapsing.WORKING
    person: Agent | None = None
    rota: Rota | None = None
    channels: tuple[str, ...] = ()
    repeat_minutes: int = 0
    repeats: int = 0


@dataclass(frozen=True)
class Given:
    """A ladder as given. Without priorities and families it holds for the rest; `position` None: after the others."""

    name: str
    steps: tuple[Step, ...]
    priorities: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    holds_minutes: int = 240
    acknowledging: tuple[str, ...] = ()
    position: int | None = None

    @property
    def is_for_the_rest(self) -> bool:
        return not (self.priorities or self.families)


def require_admin(by: Actor) -> None:
    if by.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")


@transaction.atomic
def save_ladder(*, team: Team | None, ladder: Ladder | None, given: Given, by: Actor, now: datetime) -> Ladder:
    """A new ladder, or a new version of `ladder`: the old one is marked as replaced, and what climbs it goes on.

    Of the desk where `team` is None. Refused by field; the fields of the n-th step are `steps.n.NAME`, n from 0.
    """
    require_admin(by)
    _alone(team)
    if ladder is not None:
        _replace(ladder, now)
    clean = _checked(team, given)
    made = Ladder.objects.create(
        team=team,
        name=clean.name,
        position=_position(team, clean, ladder),
        families=list(clean.families),
        priorities=list(clean.priorities),
        holds_minutes=clean.holds_minutes,
        acknowledging=list(clean.acknowledging),
        made_at=now,
        made_by=by.agent,
    )
    LadderStep.objects.bulk_create(_rows(made, clean.steps))
    return made


def _alone(team: Team | None) -> None:
    """Until the transaction ends nobody else changes the ladders of this team."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('desk ladders'), %s)", [team.pk if team else 0])


def _replace(ladder: Ladder, now: datetime) -> None:
    if not Ladder.objects.filter(pk=ladder.pk, replaced_at=None).update(replaced_at=now):
        raise Outdated


def _position(team: Team | None, given: Given, ladder: Ladder | None) -> int:
    if given.position is not None:
        return given.position
    if ladder is not None:
        return ladder.position
    last = Ladder.objects.filter(team=team, replaced_at=None).order_by("-position").first()
    return last.position + 1 if last else 1


def _rows(ladder: Ladder, steps: Iterable[Step]) -> list[LadderStep]:
    return [
        LadderStep(
            ladder=ladder,
            position=place,
            audience=step.audience,
            person=step.person,
            rota=step.rota,
            after_minutes=step.after_minutes,
            elapsing=step.elapsing,
            channels=list(step.channels),
            repeat_minutes=step.repeat_minutes,
            repeats=step.repeats,
        )
        for place, step in enumerate(steps)
    ]


def _checked(team: Team | None, given: Given) -> Given:
    clean = Given(
        name=inputs.plain("name", given.name, most=120, required=True),
        steps=given.steps,
        priorities=_words("priorities", given.priorities, most=60),
        families=categories.families("families", _words("families", given.families, most=120)),
        holds_minutes=_between("holds_minutes", given.holds_minutes, 0, LONGEST_WAIT),
        acknowledging=given.acknowledging,
        position=given.position if given.position is None else _between("position", given.position, 0, 999),
    )
    if set(clean.acknowledging) - set(ladders.ACTS):
        raise Invalid("acknowledging", f"Some of {', '.join(ladders.ACTS)}.", "unknown-choice")
    if clean.is_for_the_rest and _rest_of(team):
        raise Invalid("priorities", "Another ladder holds for the rest. Name a priority or a family.", "taken")
    _check_steps(clean)
    return clean


def _rest_of(team: Team | None) -> bool:
    return Ladder.objects.filter(team=team, replaced_at=None, priorities=[], families=[]).exists()


def _words(name: str, given: Iterable[str], *, most: int) -> tuple[str, ...]:
    words = [inputs.plain(name, word, most=most) for word in given]
    if len(words) > MOST_WORDS:
        raise Invalid(name, f"At most {MOST_WORDS}.", "too-many")
    return tuple(dict.fromkeys(word for word in words if word))


def _between(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise Invalid(name, f"From {least} to {most}.", "out-of-range")
    return value


def _check_steps(given: Given) -> None:
    if not given.steps:
        raise Invalid("steps", "A ladder needs at least one step.", "required")
    if len(given.steps) > MOST_STEPS:
        raise Invalid("steps", f"At most {MOST_STEPS} steps.", "too-many")
    for place, step in enumerate(given.steps):
        _check_audience(f"steps.{place}.", step)
        _check_times(f"steps.{place}.", step)
        if set(step.channels) - set(ChannelKind.values):
            raise Invalid(f"steps.{place}.channels", "This channel is not known.", "unknown-choice")
    _check_order(given.steps)


def _check_audience(where: str, step: Step) -> None:
    if step.audience not in Audience.values:
        raise Invalid(where + "audience", "Say who hears it.", "unknown-choice")
    if step.audience == Audience.PERSON:
        if step.person is None:
            raise Invalid(where + "person", "Name the person.", "required")
        if not step.person.is_active or step.person.role in (Role.AUDITOR, Role.INTEGRATION):
            raise Invalid(where + "person", "This person cannot hear reminders.", "unknown-choice")
    if step.audience == Audience.ROTA and step.rota is None:
        raise Invalid(where + "rota", "Name the rota.", "required")


def _check_times(where: str, step: Step) -> None:
    if step.elapsing not in Elapsing.values:
        raise Invalid(where + "elapsing", "Working time, or any time.", "unknown-choice")
    _between(where + "after_minutes", step.after_minutes, 0, LONGEST_WAIT)
    if step.repeat_minutes:
        _between(where + "repeat_minutes", step.repeat_minutes, SHORTEST_REPEAT, LONGEST_WAIT)
        _between(where + "repeats", step.repeats, 1, MOST_REPEATS)
    elif step.repeats:
        raise Invalid(where + "repeat_minutes", "Say how long from one time to the next.", "required")


def _check_order(steps: tuple[Step, ...]) -> None:
    """Waits grow from step to step, within each kind of time: the clock climbs upwards only."""
    last: dict[str, int] = {}
    for place, step in enumerate(steps):
        if step.after_minutes <= last.get(step.elapsing, -1):
            raise Invalid(f"steps.{place}.after_minutes", "Longer than in the step before.", "out-of-order")
        last[step.elapsing] = step.after_minutes


def may_be_unheard(steps: Iterable[Step]) -> bool:
    """Whether every step names somebody who may be nobody: then the supervisors hear where nobody is left."""
    return all(step.audience in MAYBE_NOBODY for step in steps)


@transaction.atomic
def drop_ladder(*, ladder: Ladder, by: Actor, now: datetime) -> None:
    """It holds no longer for anything new; what climbs it goes on."""
    require_admin(by)
    _alone(ladder.team)
    _replace(ladder, now)


@transaction.atomic
def drop_ladders(*, team: Team, by: Actor, now: datetime) -> int:
    """The team follows the desk's ladders again; how many of its own were taken away."""
    require_admin(by)
    _alone(team)
    return Ladder.objects.filter(team=team, replaced_at=None).update(replaced_at=now)


@dataclass(frozen=True)
class Turns:
    """A rota as given: `members` take turns in this order."""

    name: str
    members: tuple[Agent, ...]
    starts_on: date
    hands_over_at: time
    turn_days: int = 7
    zone: str = ""


@transaction.atomic
def save_rota(*, team: Team | None, rota: Rota | None, given: Turns, by: Actor) -> Rota:
    """Make or change a rota, at once for everything that climbs to it."""
    require_admin(by)
    _alone(team)
    row = Rota.objects.select_for_update().filter(pk=rota.pk).first() if rota else Rota(team=team)
    if row is None:
        raise Missing("No such rota.")
    row.name, row.zone = inputs.plain("name", given.name, most=120, required=True), given.zone.strip()
    row.starts_on, row.hands_over_at = given.starts_on, given.hands_over_at
    row.turn_days = _between("turn_days", given.turn_days, 1, LONGEST_TURN)
    _check_rota(row, given.members)
    row.save()
    row.members.all().delete()
    RotaMember.objects.bulk_create(
        RotaMember(rota=row, agent=agent, position=place) for place, agent in enumerate(given.members)
    )
    return row


def _check_rota(row: Rota, members: tuple[Agent, ...]) -> None:
    if row.zone and not worktime.is_zone(row.zone):
        raise Invalid("zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    if row.starts_on.year not in inputs.YEARS:
        raise Invalid("starts_on", "The year must be within 1900 and 2100.", "out-of-range")
    if Rota.objects.filter(team=row.team, name__iexact=row.name).exclude(pk=row.pk).exists():
        raise Invalid("name", "This name is taken.", "taken")
    if not members:
        raise Invalid("members", "Somebody must be on duty.", "required")
    if any(not agent.is_active or agent.role in (Role.AUDITOR, Role.INTEGRATION) for agent in members):
        raise Invalid("members", "One of them cannot hear reminders.", "unknown-choice")


@transaction.atomic
def drop_rota(*, rota: Rota, by: Actor) -> None:
    """Only one that no ladder ever named; else its turns stay readable where it was climbed to."""
    require_admin(by)
    _alone(rota.team)
    if LadderStep.objects.filter(rota=rota).exists():
        raise Invalid("rota", "A ladder names this rota, or did. Change its members instead.", "in-use")
    rota.delete()


@transaction.atomic
def save_leaders(*, team: Team, lead: Agent | None, manager: Agent | None, by: Actor) -> Team:
    """Who leads the team and who manages it; None for nobody."""
    require_admin(by)
    row = Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()
    if row is None:
        raise Missing("No such team.")
    for name, agent in (("lead", lead), ("manager", manager)):
        if agent and (not agent.is_active or agent.role in (Role.AUDITOR, Role.INTEGRATION)):
            raise Invalid(name, "This person cannot hear reminders.", "unknown-choice")
    row.lead, row.manager = lead, manager
    row.save(update_fields=["lead", "manager"])
    return row
