"""How much follow-up work the people of a team can carry on a day: those whose shift and absences let them be there."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import FilteredRelation, Q, QuerySet

from followups import worktime
from followups.models import Agent, Policy, Role, Team
from followups.models.policies import calendar_of

LOOKED_AHEAD = timedelta(days=95)


@dataclass(frozen=True)
class Person:
    calendar: worktime.Calendar
    away: tuple[worktime.Span, ...] = ()

    def there(self, day: date) -> bool:
        """Whether some of the person's shift on a local date lies outside every absence."""
        spans = worktime.spans_on(day, self.calendar)
        return any(not any(a <= start and end <= z for a, z in self.away) for start, end in spans)


@dataclass(frozen=True)
class Crew:
    """The people of a team. One without people, or with nobody back within three months, counts as one person."""

    policy: Policy
    people: list[Person]

    def budget(self, day: date) -> int:
        """Minutes of follow-up work on a local date of the team."""
        there = sum(person.there(day) for person in self.people) if self.people else 1
        return self.policy.daily_minutes * there


def crew(team: Team | None, policy: Policy, *, now: datetime) -> Crew:
    """One query."""
    until, shifts, away = now + LOOKED_AHEAD, {}, defaultdict(list)
    for key, zone, week, since, back in _rows(team, now, until):
        shifts[key] = _shift(zone, week, policy)
        if since:
            away[key].append((since, back))
    gone = {key for key, spans in away.items() if any(a <= now and until <= z for a, z in spans)}
    return Crew(policy, [Person(shift, tuple(away[key])) for key, shift in shifts.items() if key not in gone])


def _rows(team: Team | None, now: datetime, until: datetime) -> QuerySet[Agent, tuple]:
    """Each person once for each absence to come, or once without."""
    soon = FilteredRelation("absences", condition=Q(absences__from_at__lt=until, absences__until_at__gt=now))
    agents = Agent.objects.filter(is_active=True, role__in=[Role.AGENT, Role.SUPERVISOR])
    agents = (agents.filter(teams=team) if team else agents).annotate(soon=soon).order_by("pk")
    return agents.values_list("pk", "zone", "week", "soon__from_at", "soon__until_at")


def _shift(zone: str, week: list | None, policy: Policy) -> worktime.Calendar:
    """The person's own week, else the team's; the team's days off hold for both."""
    if week is None:
        return policy.calendar
    shut = [{**day, "hours": []} for day in policy.special_days if not day["hours"]]
    return calendar_of(zone or policy.local_zone, week, shut)
