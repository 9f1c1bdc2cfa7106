"""Open tickets dated over working days: evenly, by each team's budget, the urgent and the old first."""

from datetime import UTC, datetime, timedelta

import pytest

from followups import errors
from followups.actions import import_spreading
from followups.models import Actor, FollowUp, Policy, Ticket
from tests import factories

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 3, 6, 12, tzinfo=UTC)


@pytest.fixture
def sam():
    return Actor("web", agent=factories.agent("sam", role="supervisor"))


def tickets(count: int, **fields) -> list[Ticket]:
    return [factories.bare_ticket(now=FRIDAY - timedelta(hours=count - n), **fields) for n in range(count)]


def spread(by, days=2, **options):
    found = import_spreading.spread(tickets=Ticket.objects.all(), days=days, by=by, now=FRIDAY, **options)
    return [(ticket.pk, at and at.strftime("%a %H:%M")) for ticket, at in found]


def test_tickets_are_shared_out_over_the_next_working_days(sam):
    rows = tickets(5)
    assert spread(sam) == [
        (rows[0].pk, "Mon 11:00"),
        (rows[1].pk, "Mon 13:00"),
        (rows[2].pk, "Mon 15:00"),
        (rows[3].pk, "Tue 11:00"),
        (rows[4].pk, "Tue 14:00"),
    ]
    assert Ticket.objects.without_next_step().count() == 0
    first = FollowUp.objects.get(ticket=rows[0])
    assert (first.told_at, first.promised_from.hour, first.reminders.count() > 0) == (None, 9, True)


def test_a_dry_run_tells_the_same_and_plans_nothing(sam):
    tickets(3)
    told = spread(sam, dry_run=True)
    assert FollowUp.objects.count() == 0
    assert told == spread(sam)


def test_the_urgent_come_first(sam):
    old, urgent = tickets(1)[0], factories.bare_ticket(now=FRIDAY, priority="High")
    assert [pk for pk, _ in spread(sam)] == [urgent.pk, old.pk]


def test_no_day_takes_more_than_the_team_can_carry(sam):
    Policy.objects.update(daily_minutes=10, minutes_each=5)
    rows = tickets(6)
    assert spread(sam) == [
        (rows[0].pk, "Mon 11:00"),
        (rows[1].pk, "Mon 14:00"),
        (rows[2].pk, "Tue 11:00"),
        (rows[3].pk, "Tue 14:00"),
        (rows[4].pk, None),
        (rows[5].pk, None),
    ]
    assert Ticket.objects.without_next_step().count() == 2


def test_each_team_has_its_own_hours(sam):
    west = factories.team("West")
    Policy.objects.create(team=west, zone="America/New_York")
    ours, theirs = tickets(1)[0], tickets(1, team=west)[0]
    assert dict(spread(sam)) == {ours.pk: "Mon 11:00", theirs.pk: "Mon 15:00"}


def test_one_who_may_not_be_called_is_written_to(sam):
    person = factories.customer(now=FRIDAY, do_not_contact="all")
    tickets(1, customer=person)
    spread(sam)
    assert FollowUp.objects.get().channel == "email"


def test_tickets_with_a_next_step_are_left_alone(sam):
    factories.ticket(now=FRIDAY)
    assert spread(sam) == []


@pytest.mark.parametrize("days", [0, 61])
def test_days_are_bounded(sam, days):
    with pytest.raises(errors.Invalid):
        spread(sam, days=days)
