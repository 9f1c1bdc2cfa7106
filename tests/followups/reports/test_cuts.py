from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import catalogue, cuts, reading, windows
from tests import factories
from tests.followups.reports import histories

START, DAY = datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=1)
QUESTION = windows.Question(start=START, end=START + 60 * DAY, as_of=START + 60 * DAY, of="all")
SOURCES = [(name, source) for name, report in catalogue.REPORTS.items() for source in report.SOURCES]


@pytest.fixture
def spring(db):
    """Ends of two teams by two channels in three weeks, each with a promise."""
    for n, (team, channel) in enumerate([("A", "phone"), ("A", "email"), ("B", "phone"), ("B", "phone")]):
        at = START + 7 * n * DAY
        row = histories.ticket(histories.person(f"p{n}", now=at), at=at, team=factories.team(team), channel=channel)
        step = histories.promise(row, made=at, by=at + DAY, told=at)
        histories.tried(step, at=at + DAY)
        histories.close(row, at=at + 2 * DAY)


@pytest.mark.parametrize(("name", "source"), SOURCES)
def test_cuts_counted_together_are_those_counted_alone(spring, name, source):
    bys = ("team", "week", None)
    alone = [cuts.tally(replace(QUESTION, by=by), source) for by in bys]
    with reading.whole():
        cuts.together(QUESTION, source, bys)
        assert [cuts.tally(replace(QUESTION, by=by), source) for by in bys] == alone


def test_cuts_counted_together_are_one_statement(spring, django_assert_num_queries):
    source = catalogue.REPORTS["promises"].SOURCES[0]
    with django_assert_num_queries(4), reading.whole():  # with the savepoint around, and what is known of the facts
        cuts.together(QUESTION, source, ("team", "week"))
        for by in ("team", "week"):
            cuts.tally(replace(QUESTION, by=by), source)


def test_crossed_keys_stand_in_the_order_of_their_names(spring):
    source = catalogue.REPORTS["recontact"].SOURCES[0]
    found = cuts.crossed(QUESTION, source, ("team", "channel"), ("channel",), ())
    assert {keys: figures["den"] for keys, figures in found["team", "channel"].items()} == {
        ("A", "phone"): 1,
        ("A", "email"): 1,
        ("B", "phone"): 2,
    }
    assert {keys: figures["den"] for keys, figures in found["channel",].items()} == {("phone",): 3, ("email",): 1}
    assert found[()][()]["den"] == 4
