"""E10 and its like: what may be said of two months, and where to look next."""

from dataclasses import replace
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
        ((60, 120), (30, 120), 0.45, "more"),
        ((60, 120), (30, 120), 0.3, "more_but_for_mix"),
        ((60, 120), (30, 120), 0.2, "more_but_for_mix"),
        ((30, 120), (60, 120), 0.3, "fewer"),
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
    opened(1, at=AS_OF - 10 * DAY, solved=1, channel="email")
    opened(2, at=AS_OF - 2 * DAY, solved=0)
    found = change.look(question())
    assert found.now == (AS_OF - 37 * DAY, AS_OF - 7 * DAY)
    assert found.before == (AS_OF - 67 * DAY, AS_OF - 37 * DAY)
    unsolved = found.changes[0]
    assert (unsolved.now.num, unsolved.now.den) == (1, 4)
    assert (unsolved.before.num, unsolved.before.den) == (3, 4)
    assert (unsolved.verdict, found.unknown) == ("too_few", 2)
    assert [one.name for one in found.changes] == ["unsolved", "came_back", "broken", "untold"]
    (phone,) = found.where["channel"]
    assert (phone.name, phone.now.num, phone.before.num) == ("phone", 1, 3)
    place = change.next_place(found)
    assert (place.by, place.change.name, place.why) == ("channel", "phone", "most")
    assert found.where["family"] == found.where["team"] == []


@pytest.mark.django_db
def test_the_share_at_the_old_mix_is_said_where_the_mix_changed():
    opened(8, at=AS_OF - 45 * DAY, solved=6)
    opened(2, at=AS_OF - 45 * DAY, solved=1, channel="email")
    opened(2, at=AS_OF - 10 * DAY, solved=2)
    opened(8, at=AS_OF - 10 * DAY, solved=2, channel="email")
    unsolved = change.look(question()).changes[0]
    assert unsolved.now.rate == pytest.approx(0.6)
    assert unsolved.before.rate == pytest.approx(0.3)
    assert (unsolved.mix, unsolved.at_old_mix) == ("channel", pytest.approx(0.8 * 0 + 0.2 * 6 / 8))


@pytest.fixture
def worse():
    """Of forty in the earlier month few are left, of forty in the later one most."""
    for back in (45, 44):
        opened(20, at=AS_OF - back * DAY, solved=18)
    for back in (10, 9):
        opened(20, at=AS_OF - back * DAY, solved=4)


@pytest.mark.django_db
def test_a_desk_that_began_within_the_earlier_month_is_not_called_worse(worse):
    found = change.look(question())
    unsolved, came_back, *_ = found.changes
    assert (unsolved.now.rate, unsolved.before.rate, unsolved.verdict) == (0.8, 0.1, "begun_since")
    assert unsolved.difference.low > 0
    assert came_back.verdict == "too_few"
    assert found.began == AS_OF - 45 * DAY
    assert {one.verdict for one in found.where["channel"]} <= {"begun_since"}
    assert change.next_place(found) is None or change.next_place(found).why != "worse"


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "said"), [(67, "more"), (66, "begun_since"), (90, "more")])
def test_one_that_was_there_on_the_first_day_of_the_earlier_month_is(worse, days, said):
    opened(1, at=AS_OF - days * DAY + DAY / 24, solved=1, channel="email")
    found = change.look(question())
    assert (found.changes[0].verdict, found.began is None) == (said, said == "more")


@pytest.mark.django_db
def test_a_desk_without_tickets_has_nothing_to_say():
    found = change.look(question())
    assert {one.verdict for one in found.changes} == {"unknown"}
    assert change.next_place(found) is None


def place(name, now, before, verdict=None):
    found = change._compared(change.UNSOLVED, name, now, before, {})
    return replace(found, verdict=verdict) if verdict else found


def looked(whole, **where):
    return change.Look(
        now=(AS_OF, AS_OF), before=(AS_OF, AS_OF), changes=[place("unsolved", *whole)], unknown=0, where=where
    )


def test_where_to_look_next():
    """More than before first, by how many surely more; else who stands out against the rest; else the most."""
    big, small = place("Big", (450, 1000), (300, 1000)), place("Small", (60, 100), (20, 100))
    found = change.next_place(looked(((510, 1100), (320, 1100)), family=[big, small]))
    assert (found.change.name, found.why) == ("Big", "worse")
    calm, bad = place("Calm", (300, 1000), (310, 1000)), place("Bad", (60, 100), (61, 100))
    found = change.next_place(looked(((360, 1100), (371, 1100)), team=[calm, bad]))
    assert (found.change.name, found.why, found.rest) == ("Bad", "stands_out", 0.3)
    found = change.next_place(
        looked(((45, 150), (44, 150)), team=[place("A", (30, 100), (29, 100)), place("B", (15, 50), (15, 50))])
    )
    assert (found.change.name, found.why) == ("A", "most")


def test_where_the_mix_explains_the_whole_no_place_of_another_kind_is_called_worse():
    whole = replace(place("unsolved", (420, 1200), (300, 1200)), mix="channel", verdict="more_but_for_mix")
    rows = [place("Billing", (300, 600), (100, 600))]
    assert change._doubted("channel", rows, whole) == rows
    (doubted,) = change._doubted("family", rows, whole)
    assert (rows[0].verdict, doubted.verdict, doubted.mix) == ("more", "more_but_for_mix", "channel")
