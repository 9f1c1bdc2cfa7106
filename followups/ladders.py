"""Ladders: which one a ticket climbs, when each step is heard, and who hears it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import F, Q

from followups import worktime
from followups.models import (
    Absence,
    Agent,
    Audience,
    Elapsing,
    Ladder,
    LadderStep,
    Role,
    Rota,
    RotaMember,
    Stage,
    Team,
    Ticket,
)

DEFAULT_STEPS = (
    LadderStep(position=0, audience=Audience.OWNER, after_minutes=30),
    LadderStep(position=1, audience=Audience.SUPERVISORS, after_minutes=120),
)
TAKEN, ATTEMPTED = "taken", "attempted"
ACTS = {TAKEN: "Taking the follow-up", ATTEMPTED: "Trying to reach her"}  # what may count as an acknowledgement
ESCALATIONS = 1_000  # of one course, so that it ends where its steps stand close and `until` far away


class Rung(NamedTuple):
    """A step as it will be heard: `at` is an instant; `ladder_step` is None where the desk's own ladder holds."""

    stage: str
    repeat: int
    at: datetime
    ladder_step: LadderStep | None
    audience: str


def climb(*, ladder: Ladder | None, due: datetime, calendar: worktime.Calendar) -> list[Rung]:
    """Each step of the ladder once, in its order, for a promise due at `due`. Repeats follow one by one: `again`."""
    rungs = []
    for place, step in enumerate(steps_of(ladder)):
        stage, repeat = (Stage.OVERDUE, 0) if place == 0 else (Stage.ESCALATED, place - 1)
        rungs.append(Rung(stage, repeat, heard_at(step, due, calendar), step if step.pk else None, step.audience))
    return rungs


def steps_of(ladder: Ladder | None) -> Sequence[LadderStep]:
    """In their order; those of the desk's own ladder where there is none, or one without a step."""
    return (sorted(ladder.steps.all(), key=lambda step: step.position) if ladder else ()) or DEFAULT_STEPS


def heard_at(step: LadderStep, due: datetime, calendar: worktime.Calendar) -> datetime:
    return _later(due, step.after_minutes, step, calendar)


def _later(instant: datetime, minutes: int, step: LadderStep, calendar: worktime.Calendar) -> datetime:
    wait = timedelta(minutes=minutes)
    return instant + wait if step.elapsing == Elapsing.ELAPSED else worktime.add_working(instant, wait, calendar)


def again(step: LadderStep, *, heard: datetime, times: int, calendar: worktime.Calendar) -> datetime | None:
    """When a step heard `times` times, last at `heard`, is said again: at its distance, later once every working day.

    None where it is said once. The step that follows takes over from the instant at which it is heard itself.
    """
    if not step.repeat_minutes:
        return None
    if times <= step.repeats:
        return _later(heard, step.repeat_minutes, step, calendar)
    return next_opening(heard, calendar)


def next_opening(after: datetime, calendar: worktime.Calendar) -> datetime:
    """When work begins on the first working day after the local date of `after`."""
    day = worktime.nth_working_day(worktime.to_wall(after, calendar.zone).date(), 1, calendar)
    opens = min(start for start, _end in worktime.periods_on(day, calendar))
    return worktime.to_instant(datetime.combine(day, opens), calendar.zone)


def course(*, ladder: Ladder | None, due: datetime, calendar: worktime.Calendar, until: datetime) -> list[Rung]:
    """All that would be heard by `until` where nobody did anything, repeats included, by instant."""
    rungs = sorted(climb(ladder=ladder, due=due, calendar=calendar), key=lambda rung: rung.at)
    heard: list[Rung] = []
    for place, rung in enumerate(rungs):
        ends = min([until, *(later.at for later in rungs[place + 1 :])])
        heard += [rung, *_repeats(rung, ends, calendar)]
    escalations = iter(range(ESCALATIONS))
    shown = [one for one in heard if one.at <= until][:ESCALATIONS]
    return [one._replace(repeat=next(escalations)) if one.stage == Stage.ESCALATED else one for one in shown]


