"""Who hears a reminder: the owner; else the team, else its supervisors, else all supervisors."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import F

from followups import notices, worktime
from followups.clock.due import Due
from followups.models import Agent, Role, Stage

AT_WORK = (Role.AGENT, Role.SUPERVISOR)
COLUMNS = ("username", "first_name", "last_name", "role", "is_active", "away_until", "zone")


class Person(NamedTuple):
    """What is known of somebody who may hear a reminder; `zone` is the one in which times are read."""

    id: int
    name: str
    role: str
    here: bool
    zone: str


@dataclass
class People:
    """The people whom a batch of reminders concerns, read once in its transaction. Members are active ones."""

    now: datetime
    by_id: dict[int, Person]
    members: dict[int | None, list[Person]]
    fallback: list[Person] | None = None

    def of(self, row: Due) -> list[Person]:
        """Never empty while the desk has an active supervisor or admin."""
        if row.stage == Stage.ESCALATED:
            return self.supervisors(row.team)
        person = self.in_person(row)
        return [person] if person else self.team(row.team)

    def in_person(self, row: Due) -> Person | None:
        """The owner at work; of a team's own follow-up the promiser, who alone hears of it until overdue."""
        if row.owner:
            return self.at_work(row.owner)
        if row.stage == Stage.OVERDUE or not row.promiser:
            return None
        promiser = self.at_work(row.promiser)
        return promiser if promiser in self.members.get(row.team, ()) else None

    def at_work(self, agent_id: int) -> Person | None:
        person = self.by_id.get(agent_id)
        return person if person and person.here else None

    def team(self, team_id: int | None) -> list[Person]:
        people = [person for person in self.members.get(team_id, ()) if person.role in AT_WORK and person.here]
        return people or self.supervisors(team_id)

    def supervisors(self, team_id: int | None) -> list[Person]:
        of_team = [person for person in self.members.get(team_id, ()) if person.role == Role.SUPERVISOR]
        return of_team or self.any_supervisors()

    def any_supervisors(self) -> list[Person]:
        if self.fallback is None:
            self.fallback = [person_of(agent, now=self.now) for agent in notices.supervisors_of(None)]
        return self.fallback

    def name(self, agent_id: int | None) -> str:
        return self.by_id[agent_id].name if agent_id in self.by_id else ""


def people(rows: list[Due], *, now: datetime) -> People:
    """Two queries for any number of rows."""
    ids = {i for row in rows for i in (row.owner, row.promiser) if i}
    teams = {row.team for row in rows if row.team}
    agents = Agent.objects.only(*COLUMNS)
    by_id = {agent.pk: person_of(agent, now=now) for agent in agents.filter(pk__in=ids)}
    members: dict[int | None, list[Person]] = defaultdict(list)
    of_teams = agents.filter(is_active=True, teams__in=teams).annotate(team_id=F("teams__id")).order_by("pk")
    for agent in of_teams:
        members[agent.team_id].append(by_id.setdefault(agent.pk, person_of(agent, now=now)))
    return People(now=now, by_id=by_id, members=members)


def person_of(agent: Agent, *, now: datetime) -> Person:
    zone = agent.zone if agent.zone and worktime.is_zone(agent.zone) else settings.DESK_ZONE
    here = agent.is_active and not agent.is_away(now)
    return Person(id=agent.pk, name=agent.display_name, role=agent.role, here=here, zone=zone)
