from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import resolution, windows
from tests import factories
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ana():
    return histories.person("ana", now=START)


def report(**fields):
    return resolution.report(histories.question(START, AS_OF, **fields))


def asked(**fields):
    return report(**fields).total


def share(row):
    return row.num, row.den


def test_open_and_ended_otherwise_count_against_us(ana):
    histories.close(histories.ticket(ana, at=START + DAY), at=START + 2 * DAY)
    histories.close(histories.ticket(ana, at=START + DAY), at=START + 2 * DAY, outcome="withdrawn")
    histories.waive(histories.ticket(ana, at=START + DAY), at=START + 2 * DAY, by=factories.agent("sam", "supervisor"))
    histories.ticket(ana, at=START + DAY)
    total = asked()
    assert share(total.as_of_rate) == (1, 4)
    assert (total.open, total.ended_unresolved, total.reopened) == (1, 2, 0)


def test_a_reopening_after_as_of_changes_nothing(ana):
    row = histories.ticket(ana, at=START)
    histories.close(row, at=START + DAY)
    histories.reopen(row, at=AS_OF + DAY)
    total = asked()
    assert (total.as_of_rate.num, total.reopened) == (1, 0)
    later = resolution.report(histories.question(START, AS_OF + 2 * DAY)).total
    assert (later.as_of_rate.num, later.reopened) == (0, 1)


def test_horizons_look_at_the_instant(ana):
    row = histories.ticket(ana, at=START)
    histories.close(row, at=START + 3 * DAY)
    histories.reopen(row, at=START + 5 * DAY)
    histories.close(row, at=START + 20 * DAY)
    found = asked().horizons
    assert [share(found[days]) for days in ("1", "3", "7", "30")] == [(0, 1), (1, 1), (0, 1), (1, 1)]


def test_a_horizon_counts_once_its_days_are_over(ana):
    histories.close(histories.ticket(ana, at=AS_OF - 7 * DAY), at=AS_OF - 6 * DAY)
    found = asked().horizons
    assert (found["7"].den, found["7"].immature) == (1, 0)
    assert (found["30"].den, found["30"].immature) == (0, 1)
    assert found["30"].rate is None


def test_a_new_ticket_within_thirty_days_belongs_to_the_episode(ana):
    histories.close(histories.ticket(ana, at=START), at=START + DAY)
    histories.ticket(ana, at=START + 5 * DAY)
    total = asked()
    assert share(total.as_of_rate) == (1, 2)
    assert share(total.horizons["3"]) == (1, 1)
    assert share(total.horizons["7"]) == (0, 1)


@pytest.mark.parametrize(("gap", "episodes"), [(timedelta(days=30), 1), (timedelta(days=30, seconds=1), 2)])
def test_an_episode_ends_thirty_days_after_its_last_closing(ana, gap, episodes):
    closed = START - 20 * DAY
    histories.close(histories.ticket(ana, at=closed - DAY), at=closed)
    histories.ticket(ana, at=closed + gap)
    found = resolution.report(histories.question(START - 30 * DAY, AS_OF)).total
    assert found.horizons["1"].den == episodes


def test_other_families_shared_accounts_and_strangers_are_episodes_of_their_own(ana):
    shared = histories.person("bank", now=START, shared_account=True)
    for customer, family in [
        (ana, "Billing"),
        (ana, "Delivery"),
        (shared, "Billing"),
        (shared, "Billing"),
        (None, "Billing"),
    ]:
        histories.ticket(customer, at=START, family=family)
    assert asked().horizons["1"].den == 5


def test_an_episode_counts_where_it_began(ana):
    histories.ticket(ana, at=START - DAY)
    histories.ticket(ana, at=START)
    total = asked()
    assert total.as_of_rate.den == 1
    assert total.horizons["1"].den == 0


def test_duplicates_and_spam_leave_the_denominator(ana):
    one = histories.ticket(ana, at=START)
    histories.close(histories.ticket(ana, at=START), at=START + DAY, outcome="duplicate", duplicate_of=one)
    histories.close(histories.ticket(ana, at=START), at=START + DAY, outcome="spam")
    total = asked()
    assert share(total.as_of_rate) == (0, 1)
    assert total.as_of_rate.excluded == {"duplicate": 1, "spam": 1}


def test_a_ticket_opened_at_as_of_is_not_there_yet(ana):
    histories.ticket(ana, at=AS_OF)
    assert asked(end=AS_OF + DAY).as_of_rate.den == 0


def test_openings_keep_the_team_of_their_time(ana):
    north, south = factories.team("North"), factories.team("South", kind="outsourced")
    row = histories.ticket(ana, at=START, team=north)
    row.team = south
    row.save()
    assert [row.key for row in report(by="team").rows] == ["North"]
    assert [row.key for row in report(by="site").rows] == ["in_house"]
    assert asked(scope=windows.Scope(team_ids=frozenset([south.pk]))).as_of_rate.den == 0


def test_the_familiar_figure_leaves_the_open_ones_out(ana):
    histories.close(histories.ticket(ana, at=START), at=START + DAY)
    histories.close(histories.ticket(ana, at=START), at=START + DAY, outcome="withdrawn")
    histories.ticket(ana, at=START)
    assert share(report().familiar) == (1, 2)
    assert share(asked().as_of_rate) == (1, 3)


def test_rows_entered_after_as_of_are_told(ana):
    row = histories.ticket(ana, at=START)
    histories.contact(row, at=START + DAY, entered_at=AS_OF + DAY)
    assert report().entered_after_as_of == 1


def test_headline_counts_the_open_ones(ana):
    histories.close(histories.ticket(ana, at=START), at=START + DAY)
    histories.ticket(ana, at=START)
    assert report().headline == (
        "50\u00a0% of 2 tickets stand resolved; 1 are still open and counted, 0 ended without a resolution."
    )
