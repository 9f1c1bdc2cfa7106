"""E10 and its like: what may be said of two months, and where to look next."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import against, change
from tests.followups.reports import histories

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("now", "before", "at_old_mix", "said"),
    [
        ((42, 120), (30, 120), None, "alike"),
        ((60, 120), (30, 120), None, "more"),
        ((30, 120), (60, 120), None, "fewer"),
        ((60, 120), (30, 120), 0.3, "more"),
        ((60, 120), (30, 120), 0.2, "more_but_for_mix"),
        ((30, 120), (60, 120), 0.6, "fewer_but_for_mix"),
        ((29, 29), (0, 30), None, "too_few"),
        ((0, 0), (3, 30), None, "unknown"),
        ((3, 30), (0, 0), None, "unknown"),
    ],
)
def test_verdict(now, before, at_old_mix, said):
    assert against.verdict(now, before, at_old_mix) == said


def test_e10_never_says_worse():
    """Unsolved: before phone 20/100 and mail 10/20, after phone 2/20 and mail 40/100, ten desks of that size."""
    before, now = (300, 1200), (420, 1200)
    at_old_mix = (0.1 * 1000 + 0.4 * 200) / 1200
    assert at_old_mix == pytest.approx(0.15)
    assert against.verdict(now, before) == "more"
    assert against.verdict(now, before, at_old_mix) == "more_but_for_mix"


def question(**fields):
    return histories.question(AS_OF - 90 * DAY, AS_OF, **fields)


def opened(n, *, at, solved, channel="phone"):
    for place in range(n):
        who = histories.person(f"{channel}-{at:%m%d}-{place}", now=at)
        row = histories.ticket(who, at=at, channel=channel)
        if place < solved:
            histories.close(row, at=at + DAY)


@pytest.mark.django_db
def test_look_compares_two_ripe_months_and_counts_what_is_not_known():
    opened(4, at=AS_OF - 45 * DAY, solved=1)
    opened(3, at=AS_OF - 10 * DAY, solved=2)
    opened(2, at=AS_OF - 2 * DAY, solved=0)
    found = change.look(question())
    assert found.now == (AS_OF - 37 * DAY, AS_OF - 7 * DAY)
    assert found.before == (AS_OF - 67 * DAY, AS_OF - 37 * DAY)
    unsolved = found.changes[0]
    assert (unsolved.now.num, unsolved.now.den) == (1, 3)
    assert (unsolved.before.num, unsolved.before.den) == (3, 4)
    assert (unsolved.verdict, found.unknown) == ("too_few", 2)
    assert [one.name for one in found.changes] == ["unsolved", "came_back", "broken", "untold"]
    (phone,) = found.where["channel"]
    assert (phone.name, phone.now.num, phone.before.num) == ("phone", 1, 3)
    assert change.next_place(found.where)[1].now.num == 1


@pytest.mark.django_db
def test_the_share_at_the_old_mix_is_said_where_the_mix_changed():
    opened(8, at=AS_OF - 45 * DAY, solved=6)
    opened(2, at=AS_OF - 45 * DAY, solved=1, channel="email")
    opened(2, at=AS_OF - 10 * DAY, solved=2)
    opened(8, at=AS_OF - 10 * DAY, solved=5, channel="email")
    unsolved = change.look(question()).changes[0]
    assert unsolved.now.rate == pytest.approx(0.3)
    assert unsolved.before.rate == pytest.approx(0.3)
    assert unsolved.at_old_mix == pytest.approx(0.8 * 0 + 0.2 * 3 / 8)


@pytest.mark.django_db
def test_a_desk_without_tickets_has_nothing_to_say():
    found = change.look(question())
    assert {one.verdict for one in found.changes} == {"unknown"}
    assert change.next_place(found.where) is None
