"""When a report by mail falls due, and over which days it looks: by hand, over gaps and folds of the clock too."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from followups import worktime
from followups.actions import rhythms
from followups.models import Mailing
from tests import factories

BERLIN = "Europe/Berlin"
OFFICE = worktime.calendar_of("UTC", factories.week(), factories.off(date(2026, 12, 25)))
NEVER = worktime.calendar_of("UTC", factories.week([]))


def mailing(rhythm="working_day", at="08:00", settled=datetime(2026, 1, 1, tzinfo=UTC), **fields):
    given = {"zone": BERLIN, "weekday": 0, "day": 1} | fields
    return Mailing(rhythm=rhythm, at=time.fromisoformat(at), settled_at=settled, **given)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "now", "latest", "following"),
    [
        ({}, "2026-11-20T07:00", "2026-11-20T07:00", "2026-11-23T07:00"),  # a Friday, at the very instant
        ({}, "2026-11-22T12:00", "2026-11-20T07:00", "2026-11-23T07:00"),  # a Sunday
        ({}, "2026-12-25T12:00", "2026-12-24T07:00", "2026-12-28T07:00"),  # a holiday
        ({"rhythm": "week", "weekday": 2}, "2026-11-20T07:00", "2026-11-18T07:00", "2026-11-25T07:00"),
        ({"rhythm": "month", "day": 31}, "2026-03-01T00:00", "2026-02-28T07:00", "2026-03-31T06:00"),  # summer time
        ({"rhythm": "month", "day": 1}, "2026-12-01T06:59", "2026-11-01T07:00", "2026-12-01T07:00"),
        # 29 March: the clock goes from 2 to 3; 25 October: from 3 back to 2.
        ({"rhythm": "week", "weekday": 6, "at": "02:30"}, "2026-03-29T12:00", "2026-03-29T01:00", "2026-04-05T00:30"),
        ({"rhythm": "week", "weekday": 6, "at": "02:30"}, "2026-10-25T12:00", "2026-10-25T00:30", "2026-11-01T01:30"),
        ({"zone": "Pacific/Auckland"}, "2026-11-22T20:00", "2026-11-22T19:00", "2026-11-23T19:00"),  # Monday there
    ],
)
def test_a_rhythm_falls_due_by_the_wall(fields, now, latest, following):
    row = mailing(**fields)
    assert rhythms.latest(row, OFFICE, now=utc(now)) == utc(latest)
    assert rhythms.following(row, OFFICE, now=utc(now)) == utc(following)


def test_what_is_settled_does_not_fall_due_again():
    row = mailing(settled=utc("2026-11-20T07:00"))
    assert rhythms.latest(row, OFFICE, now=utc("2026-11-20T09:00")) is None


def test_a_desk_that_never_works_sends_nothing():
    assert rhythms.following(mailing(), NEVER, now=utc("2026-11-20T09:00")) is None


@pytest.mark.parametrize("zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"])
def test_each_day_of_a_year_falls_due_once(zone):
    """Whatever the clocks do, at an hour that is skipped or comes twice somewhere."""
    days = worktime.calendar_of("UTC", factories.week(range(7)))
    row, found, at = mailing(at="02:30", zone=zone), [], utc("2026-01-01T12:00")
    for _ in range(365):
        at = rhythms.following(row, days, now=at)
        assert rhythms.latest(row, days, now=at) == at
        found.append(worktime.to_wall(at, zone).date())
    assert len(set(found)) == 365
    assert max(found) - min(found) == timedelta(days=364)


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("days_7", "2026-10-19T22:00", "2026-10-26T23:00"),  # the end of summer time lies between
        ("days_30", "2026-09-26T22:00", "2026-10-26T23:00"),
        ("days_90", "2026-07-28T22:00", "2026-10-26T23:00"),
        ("week", "2026-10-18T22:00", "2026-10-25T23:00"),
        ("month", "2026-08-31T22:00", "2026-09-30T22:00"),
    ],
)
def test_a_period_is_of_whole_days_of_the_desk(settings, period, start, end):
    settings.DESK_ZONE = BERLIN
    now = utc("2026-10-27T00:30")  # a Tuesday, half past one in Berlin
    assert rhythms.span(period, now=now) == (utc(start), utc(end))


def test_january_looks_at_december():
    assert rhythms.span("month", now=utc("2026-01-31T08:00")) == (utc("2025-12-01T00:00"), utc("2026-01-01T00:00"))
