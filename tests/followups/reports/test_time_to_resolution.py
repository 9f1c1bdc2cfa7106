from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import time_to_resolution
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
START = AS_OF - timedelta(days=60)
DAY = timedelta(days=1)


def resolved(days, **fields):
    row = histories.ticket(None, at=AS_OF - 20 * DAY, **fields)
    histories.close(row, at=row.opened_at + days * DAY)


def ended(days):
    row = histories.ticket(None, at=AS_OF - 20 * DAY)
    histories.close(row, at=row.opened_at + days * DAY, outcome="withdrawn")


def still_open(days):
    histories.ticket(None, at=AS_OF - days * DAY)


def report(**fields):
    return time_to_resolution.report(histories.question(START, AS_OF, **fields))


def test_half_within_counts_those_still_waiting():
    for days in (1, 2, 2, 4, 5):
        resolved(days)
    for days in (3, 6, 6, 6, 6):
        still_open(days)
    found = report()
    assert (found.total.n, found.total.events, found.total.open) == (10, 5, 5)
    assert found.total.median_hours == 120
    assert found.total.p90_hours is None
    assert found.headline == "Half were solved within 5\u00a0days; 5 are still open and counted."


def test_median_is_not_reached_where_too_many_wait():
    for days in (1, 2, 2, 4):
        resolved(days)
    for days in (3, 5, 6, 6, 6, 6):
        still_open(days)
    found = report()
    assert found.total.median_hours is None
    assert found.headline == "Fewer than half were solved so far; 6 are still open and counted."


def test_ending_otherwise_competes():
    for days in (1, 2, 4):
        resolved(days)
    for days in (2.5, 3):
        ended(days)
    still_open(7)
    total = report().total
    assert total.resolved_by["7"] == pytest.approx(0.5)
    assert (total.events, total.ended_unresolved) == (3, 2)


def test_a_share_beyond_what_was_watched_is_none():
    resolved(1)
    still_open(5)
    by = report().total.resolved_by
    assert by["3"] == 0.5
    assert by["7"] is None


def test_a_share_is_known_for_ever_where_nobody_is_left():
    resolved(1)
    ended(2)
    assert report().total.resolved_by == {"1": 0.5, "3": 0.5, "7": 0.5, "30": 0.5}


def test_a_reopened_ticket_waits_on():
    row = histories.ticket(None, at=AS_OF - 10 * DAY)
    histories.close(row, at=AS_OF - 9 * DAY)
    histories.reopen(row, at=AS_OF - 8 * DAY)
    total = report().total
    assert (total.n, total.events, total.open) == (1, 0, 1)


def test_cuts_have_times_of_their_own():
    resolved(1, channel="phone")
    resolved(3, channel="email")
    resolved(3, channel="email")
    found = report(by="channel")
    assert [(row.key, row.n, row.median_hours) for row in found.rows] == [("email", 2, 72), ("phone", 1, 24)]
    assert found.total.median_hours == 72


def test_nothing_opened_is_nothing_reached():
    total = report().total
    assert (total.n, total.median_hours, total.resolved_by["1"]) == (0, None, None)
    assert report().headline == "No ticket was opened in the period."
