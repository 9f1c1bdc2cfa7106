"""When a person is left alone: their quiet hours, and their days off. What comes meanwhile goes out at the end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q

from followups import worktime
from followups.models import Agent, Listening, Policy
from followups.models.policies import calendar_of

LONGEST = 60  # days off in a row after which somebody is told all the same
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rest:
    """One person's zone, hours and days."""

    zone: str
    hours: Listening
    calendar: worktime.Calendar

    def until(self, now: datetime) -> datetime | None:
        """The end of the quiet at `now`; None where it is not quiet."""
        at = now
        for _ in range(LONGEST):
            wall = worktime.to_wall(at, self.zone)
            end = self._end_of_hours(wall) or self._end_of_day_off(wall)
            if end is None:
                break
            at = worktime.to_instant(end, self.zone)
        return at if at > now else None

    def _end_of_hours(self, wall: datetime) -> datetime | None:
        start, end = self.hours.quiet_from, self.hours.quiet_until
        if start == end:
            return None
        over_midnight = end < start
        if over_midnight and wall.time() >= start:
            return datetime.combine(wall.date() + DAY, end)
        inside = wall.time() < end and (over_midnight or wall.time() >= start)
        return datetime.combine(wall.date(), end) if inside else None

    def _end_of_day_off(self, wall: datetime) -> datetime | None:
        if not self.hours.quiet_days_off or worktime.is_working_day(wall.date(), self.calendar):
            return None
        return datetime.combine(wall.date() + DAY, time(0))


def of(people: Iterable[Agent]) -> dict[int, Rest]:
    """Three queries for any number of people."""
    agents = list(people)
    keys = [agent.pk for agent in agents]
    hours = {row.agent_id: row for row in Listening.objects.filter(agent__in=keys)}
    members = Agent.teams.through.objects.filter(agent__in=keys).order_by("-team_id")
    teams: dict[int, int] = dict(members.values_list("agent_id", "team_id"))
    found = Policy.objects.filter(Q(team__in=set(teams.values())) | Q(team__isnull=True))
    policies: dict[int | None, Policy] = {row.team_id: row for row in found}
    return {agent.pk: _rest(agent, hours.get(agent.pk), policies, teams.get(agent.pk)) for agent in agents}


def _rest(agent: Agent, hours: Listening | None, policies: dict[int | None, Policy], team: int | None) -> Rest:
    policy = policies.get(team) or policies.get(None) or Policy()
    zone = agent.zone if agent.zone and worktime.is_zone(agent.zone) else policy.local_zone
    calendar = calendar_of(zone, agent.week, policy.special_days) if agent.week else policy.calendar
    return Rest(zone, hours or Listening(), calendar)


def until(agent: Agent, now: datetime) -> datetime | None:
    return of([agent])[agent.pk].until(now)