def _repeats(rung: Rung, ends: datetime, calendar: worktime.Calendar) -> Iterable[Rung]:
    step, times, at = rung.ladder_step, 1, rung.at
    while step and times < ESCALATIONS and (following := again(step, heard=at, times=times, calendar=calendar)):
        if following >= ends:
            return
        yield rung._replace(at=following, repeat=times)
        at, times = following, times + 1


class InForce:
    """The ladders in force of some teams and of the desk, read once: two queries."""

    def __init__(self, team_ids: Iterable[int | None]) -> None:
        teams = {team_id for team_id in team_ids if team_id}
        rows = Ladder.objects.filter(Q(team_id__in=teams) | Q(team_id__isnull=True), replaced_at__isnull=True)
        self.rows = list(rows.order_by("position", "id").prefetch_related("steps"))
        self.name_families = any(row.families for row in self.rows)

    def of(self, *, team_id: int | None, priority: str, family: str) -> Ladder | None:
        """The team's, else the desk's own, else None: then `DEFAULT_STEPS` hold."""
        for owner in dict.fromkeys((team_id, None)):
            found = _first([row for row in self.rows if row.team_id == owner], priority, family)
            if found:
                return found
        return None


def in_force(*, team_id: int | None, priority: str, family: str) -> Ladder | None:
    """The ladder that a ticket of this team, priority and family climbs; None: the default one."""
    return InForce([team_id]).of(team_id=team_id, priority=priority, family=family)


def for_ticket(ticket: Ticket, found: InForce | None = None) -> Ladder | None:
    """As `in_force`; the category is read where a ladder names families. `found`: read before, for many tickets."""
    found = found or InForce([ticket.team_id])
    family = ticket.category.family if found.name_families else ""
    return found.of(team_id=ticket.team_id, priority=ticket.priority, family=family)


def _first(rows: list[Ladder], priority: str, family: str) -> Ladder | None:
    """The first that names the priority or the family, else the first that names neither."""
    named = (row for row in rows if _names(row.priorities, priority) or _names(row.families, family))
    unnamed = (row for row in rows if not (row.priorities or row.families))
    return next(named, None) or next(unnamed, None)


def _names(words: list[str], word: str) -> bool:
    return word.casefold() in {one.casefold() for one in words}


def on_duty(rota: Rota, members: Sequence[int], at: datetime) -> int | None:
    """Which of `members` (in their order) has the turn at `at`; None before the first turn, or where there is nobody.

    Turns change at the wall time of the rota's zone: a time that a night of the year skips means the first instant
    after it, one that comes twice the first of the two.
    """
    turn = _turn(rota, at)
    return members[turn % len(members)] if members and turn >= 0 else None


def _turn(rota: Rota, at: datetime) -> int:
    zone = rota.zone or settings.DESK_ZONE
    turn = (worktime.to_wall(at, zone).date() - rota.starts_on).days // rota.turn_days
    if _handover(rota, turn, zone) > at:
        return turn - 1
    return turn + (_handover(rota, turn + 1, zone) <= at)  # a night that set the date back


def _handover(rota: Rota, turn: int, zone: str) -> datetime:
    day = rota.starts_on + timedelta(days=turn * rota.turn_days)
    return worktime.to_instant(datetime.combine(day, rota.hands_over_at), zone)


AT_WORK = (Role.AGENT, Role.SUPERVISOR)
NOBODY = "nobody"


class Person(NamedTuple):
    """What is known of somebody who may hear; `zone` is the one in which times are read, `here` at work by `at`."""

    id: int
    name: str
    role: str
    here: bool
    zone: str
    pushes: bool = False
    is_demo: bool = False


class Whose(NamedTuple):
    """To whom a follow-up belongs: keys of agents and of the team, each None where there is nobody."""

    owner: int | None
    promiser: int | None
    team: int | None


class Heard(NamedTuple):
    """Who hears, and which place of the ladder was reached for them. `why`: `nobody` where steps were skipped, because
    nobody of theirs was there.
    """

    people: tuple[Person, ...]
    place: int
    why: str = ""


