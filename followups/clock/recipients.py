"""Who hears a reminder: the owner; else the team, else its supervisors, else all supervisors."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from followups import notices, worktime
from followups.clock.due import Due
from followups.models import Agent, Role, Stage

AT_WORK = (Role.AGENT, Role.SUPERVISOR)


@dataclass
class People:
    """The people whom a batch of reminders concerns, read once in its transaction."""

    now: datetime
    by_id: dict[int, Agent]
    members: dict[int | None, list[Agent]]
    fallback: list[Agent] | None = None

    def of(self, row: Due) -> list[Agent]:
        """Never empty while the desk has an active supervisor or admin."""
        if row.stage == Stage.ESCALATED:
            return self.supervisors(row.team)
        person = self.in_person(row)
        return [person] if person else self.team(row.team)

    def in_person(self, row: Due) -> Agent | None:
        """The owner at work; of a team's own follow-up the promiser, who alone hears of it until overdue."""
        if row.owner:
            return self.at_work(row.owner)
        if row.stage == Stage.OVERDUE or not row.promiser:
            return None
        promiser = self.at_work(row.promiser)
        return promiser if promiser in self.members.get(row.team, ()) else None

    def at_work(self, agent_id: int) -> Agent | None:
        agent = self.by_id.get(agent_id)
        return agent if agent and agent.is_active and not agent.is_away(self.now) else None

    def team(self, team_id: int | None) -> list[Agent]:
        members = self.members.get(team_id, ())
        people = [agent for agent in members if agent.role in AT_WORK and not agent.is_away(self.now)]
        return people or self.supervisors(team_id)

    def supervisors(self, team_id: int | None) -> list[Agent]:
        of_team = [agent for agent in self.members.get(team_id, ()) if agent.role == Role.SUPERVISOR]
        return of_team or self.any_supervisors()

    def any_supervisors(self) -> list[Agent]:
        if self.fallback is None:
            self.fallback = notices.supervisors_of(None)
        return self.fallback

    def name(self, agent_id: int | None) -> str:
        return self.by_id[agent_id].display_name if agent_id in self.by_id else ""


def people(rows: list[Due], *, now: datetime) -> People:
    """Two queries for any number of rows."""
    ids = {i for row in rows for i in (row.owner, row.promiser) if i}
    teams = {row.team for row in rows if row.team}
    by_id = Agent.objects.in_bulk(ids)
    members: dict[int | None, list[Agent]] = defaultdict(list)
    pairs = Agent.teams.through.objects.filter(team_id__in=teams, agent__is_active=True)
    for pair in pairs.select_related("agent").order_by("agent_id"):
        members[pair.team_id].append(by_id.setdefault(pair.agent_id, pair.agent))
    return People(now=now, by_id=by_id, members=members)


def zone_of(agent: Agent) -> str:
    """The zone in which the agent reads times."""
    return agent.zone if agent.zone and worktime.is_zone(agent.zone) else settings.DESK_ZONE
