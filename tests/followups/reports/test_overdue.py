"""Bands, owners and what comes up unattended."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from followups.models import Actor, FollowUp, Role, Team, Ticket
from followups.reports import overdue
from tests import factories

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)  # a Tuesday
LONG_AGO = NOW - timedelta(days=60)
DESK = Actor(door="shell")


def promised(ago: timedelta, **fields):
    return factories.promise(promised_by=NOW - ago, now=LONG_AGO, **fields)


def counts(actor=DESK, zone="UTC"):
    return overdue.board(actor, now=NOW, zone=zone).bands


@pytest.mark.parametrize(
    ("ago", "band"),
    [
        (timedelta(0), "hours"),
        (timedelta(hours=2, seconds=-1), "hours"),
        (timedelta(hours=2), "today"),
        (timedelta(hours=12, seconds=-1), "today"),
        (timedelta(hours=12), "days"),
        (timedelta(days=3, hours=12, seconds=-1), "days"),
        (timedelta(days=3, hours=12), "older"),
        (timedelta(days=40), "older"),
    ],
)
def test_a_band_begins_at_its_edge(db, ago, band):
    row = promised(ago)
    assert counts() == {**dict.fromkeys(overdue.BANDS, 0), band: 1}
    assert overdue.band_of(row.promised_by, now=NOW, zone="UTC") == band
    for name in overdue.BANDS:
        found = overdue.in_band(FollowUp.objects.all(), name, now=NOW, zone="UTC")
        assert list(found) == ([row] if name == band else [])


def test_today_is_the_readers_day(db):
    promised(timedelta(hours=10))  # 02:00 UTC: yesterday evening in New York
    assert counts(zone="UTC")["today"] == 1
    assert counts(zone="America/New_York")["days"] == 1


def test_what_is_due_or_done_is_not_overdue(db):
    promised(timedelta(minutes=-1))
    done = promised(timedelta(hours=1))
    factories.follow_up(done.ticket, promised_by=NOW + timedelta(days=1), now=LONG_AGO)
    FollowUp.objects.filter(pk=done.pk).update(state="kept", ended_at=NOW)
    assert sum(counts().values()) == 0


def test_owners_are_counted_by_band_with_the_busiest_first(db):
    ada, ben = factories.agent("ada", last_name="Okafor"), factories.agent("ben", away_until=NOW + timedelta(days=1))
    promised(timedelta(hours=1), owner=ada)
    promised(timedelta(days=9), owner=ada)
    promised(timedelta(hours=1), owner=ben)
    promised(timedelta(hours=1))
    promised(timedelta(hours=1))
    promised(timedelta(hours=5))
    owners = overdue.board(DESK, now=NOW, zone="UTC").owners
    assert [(one.key, one.name, one.total, one.away) for one in owners] == [
        ("none", "nobody yet", 3, False),
        (str(ada.pk), "Ada Okafor", 2, False),
        (str(ben.pk), "Ben", 1, True),
    ]
    assert owners[1].bands == {"hours": 1, "today": 0, "days": 0, "older": 1}


def test_a_supervisor_counts_the_own_teams_those_of_none_and_what_is_theirs(db):
    mine, other = factories.team("Billing"), factories.team("Delivery")
    sam = factories.agent("sam", Role.SUPERVISOR, team=mine)
    seen = [
        promised(timedelta(hours=1), team=mine),
        promised(timedelta(hours=1)),
        promised(timedelta(hours=1), team=other, owner=sam),
    ]
    promised(timedelta(hours=1), team=other)
    actor = Actor(door="web", agent=sam)
    assert {row.pk for row in overdue.rows(actor)} == {row.pk for row in seen}
    assert {row.pk for row in FollowUp.objects.visible_to(actor, now=NOW)} == {row.pk for row in seen}
    assert counts(actor)["hours"] == 3


def test_unattended_is_what_is_due_soon_and_nobody_there(db):
    here = factories.agent("ada")
    away = factories.agent("ben", away_until=NOW + timedelta(hours=1))
    gone = factories.agent("cho", is_active=False)
    soon = timedelta(hours=-1)
    wanted = [promised(soon), promised(soon, owner=away), promised(soon, owner=gone)]
    wanted.append(promised(soon, taken_by=here, taken_until=NOW))
    promised(soon, owner=here)
    promised(soon, taken_by=here, taken_until=NOW + timedelta(minutes=1))
    promised(timedelta(hours=-2))
    promised(timedelta(0))
    assert {row.pk for row in overdue.unattended(DESK, now=NOW)} == {row.pk for row in wanted}


def copies(row, times, **changes):
    """As many rows like this one, each with its own id."""
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name != "id"}
    return [type(row)(**{**fields, **{name: make(place) for name, make in changes.items()}}) for place in range(times)]


def fill(quiet: int) -> None:
    """Tickets enough, each promised for later, beside twenty that are overdue."""
    first = promised(timedelta(hours=1), team=Team.objects.get(name="Billing"))
    tickets = copies(first.ticket, quiet + 19, number=lambda place: f"x{place}")
    Ticket.objects.bulk_create(tickets, batch_size=2000)
    due = [first.promised_by] * 19 + [NOW + timedelta(days=20)] * quiet
    steps = copies(first, quiet + 19, ticket_id=lambda place: tickets[place].pk, promised_by=lambda place: due[place])
    for step in steps:
        step.pk = uuid.uuid4()
    FollowUp.objects.bulk_create(steps, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_followup; ANALYZE followups_ticket")


def test_the_board_reads_what_is_overdue_and_not_the_table(db):
    team = factories.team("Billing")
    actor = Actor(door="web", agent=factories.agent("sam", Role.SUPERVISOR, team=team))
    fill(4000)
    plan = overdue.rows(actor).overdue(NOW).order_by("promised_by", "pk")[:51].explain()
    assert "follow_up_open" in plan
    assert "Seq Scan" not in plan
    assert counts(actor)["hours"] == 20
