"""Rows for tests, made directly: what the acts would write, without their checks."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from followups import numbers
from followups.actions import promising
from followups.models import (
    Absence,
    Agent,
    Category,
    Customer,
    FollowUp,
    Policy,
    Reminder,
    Role,
    Team,
    Ticket,
)

SERIALS = count(500_000)


def team(name: str = "Front desk", **fields: Any) -> Team:
    return Team.objects.get_or_create(name=name, defaults=fields)[0]


def agent(
    username: str = "ada",
    role: str = Role.AGENT,
    team: Team | None = None,
    away_until: datetime | None = None,
    **fields: Any,
) -> Agent:
    person = Agent.objects.create_user(username, role=role, **{"first_name": username.title(), **fields})
    if team is not None:
        person.teams.add(team)
    if away_until is not None:
        away(person, away_until)
    return person


def away(agent: Agent, until: datetime, *, since: datetime | None = None, **fields: Any) -> Absence:
    """Away, for the last thirty days unless said."""
    return Absence.objects.create(agent=agent, from_at=since or until - timedelta(days=30), until_at=until, **fields)


def calls_at_any_hour() -> None:
    """The desk calls whenever the test runs."""
    Policy.objects.update(contact_from=time(0), contact_until=time.max, contact_days=list(range(7)))


def week(days: Iterable[int] = range(5), *periods: tuple[str, str]) -> list[list[list[str]]]:
    """Working periods on these weekdays (0 is Monday), 09 to 17 unless said."""
    pairs = [list(pair) for pair in periods or [("09:00", "17:00")]]
    return [pairs if day in set(days) else [] for day in range(7)]


def off(*days: date) -> list[dict[str, Any]]:
    """Special days on which nobody works."""
    return [{"on": day.isoformat(), "name": "", "hours": []} for day in days]


def customer(*, now: datetime, **fields: Any) -> Customer:
    given = {"name": "Ana Lopez", "email": "ana@example.org", "created_at": now, "updated_at": now}
    return Customer.objects.create(**{**given, **fields})


def category(path: str = "Billing/Refund") -> Category:
    return Category.objects.get_or_create(path=path, defaults={"family": path.partition("/")[0]})[0]


def bare_ticket(*, now: datetime, **fields: Any) -> Ticket:
    """An open ticket that was never promised anything."""
    given: dict[str, Any] = {
        "number": numbers.with_check(next(SERIALS)),
        "subject": "Refund missing",
        "category": fields.pop("category", None) or category(),
        "channel": "phone",
        "opened_at": now,
        "created_at": now,
        "updated_at": now,
    }
    return Ticket.objects.create(**{**given, **fields})


def follow_up(ticket: Ticket, *, promised_by: datetime, now: datetime, **fields: Any) -> FollowUp:
    """A follow-up with its reminders, made at `now`; of the ticket's team unless said."""
    given: dict[str, Any] = {
        "team": ticket.team,
        "promise": "We call you with what we know.",
        "promised_at": now,
        "zone": "UTC",
        "wall_by": f"{promised_by:%Y-%m-%dT%H:%M:%S}",
        "created_at": now,
        "updated_at": now,
    }
    row = FollowUp.objects.create(ticket=ticket, promised_by=promised_by, **{**given, **fields})
    policy = Policy.objects.of(row.team_id)
    Reminder.objects.bulk_create(promising.reminders_for(row, policy, since=now))
    return row


def ticket(*, now: datetime, promised_by: datetime | None = None, **fields: Any) -> Ticket:
    """A ticket with its first follow-up, due in two hours unless said."""
    with transaction.atomic():
        row = bare_ticket(now=now, **fields)
        follow_up(row, promised_by=promised_by or now + timedelta(hours=2), now=now)
    return row


def promise(*, promised_by: datetime, now: datetime, team: Team | None = None, **fields: Any) -> FollowUp:
    """A follow-up with a ticket of its own; `customer` goes to the ticket, all else to the follow-up."""
    with transaction.atomic():
        row = bare_ticket(now=now, team=team, customer=fields.pop("customer", None))
        return follow_up(row, promised_by=promised_by, now=now, **fields)
