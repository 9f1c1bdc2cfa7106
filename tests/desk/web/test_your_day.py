"""Your day: hour by hour in one's own zone, and no more than one's own."""

from datetime import timedelta

import pytest

from tests import factories


def promise(office, now, owner, *, hours, **fields):
    given = {"promised_by": now + timedelta(hours=hours), "now": now - timedelta(days=1), "team": office.billing}
    return factories.promise(owner=owner, customer=factories.customer(now=now), **given, **fields)


def test_the_day_hour_by_hour_in_ones_own_zone(office, as_, now):
    office.ada.zone = "America/New_York"  # 05:00 there
    office.ada.save()
    promise(office, now, office.ada, hours=5, promised_from=now + timedelta(hours=4))
    promise(office, now, office.ada, hours=-2)
    promise(office, now, office.ben, hours=3)
    promise(office, now, office.ada, hours=20)  # 01:00 tomorrow
    page = as_(office.ada).get("/your-day").content.decode()
    for words in ("1 promised", "1 overdue", '<li class="rows-head">09:00</li>', "09:00-10:00", "03:00"):
        assert words in page
    assert (page.count("Refund missing"), "not told yet" in page) == (2, True)


def test_what_is_free_in_the_team_stands_below(office, as_, now):
    promise(office, now, None, hours=2)
    assert "Free in your team" in as_(office.ada).get("/your-day").content.decode()
    assert "Free in your team" not in as_(office.olu).get("/your-day").content.decode()


def test_an_empty_day_is_calm(office, as_):
    assert "Nothing more is promised for today" in as_(office.ada).get("/your-day").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, count):
    for _ in range(count):
        promise(office, now, office.ada, hours=-1)
        promise(office, now, office.ada, hours=1)
        promise(office, now, None, hours=1)
    ada = as_(office.ada)
    with django_assert_num_queries(12):
        ada.get("/your-day")
