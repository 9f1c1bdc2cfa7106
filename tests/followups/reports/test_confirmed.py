from datetime import UTC, datetime, timedelta

import pytest

from followups.models import Confirmation
from followups.reports import confirmed, cuts
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
SOLVED = datetime(2026, 3, 5, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def solved(name, **fields):
    row = histories.ticket(histories.person(name, now=START), at=SOLVED - DAY)
    histories.close(row, at=SOLVED, **fields)
    return row


def says(row, yes, *, at=SOLVED + DAY):
    Confirmation.objects.create(ticket=row, confirmed=yes, at=at, by_name="She", by_customer=True)


def asked(**fields):
    return confirmed.report(histories.question(START, AS_OF, **fields)).total


@pytest.fixture
def worked_example():
    """E11: of twenty, six said yes, three no, two others came again, nine are not known."""
    rows = [solved(f"c{turn}") for turn in range(20)]
    for row in rows[:6]:
        says(row, True)
    for row in rows[6:9]:
        says(row, False)
    for row in rows[9:11]:
        histories.contact(row, at=SOLVED + 2 * DAY)


def test_worked_example_is_a_band(worked_example):
    total = asked()
    assert (total.den, total.num, total.refuted) == (20, 6, 5)
    assert (total.low, total.high) == (0.30, 0.75)


def test_every_figure_lists_its_rows(worked_example):
    question = histories.question(START, AS_OF)
    for part, count in (("den", 20), ("num", 6), ("refuted", 5), ("claimed", 0)):
        found, listed = cuts.listed(question, confirmed.SOURCES, part=part, key=None, limit=50, offset=0)
        assert (part, found, len(listed)) == (part, count, count)


def test_the_last_thing_she_said_counts():
    row = solved("ana")
    says(row, True)
    says(row, False, at=SOLVED + 2 * DAY)
    assert (asked().num, asked().refuted) == (0, 1)


def test_a_word_after_as_of_is_not_known_yet():
    says(solved("ana"), False, at=AS_OF + DAY)
    assert (asked().num, asked().refuted, asked().high) == (0, 0, 1.0)


def test_a_word_on_a_later_resolution_is_not_of_the_first():
    row = solved("ana")
    histories.reopen(row, at=SOLVED + DAY)
    histories.close(row, at=SOLVED + 2 * DAY)
    says(row, True, at=SOLVED + 3 * DAY)
    assert (asked().den, asked().num) == (2, 1)


def test_another_systems_word_is_claimed():
    solved("ana", evidence="other_system", evidence_text="INC-1")
    assert (asked().claimed, asked().den) == (1, 1)


def test_other_ends_are_no_resolutions():
    row = histories.ticket(histories.person("ana", now=START), at=SOLVED - DAY)
    histories.close(row, at=SOLVED, outcome="withdrawn")
    assert (asked(of="all").den, asked().low) == (0, None)


@pytest.mark.parametrize("of", ["resolved", "unresolved", "all"])
def test_it_is_of_resolutions_whatever_ends_another_report_looks_at(of):
    says(solved("ana"), True)
    gave_up = histories.ticket(None, at=SOLVED - DAY)
    histories.close(gave_up, at=SOLVED, outcome="withdrawn")
    total = asked(of=of)
    assert (total.num, total.den, total.excluded["no_customer"]) == (1, 1, 0)


@pytest.mark.parametrize("words", [(True, False), (False, True)])
def test_of_a_yes_and_a_no_in_one_instant_the_no_counts(words):
    for n in range(5):
        row = solved(f"c{n}")
        for yes in words:
            says(row, yes)
    assert (asked().num, asked().refuted) == (0, 5)