class Crew:
    """The people whom some follow-ups concern, as they are at `at`: read once, in a constant number of queries."""

    def __init__(self, whose: Iterable[Whose], *, at: datetime, steps: Iterable[LadderStep] = ()) -> None:
        self.at, whose, steps = at, list(whose), list(steps)
        self.rotas = _rotas({step.rota_id for step in steps if step.rota_id})
        self.duty: dict[int | None, int | None] = {
            key: on_duty(rota, members, at) for key, (rota, members) in self.rotas.items()
        }
        self.teams: dict[int | None, Team] = {
            row.pk: row for row in Team.objects.filter(pk__in={one.team for one in whose if one.team})
        }
        named: set[int | None] = {key for one in whose for key in (one.owner, one.promiser)}
        named |= {key for team in self.teams.values() for key in (team.lead_id, team.manager_id)}
        named |= {*self.duty.values(), *(step.person_id for step in steps)}
        self._read({key for key in named if key})

    def _read(self, keys: set[int]) -> None:
        agents = {row.pk: row for row in Agent.objects.filter(pk__in=keys)}
        of_teams = Agent.objects.filter(is_active=True, teams__in=self.teams).annotate(team_key=F("teams__id"))
        belongs = [(row.team_key, agents.setdefault(row.pk, row)) for row in of_teams.order_by("pk")]
        self.away: dict[int | None, Agent | None] = _away(agents, self.at)
        agents |= {one.pk: one for one in self.away.values() if one and one.pk not in agents}
        self.people: dict[int | None, Person] = {key: self.person(row) for key, row in agents.items()}
        self.members: dict[int | None, list[Person]] = defaultdict(list)
        for team_key, row in belongs:
            self.members[team_key].append(self.people[row.pk])
        self._supervisors: list[Person] | None = None

    def person(self, agent: Agent) -> Person:
        zone = agent.zone if agent.zone and worktime.is_zone(agent.zone) else settings.DESK_ZONE
        here = agent.is_active and agent.pk not in self.away
        return Person(agent.pk, agent.display_name, agent.role, here, zone, agent.pushes, agent.is_demo)

    def name(self, key: int | None) -> str:
        return self.people[key].name if key in self.people else ""

    def hears(self, whose: Whose) -> tuple[Person, ...]:
        """Who hears before the ladder begins: the owner, of a team's own follow-up the promiser, else the team."""
        in_person = self._owner(whose) if whose.owner else self._promiser(whose)
        return in_person or self.last_resort(whose)

    def climbs(self, whose: Whose, steps: Sequence[LadderStep], place: int) -> Heard:
        """Who hears the step at `place`; where nobody of it is there, the next step that somebody hears.

        Never nobody while the desk has an active supervisor or admin. Of the default steps none is left out: a follow-up
        without anybody in person is its team's.
        """
        if steps is DEFAULT_STEPS:
            return Heard(self._default(whose, steps[place]), place)
        for reached in range(place, len(steps)):
            people = self.audience(whose, steps[reached])
            if people:
                return Heard(people, reached, NOBODY if reached > place else "")
        return Heard(self.last_resort(whose, steps[place].audience), place)

    def _default(self, whose: Whose, step: LadderStep) -> tuple[Person, ...]:
        if step.audience == Audience.OWNER:
            return self._owner(whose) or self.last_resort(whose)
        return self.audience(whose, step) or self.last_resort(whose, step.audience)

    def audience(self, whose: Whose, step: LadderStep) -> tuple[Person, ...]:
        """Those of the step who are there at this instant; for one person away, a stand-in where one is named."""
        groups = {
            Audience.OWNER: lambda: (
                self._owner(whose) if whose.owner else self._promiser(whose) or self._at_work(whose)
            ),
            Audience.STAND_IN: lambda: self._stand_in(whose.owner),
            Audience.TEAM: lambda: self._at_work(whose),
            Audience.SUPERVISORS: lambda: self._at_work(whose, (Role.SUPERVISOR,)),
        }
        if step.audience in groups:
            return groups[Audience(step.audience)]()
        return self._in_person(self._named(whose, step))

    def _named(self, whose: Whose, step: LadderStep) -> int | None:
        if step.audience == Audience.ROTA:
            return self.duty.get(step.rota_id)
        if step.audience == Audience.PERSON:
            return step.person_id
        team = self.teams.get(whose.team)
        return (team.lead_id if step.audience == Audience.LEAD else team.manager_id) if team else None

    def last_resort(self, whose: Whose, audience: str = Audience.OWNER) -> tuple[Person, ...]:
        """The team at work, else its supervisors, else all supervisors, else the admins.

        What was for the supervisors goes to those of other teams at work before it waits for their own.
        """
        here = [person for person in self.supervisors if person.here]
        first = here if audience == Audience.SUPERVISORS else self._at_work(whose)
        of_team = (person for person in self.members.get(whose.team, ()) if person.role == Role.SUPERVISOR)
        return tuple(first) or tuple(of_team) or tuple(self.supervisors)

    @property
    def supervisors(self) -> list[Person]:
        """All active ones, those of the practice desk last; else the admins."""
        if self._supervisors is None:
            rows = Agent.objects.filter(is_active=True, role__in=[Role.SUPERVISOR, Role.ADMIN]).order_by("pk")
            people = list(rows)
            self.away |= _away({row.pk: row for row in people}, self.at)
            found = [self.person(row) for row in people]
            groups = ((Role.SUPERVISOR, False), (Role.SUPERVISOR, True), (Role.ADMIN, False), (Role.ADMIN, True))
            by_group = ([p for p in found if (p.role, p.is_demo) == group] for group in groups)
            self._supervisors = next(filter(None, by_group), [])
        return self._supervisors

    def _owner(self, whose: Whose) -> tuple[Person, ...]:
        return self._in_person(whose.owner)

    def _promiser(self, whose: Whose) -> tuple[Person, ...]:
        """Of a team's own follow-up, where the promiser is of that team and at work."""
        person = self.people.get(whose.promiser) if not whose.owner else None
        return (person,) if person and person.here and person in self.members.get(whose.team, ()) else ()

    def _in_person(self, key: int | None) -> tuple[Person, ...]:
        person = self.people.get(key)
        return (person,) if person and person.here else self._stand_in(key)

    def _stand_in(self, key: int | None) -> tuple[Person, ...]:
        named = self.away.get(key)
        person = self.people.get(named.pk) if named else None
        return (person,) if person and person.here else ()

    def _at_work(self, whose: Whose, roles: Sequence[str] = AT_WORK) -> tuple[Person, ...]:
        return tuple(one for one in self.members.get(whose.team, ()) if one.role in roles and one.here)


