"""Mailings: what fell due is written down once for each instant, and sent; of several missed ones the latest alone.

A mailing is looked at within the hour in any case, so that a holiday, a new calendar or new rules of a zone hold.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from followups import worktime
from followups.actions import mailing, rhythms
from followups.clock import deliveries, quiet
from followups.models import Agent, Delivery, Mailing, Site

BATCH = 100
LOOK = timedelta(hours=1)
GONE = "Not active any more."


def sweep(*, now: datetime) -> int:
    """How many letters were written down or handled. While sending is held nothing is written, and nothing is lost."""
    if Site.objects.filter(sending_held=True).exists():
        return 0
    written = 0
    while (batch := _batch(now)) is not None:
        written += batch
    return written + deliveries.reports(now=now)


@transaction.atomic
def _batch(now: datetime) -> int | None:
    """A twin skips what this one holds, and finds it settled."""
    held = Mailing.objects.due(now).select_for_update(skip_locked=True, no_key=True, of=["self"])
    found = list(held.select_related("agent").order_by("look_at", "id")[:BATCH])
    if not found:
        return None
    calendars = calendars_of({row.agent_id: row.agent for row in found}.values())
    return sum(_settle(row, calendars[row.agent_id], now) for row in found)


def calendars_of(people: Iterable[Agent]) -> dict[int, worktime.Calendar]:
    """On which days each of them works."""
    return {key: rest.calendar for key, rest in quiet.of(people).items()}


def _settle(row: Mailing, calendar: worktime.Calendar, now: datetime) -> bool:
    """Whether a letter was written down."""
    why = "" if row.agent.is_active else GONE
    if why or not worktime.is_zone(row.zone):
        mailing.stop(mailing=row, why=why or f"No zone is called {row.zone} any more.", now=now)
        return False
    at, following = rhythms.latest(row, calendar, now=now), rhythms.following(row, calendar, now=now)
    row.settled_at, row.look_at = at or row.settled_at, min(following or now + LOOK, now + LOOK)
    row.save(update_fields=["settled_at", "look_at"])
    return at is not None and _written(row, at, now)


def _written(row: Mailing, at: datetime, now: datetime) -> bool:
    return Delivery.objects.get_or_create(key=mailing.key_of(row, at), defaults=mailing.letter(row, now=now))[1]


def waiting(*, now: datetime) -> list[tuple[datetime, str]]:
    """The letters that the next sweep would write down: when each fell due, and its key."""
    rows = list(Mailing.objects.due(now).filter(agent__is_active=True).select_related("agent"))
    calendars = calendars_of({row.agent_id: row.agent for row in rows}.values())
    found = [(rhythms.latest(row, calendars[row.agent_id], now=now), row) for row in rows if worktime.is_zone(row.zone)]
    return [(at, mailing.key_of(row, at)) for at, row in found if at is not None]


def following(row: Mailing, *, now: datetime) -> datetime | None:
    """When it is sent next, as things stand."""
    return None if row.paused_at else rhythms.following(row, calendars_of([row.agent])[row.agent_id], now=now)
