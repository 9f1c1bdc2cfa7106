"""Open tickets without a next step, as an import leaves them, dated over working days by what each team can carry."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import cycle, groupby

from django.db import transaction
from django.db.models import QuerySet

from followups import errors, worktime
from followups.actions import capacity, promising, scheduling, slots
from followups.models import Actor, Policy, Team, Ticket

LONGEST = 60
DAY = 24 * 60


@dataclass
class _Day:
    """One working day of a team: how many follow-ups still fit, and how many of ours it takes."""

    on: date
    room: int
    share: int = 0
    placed: int = field(default=0)

    def hour(self, policy: Policy) -> time:
        """The next of as many hours as it takes follow-ups, from the first opening to the last closing time."""
        hours = worktime.periods_on(self.on, policy.calendar)
        opens = min(_minutes(start) for start, _ in hours)
        closes = max(_minutes(end) if end > start else DAY for start, end in hours)
        last = max(closes - policy.window_minutes, opens)
        at = opens + (last - opens) * self.placed // max(self.share, 1)
        return time(*divmod(at, 60))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


@transaction.atomic
def spread(
    *, tickets: QuerySet[Ticket], days: int, by: Actor, now: datetime, dry_run: bool = False
) -> list[tuple[Ticket, datetime | None]]:
    """Give each open ticket without a next step one within `days` working days, by its team's hours and daily budget.

    High priorities come first, then the oldest. Answers the tickets with their `promised_by`; None for those the days
    have no room for: they stay as they are. A dry run plans nothing.
    """
    if not 1 <= days <= LONGEST:
        raise errors.Invalid("days", f"From 1 to {LONGEST} working days.")
    waiting = Ticket.objects.without_next_step().filter(pk__in=tickets.values("pk"))
    rows = waiting.select_related("team", "customer").order_by("team_id", "opened_at", "pk")
    if not dry_run:
        rows = rows.select_for_update(no_key=True, of=("self",))
    planned: list[tuple[Ticket, promising.Step | None]] = []
    for _, group in groupby(rows, key=lambda ticket: ticket.team_id):
        planned += _of_team(list(group), days, now)
    if not dry_run:
        for ticket, step in planned:
            if step:
                scheduling.schedule(ticket=ticket, step=step, by=by, now=now)
    return [(ticket, step.promised_by if step else None) for ticket, step in planned]


def _of_team(tickets: list[Ticket], days: int, now: datetime) -> list[tuple[Ticket, promising.Step | None]]:
    team = tickets[0].team
    policy = Policy.objects.of(team.pk if team else None)
    calendar = _shared_out(_days(team, policy, days, now), len(tickets))
    ordered = sorted(tickets, key=lambda ticket: not policy.is_high(ticket.priority))
    return [(ticket, _step(ticket, calendar, policy)) for ticket in ordered]


def _days(team: Team | None, policy: Policy, days: int, now: datetime) -> list[_Day]:
    crew, load = capacity.crew(team, policy, now=now), slots.load_by_day(team, policy, now=now)
    today = worktime.to_wall(now, policy.local_zone).date()
    chosen = [worktime.nth_working_day(today, n, policy.calendar) for n in range(1, days + 1)]
    return [_Day(on, max(crew.budget(on) - load.get(on, 0), 0) // policy.minutes_each) for on in chosen]


def _shared_out(days: list[_Day], number: int) -> list[_Day]:
    """Share a number of follow-ups out as evenly as the room of each day allows."""
    left = min(number, sum(day.room for day in days))
    for day in cycle(days):
        if not left:
            return days
        if day.share < day.room:
            day.share += 1
            left -= 1
    return days


def _step(ticket: Ticket, days: Iterable[_Day], policy: Policy) -> promising.Step | None:
    window = policy.window_of(ticket.customer)
    for day in days:
        if day.placed >= day.share:
            continue
        if slot := slots.at_hour(day.on, day.hour(policy), policy, window):
            day.placed += 1
            return promising.Step(
                promised_from=slot[0],
                promised_by=slot[1],
                zone=window.zone,
                promise=slots.sentence(policy, from_at=slot[0], by_at=slot[1], zone=window.zone),
                channel=promising.allowed_channel(ticket.customer),
                by_policy=True,
            )
    return None
