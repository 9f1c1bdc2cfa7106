from datetime import UTC, date, datetime, time, timedelta

import pytest

from followups.actions import slots
from followups.models import Policy
from tests import factories

NEW_YORK, TOKYO = "America/New_York", "Asia/Tokyo"


def at(day, hour, minute=0, month=11):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def propose(now, team=None, customer=None, **fields):
    policy = Policy(**{name: fields.pop(name) for name in list(fields) if hasattr(Policy, name)})
    given = {"count": 1, **fields}
    return slots.propose(customer=customer, team=team, policy=policy, now=now, **given)


def starts(found):
    return [slot.from_at for slot in found]


# The words


@pytest.mark.parametrize(
    ("from_at", "by_at", "zone", "said"),
    [
        (at(26, 14), at(26, 16), "UTC", "on Thursday 26 November between 14:00 and 16:00"),
        (at(26, 14), at(26, 14), "UTC", "on Thursday 26 November at 14:00"),
        (at(26, 14), at(26, 16), TOKYO, "on Thursday 26 November 23:00 to Friday 27 November 01:00"),
        (at(1, 5, 30), at(1, 7), NEW_YORK, "on Sunday 1 November between 01:30 and 02:00"),
    ],
    ids=["window", "moment", "over midnight", "the night the clocks go back"],
)
def test_window_is_said_in_the_zone(from_at, by_at, zone, said):
    assert slots.words(from_at, by_at, zone) == said


def test_sentence_promises_news_in_the_channel_that_is_promised():
    policy = Policy()
    call = slots.sentence(policy, from_at=None, by_at=at(26, 16), zone="UTC")
    mail = slots.sentence(policy, from_at=None, by_at=at(26, 16), zone="UTC", channel="email")
    assert call == "We will call you by Thursday 26 November 16:00 with what we know, even if we are still waiting."
    assert mail == "We will write to you by Thursday 26 November 16:00 with what we know, even if we are still waiting."


def test_words_of_a_team_of_its_own_are_kept():
    policy = Policy(sentence="Bis {window} hören Sie von uns.")
    said = slots.sentence(policy, from_at=None, by_at=at(26, 16), zone="UTC", channel="email")
    assert said == "Bis by Thursday 26 November 16:00 hören Sie von uns."


# The day


@pytest.mark.parametrize(
    ("now", "fields", "day"),
    [
        (at(24, 15), {}, 26),
        (at(24, 15), {"first_update": True}, 25),
        (at(24, 15), {"priority": "HIGH"}, 25),
        (at(27, 15), {}, 1),
        (at(28, 15), {}, 1),
        (at(24, 15), {"special_days": factories.off(date(2026, 11, 25), date(2026, 11, 26))}, 30),
        (at(24, 15), {"week": factories.week([5])}, 5),
    ],
    ids=["second working day", "first update", "high", "Friday", "Saturday", "holidays", "Saturdays only"],
)
def test_day_is_counted_in_working_days(db, now, fields, day):
    assert propose(now, **fields)[0].from_at.day == day


def test_day_is_the_teams_own(db):
    """Tuesday 23:30Z is Wednesday in Tokyo: the second working day is Friday there."""
    slot = propose(at(24, 23, 30), zone=TOKYO)[0]
    assert slot.from_at == at(27, 0)
    assert slot.zone == TOKYO


# The hour


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (at(24, 10, 7), (10, 15)),
        (at(24, 15), (15, 0)),
        (at(24, 16, 10), (15, 0)),
        (at(24, 3), (9, 0)),
        (at(24, 23, 59), (15, 0)),
    ],
    ids=["quarter", "hour of her call", "moved before the end", "night", "just before midnight"],
)
def test_hour_is_that_of_her_call_moved_into_the_teams(db, now, start):
    slot = propose(now)[0]
    assert (slot.from_at.hour, slot.from_at.minute) == start
    assert slot.by_at - slot.from_at == timedelta(hours=2)


def test_second_slot_of_a_day_lies_in_its_other_half(db):
    found = propose(at(24, 15), count=4)
    assert starts(found) == [at(26, 15), at(26, 9, 30), at(27, 15), at(27, 9, 30)]


def test_hours_of_both_meet(db):
    """She may be called from 18:00 in New York, which is 23:00Z: never in the team's day."""
    now = at(24, 15)
    evening = factories.customer(now=now, zone=NEW_YORK, contact_from=time(18), contact_until=time(20))
    assert propose(now, customer=evening) == []
    lunch = factories.customer(now=now, zone=NEW_YORK, contact_from=time(11, 30), contact_until=time(12, 30))
    slot = propose(now, customer=lunch)[0]
    assert (slot.from_at, slot.by_at, slot.zone, slot.her_zone_known) == (at(26, 16, 30), at(26, 17), NEW_YORK, True)


def test_sundays_are_hers(db):
    """A team at work on Sundays does not call on one."""
    assert propose(at(24, 15), week=factories.week([6])) == []


def test_day_without_an_hour_is_left_out_and_the_clock_change_too(db):
    """In New York 02:30 of 8 March 2026 does not exist; the team works 00-08 and the slot begins at the next instant."""
    slot = propose(
        datetime(2026, 3, 6, 7, 30, tzinfo=UTC),
        zone=NEW_YORK,
        week=factories.week([6], ("00:00", "08:00")),
        contact_from=time(0),
        contact_until=time(23),
        contact_days=[6],
        proposal_days=1,
    )[0]
    assert (slot.from_at, slot.by_at) == (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 3, 8, 9, tzinfo=UTC),
    )


# The load


def book(team, day, count, now):
    for minute in range(count):
        factories.promise(team=team, promised_by=at(day, 10, minute), now=now)


def test_full_days_are_skipped_and_named(db):
    """Two people of 90 minutes carry 36 of five minutes."""
    now, team = at(24, 15), factories.team("Billing")
    for name in ("ada", "ben"):
        factories.agent(name, team=team)
    book(team, 26, 35, now)
    slot = propose(now, team=team)[0]
    assert (slot.from_at.day, slot.load_minutes, slot.budget_minutes, slot.skipped_days) == (26, 175, 180, ())
    book(team, 26, 1, now)
    slot = propose(now, team=team)[0]
    assert (slot.from_at.day, slot.load_minutes, slot.skipped_days) == (27, 0, (date(2026, 11, 26),))


def test_load_is_of_open_steps_of_the_team_alone(db):
    now, team = at(24, 15), factories.team("Billing")
    book(team, 26, 2, now)
    book(factories.team("Other"), 26, 3, now)
    assert slots.load_by_day(team, Policy(), now=now) == {date(2026, 11, 26): 10}
    assert slots.load_by_day(None, Policy(), now=now) == {}


def test_load_counts_by_the_days_of_the_teams_zone(db):
    """23:00Z of Thursday is Friday in Tokyo."""
    now, team = at(24, 15), factories.team("Billing")
    factories.promise(team=team, promised_by=at(26, 23), now=now)
    assert slots.load_by_day(team, Policy(zone=TOKYO), now=now) == {date(2026, 11, 27): 5}
