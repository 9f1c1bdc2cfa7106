from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import cuts, first_contact
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
OPENED = datetime(2026, 3, 2, tzinfo=UTC)


def brought(name, *, at=OPENED, solved=None, again=None):
    """A problem brought at `at`; solved and contacted again so many hours later."""
    row = histories.ticket(histories.person(name, now=START), at=at)
    if solved is not None:
        histories.close(row, at=at + timedelta(hours=solved))
    if again is not None:
        histories.contact(row, at=at + timedelta(hours=again))
    return row


@pytest.fixture
def worked_example():
    """E5: eight problems at seven days."""
    brought("a", solved=0.5)
    brought("b", solved=0.5, again=100)
    brought("c")
    brought("d", solved=167)
    brought("e", solved=169)
    brought("f", solved=0.5, again=169)
    late = datetime(2026, 3, 28, tzinfo=UTC)
    brought("g", at=late, solved=1)
    brought("h", at=late)


def asked(**fields):
    return first_contact.report(histories.question(START, AS_OF, **fields)).total


def test_worked_example_of_seven_days(worked_example):
    total = asked()
    assert (total.num, total.den, total.immature) == (3, 6, 2)
    assert (total.came_again, total.not_resolved) == (1, 2)


def test_every_figure_lists_its_rows(worked_example):
    question = histories.question(START, AS_OF)
    for part, count in (("num", 3), ("den", 6), ("came_again", 1), ("not_resolved", 2), ("immature", 2)):
        found, listed = cuts.listed(question, first_contact.SOURCES, part=part, key=None, limit=50, offset=0)
        assert (part, found, len(listed)) == (part, count, count)


def test_contact_in_the_last_instant_counts_and_one_second_later_does_not():
    brought("ana", solved=1, again=168)
    assert (asked().num, asked().den) == (0, 1)
    brought("ben", solved=1, again=168 + 1 / 3600)
    assert (asked().num, asked().den) == (1, 2)


@pytest.mark.parametrize("purpose", ["automatic", "thanks"])
def test_what_is_no_contact_does_not_spoil_it(purpose):
    row = brought("ana", solved=1)
    histories.contact(row, at=OPENED + timedelta(hours=5), purpose=purpose)
    assert asked().num == 1


def test_second_ticket_of_the_same_family_is_a_second_contact_of_one_problem():
    first = brought("ana", solved=1)
    second = histories.ticket(first.customer, at=OPENED + timedelta(hours=30))
    histories.close(second, at=OPENED + timedelta(hours=31))
    assert (asked().num, asked().den) == (0, 1)


def test_reopened_within_the_days_is_not_resolved():
    row = brought("ana", solved=1)
    histories.reopen(row, at=OPENED + timedelta(hours=20))
    assert (asked().num, asked().not_resolved) == (0, 1)


def test_nothing_to_divide_by_is_none():
    assert (asked().rate, asked().den) == (None, 0)