def hearers(*, whose: Whose, at: datetime, ladder: Ladder | None = None, place: int | None = None) -> Heard:
    """Who hears the step at `place` of a ladder at an instant; without a place, who hears before it begins."""
    steps = steps_of(ladder)
    crew = Crew([whose], at=at, steps=steps)
    return Heard(crew.hears(whose), 0) if place is None else crew.climbs(whose, steps, place)


def _rotas(keys: set[int]) -> dict[int, tuple[Rota, list[int]]]:
    if not keys:
        return {}
    members = defaultdict(list)
    for row in RotaMember.objects.filter(rota__in=keys).order_by("position"):
        members[row.rota_id].append(row.agent_id)
    return {row.pk: (row, members[row.pk]) for row in Rota.objects.filter(pk__in=keys)}


def _away(agents: Iterable[int | None], at: datetime) -> dict[int | None, Agent | None]:
    """Who of them, and of their stand-ins, is absent at `at`: with the stand-in, where one is named."""
    now = Absence.objects.at(at)
    theirs = Q(agent__in=agents)
    stand_ins = Q(agent__in=now.filter(theirs, stand_in__isnull=False).values("stand_in"))
    away: dict[int | None, Agent | None] = {}
    for row in now.filter(theirs | stand_ins).select_related("stand_in").order_by("-from_at", "-id"):
        away[row.agent_id] = row.stand_in or away.get(row.agent_id)
    return away
