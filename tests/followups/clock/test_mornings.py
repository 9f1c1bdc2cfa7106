"""Your day as a mail: once per day, at the start of one's own working day, for those who want it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups import notices
from followups.clock import deliveries, mornings
from followups.models import Absence, Delivery, Listening
from followups.reports import your_day
from tests import factories

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # a Thursday


@pytest.fixture
def ada():
    person = factories.agent("ada", team=factories.team(), email="ada@example.org")
    Listening.objects.create(agent=person, your_day=True)
    return person


def promise(owner=None, *, at, now=NINE - timedelta(days=1), **fields):
    return factories.promise(promised_by=at, now=now, team=factories.team(), owner=owner, **fields)


def test_it_leaves_once_at_the_start_of_the_day(ada):
    made = [mornings.sweep(now=NINE + timedelta(minutes=minutes)) for minutes in (-1, 0, 1, 300)]
    assert made == [0, 1, 0, 0]
    assert [mornings.sweep(now=NINE + timedelta(days=days)) for days in (1, 2, 3, 4)] == [1, 0, 0, 1]
    assert Delivery.objects.order_by("made_at").first().key == f"day:{ada.pk}:2026-11-19"


def test_it_keeps_to_ones_own_zone_and_week(ada):
    ada.zone, ada.week = "America/New_York", [[["07:30", "12:00"]] for _ in range(7)]
    ada.save()
    assert [mornings.sweep(now=NINE + timedelta(minutes=minutes)) for minutes in (0, 209, 210)] == [0, 0, 1]


@pytest.mark.parametrize("change", ["not wanted", "no address", "inactive", "away"])
def test_not_for_those_who_are_not_here_or_do_not_want_it(ada, change):
    if change == "not wanted":
        Listening.objects.update(your_day=False)
    if change == "away":
        Absence.objects.create(agent=ada, from_at=NINE, until_at=NINE + timedelta(hours=1))
    ada.email, ada.is_active = "" if change == "no address" else ada.email, change != "inactive"
    ada.save()
    assert mornings.sweep(now=NINE) == 0


def test_what_it_says(ada):
    ben = factories.agent("ben", team=factories.team())
    Absence.objects.create(agent=ben, from_at=NINE, until_at=NINE + timedelta(days=2), stand_in=ada)
    promise(ada, at=NINE - timedelta(hours=20), customer=factories.customer(now=NINE))
    promise(ada, at=NINE + timedelta(hours=3), promised_from=NINE + timedelta(hours=2))
    promise(ben, at=NINE + timedelta(hours=4))
    promise(at=NINE + timedelta(hours=5))
    promise(ada, at=NINE + timedelta(days=1))
    notices.tell([ada], kind="assigned", text="Ben handed you one.", now=NINE - timedelta(hours=12))
    mornings.sweep(now=NINE)
    deliveries.sweep(now=NINE)
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["ada@example.org"], "Your day: 2 promised, 1 overdue")
    for words in (
        "Overdue:\n- Wed 18 Nov 13:00 Refund missing, Ana Lopez (",
        "Promised today:\n- 11:00-12:00 Refund missing",
        "- by 13:00 Refund missing",
        "Came overnight:\n- Ben handed you one.",
        "You stand in for:\n- Ben, until Sat 21 Nov 09:00: 1 promised",
        "Free in your team:\n- by 14:00 Refund missing",
    ):
        assert words in letter.body


def test_an_empty_day_says_so(ada):
    mornings.sweep(now=NINE)
    assert "Nothing is promised for today." in Delivery.objects.get().body


@pytest.mark.parametrize("rows", [1, 3])
def test_a_day_costs_the_same_however_full(ada, rows):
    for _ in range(rows):
        promise(ada, at=NINE - timedelta(hours=1))
        promise(ada, at=NINE + timedelta(hours=1))
        promise(at=NINE + timedelta(hours=1))
    with CaptureQueriesContext(connection) as caught:
        your_day.of(ada, zone="UTC", now=NINE)
    assert len(caught) == 8
