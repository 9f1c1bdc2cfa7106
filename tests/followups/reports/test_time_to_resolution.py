from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from followups.clock import facts
from followups.models import LoggedResolution, Policy
from followups.reports import cuts, rows, time_to_resolution
from tests import factories
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


HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 3, 9, 16, tzinfo=UTC)


def test_working_hours_are_those_of_the_team_in_which_it_was_opened():
    early = factories.team("Early")
    Policy.objects.create(team=early, zone="UTC", week=factories.week(range(5), ("06:00", "17:00")))
    for team in (early, None):
        row = histories.ticket(None, at=MONDAY, team=team)
        row.team = None
        histories.close(row, at=MONDAY + 18 * HOUR)
    found = report(by="team")
    assert [(row.key, row.median_hours, row.working) for row in found.rows] == [
        ("", 18, rows.Within(2, 2)),
        ("Early", 18, rows.Within(5, 5)),
    ]
    assert found.total.working == rows.Within(2, 5)


def test_those_still_open_count_with_the_working_time_they_have_waited():
    histories.close(histories.ticket(None, at=MONDAY), at=MONDAY + HOUR)
    for _ in range(2):
        histories.ticket(None, at=AS_OF - 16 * HOUR)
    assert report().total.working == rows.Within(None, None)
    histories.close(histories.ticket(None, at=AS_OF - 16 * HOUR), at=AS_OF - 14 * HOUR)
    histories.close(histories.ticket(None, at=AS_OF - 16 * HOUR), at=AS_OF - 10 * HOUR)
    assert report().total.working == rows.Within(5, None)


def again(row, *days):
    """Resolved and opened again at these numbers of days, in turn."""
    for turn, after in enumerate(days):
        turned = histories.reopen if turn % 2 else histories.close
        turned(row, at=row.opened_at + after * DAY)


def test_what_was_opened_again_was_resolved_first_all_the_same():
    row = histories.ticket(None, at=AS_OF - 20 * DAY)
    again(row, 1, 2, 5)
    still_open(3)
    total = report().total
    assert (total.median_hours, total.events) == (120, 1)
    assert total.first == rows.First(24, None, n=1, not_held=1)


def test_a_resolution_that_stands_has_held_and_one_that_ended_otherwise_has_not():
    resolved(2)
    ended(3)
    row = histories.ticket(None, at=AS_OF - 20 * DAY)
    again(row, 4, 6)
    histories.close(row, at=AS_OF - 10 * DAY, outcome="withdrawn")
    assert report().total.first == rows.First(96, 96, n=2, not_held=1)


def test_who_was_opened_again_before_it_was_ever_resolved_has_held():
    row = histories.ticket(None, at=AS_OF - 20 * DAY)
    histories.close(row, at=AS_OF - 19 * DAY, outcome="withdrawn")
    histories.reopen(row, at=AS_OF - 18 * DAY)
    histories.close(row, at=AS_OF - 17 * DAY)
    assert report().total.first == rows.First(72, 72, n=1, not_held=0)


@pytest.mark.parametrize("is_kept", [False, True])
def test_what_came_later_changes_no_first_resolution(is_kept):
    row = histories.ticket(histories.person("ana", now=START), at=AS_OF - 20 * DAY)
    again(row, 1, 5, 10)
    if is_kept:
        facts.build(now=AS_OF)
    found = {}
    for days in (0.5, 1, 5, 10):
        as_of = row.opened_at + days * DAY
        total = time_to_resolution.report(histories.question(START, as_of, end=AS_OF)).total
        found[days] = (total.events, total.first.n, total.first.median_hours, total.first.not_held)
    assert found == {0.5: (0, 0, None, 0), 1: (1, 1, 24, 0), 5: (0, 1, 24, 1), 10: (1, 1, 24, 1)}


def imported(*, resolved, logged):
    """Ended in another system, with what its log said."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL followups.importing = 'on'")
    row = histories.ticket(None, at=AS_OF - 20 * DAY, imported=True, import_digest="seen")
    row.imported_resolved_at = row.opened_at + resolved * DAY if resolved else None
    row.imported_closed_at = row.opened_at + 8 * DAY
    histories.end(row, at=row.imported_closed_at, outcome="imported")
    LoggedResolution.objects.create(ticket=row, at=row.opened_at + logged * DAY)
    return row


@pytest.mark.parametrize(
    ("resolved", "logged", "back", "n", "hours", "not_held"),
    [
        (5, 2, None, 1, 48, 0),
        (5, 2, 3, 1, 48, 1),
        (5, 2, 1, 1, 48, 0),
        (5, 6, None, 1, 120, 0),
        (None, 2, None, 1, 48, 1),
    ],
)
def test_an_imported_log_feeds_the_first_resolution_alone(resolved, logged, back, n, hours, not_held):
    row = imported(resolved=resolved, logged=logged)
    if back:
        at = row.opened_at + back * DAY
        row.reopenings.create(at=at, entered_at=at, by_name="import", reason="log", imported=True)
    total = report().total
    assert (total.events, total.ended_unresolved) == ((1, 0) if resolved else (0, 1))
    assert total.median_hours == (resolved * 24 if resolved else None)
    assert total.first == rows.First(hours, hours, n=n, not_held=not_held)


def test_a_figure_of_the_first_resolutions_leads_to_its_rows():
    row = histories.ticket(None, at=AS_OF - 20 * DAY)
    again(row, 1, 2)
    resolved(2)
    asked = histories.question(START, AS_OF)
    for part, count in (("first", 2), ("not_held", 1)):
        n, listed = cuts.listed(asked, time_to_resolution.SOURCES, part=part, key=None, limit=9, offset=0)
        assert n == len(listed) == count


@pytest.mark.parametrize(("hours", "words"), [(0.5, "30 min"), (9.4, "9 h"), (1234, "1\u2009234 h")])
def test_working_hours_are_never_told_in_days(hours, words):
    assert time_to_resolution.spoken_work(hours) == words.replace(" ", "\u00a0")
