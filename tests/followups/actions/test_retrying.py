"""Calls that did not get through: tried again at other hours, then in writing; never dropped."""

from datetime import UTC, datetime, time, timedelta

import pytest

from followups import worktime
from followups.actions import answering, contacting, promising, retrying
from followups.models import Contact, Customer, FollowUp, Policy
from tests import factories

NEW_YORK = "America/New_York"
HOUR = timedelta(hours=1)
# Friday 14:00 in New York; the clocks go back in the night to Sunday.
FRIDAY = datetime(2026, 10, 30, 18, tzinfo=UTC)


@pytest.fixture
def policy(db):
    row = Policy.objects.of(None)
    row.zone = NEW_YORK
    row.save()
    return row


def call(team, now, **fields):
    customer = factories.customer(now=now, zone=NEW_YORK, phone="+12125550123", **fields)
    row = factories.promise(promised_by=now + 2 * HOUR, now=now, team=team, customer=customer, told_at=now)
    return FollowUp.objects.select_related("ticket__customer", "ticket__category").get(pk=row.pk)


def tried(row, by, at, reached="no_answer"):
    return answering.answer(follow_up=row, answer=answering.Answer(reached), by=by, now=at).proposed


def reached(row, by, at):
    step = promising.Step(promised_by=at + 24 * HOUR)
    return answering.answer(
        follow_up=row, answer=answering.Answer("reached", "news", "x", "Bank", at.date(), next_step=step), by=by, now=at
    )


def wall(proposal):
    return f"{worktime.to_wall(proposal.from_at, NEW_YORK):%a %H:%M} {proposal.channel}"


def test_two_hours_later_then_another_day_at_another_hour_then_in_writing(policy, team, by_ada):
    """Tuesday 10:00, 12:00, then Wednesday, furthest from both; the third in vain puts the mail first."""
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    row = call(team, now)
    assert [wall(one) for one in tried(row, by_ada, now)] == ["Tue 12:00 phone", "Wed 15:00 phone", "Tue 10:00 email"]
    second = tried(row, by_ada, now + 2 * HOUR, "voicemail")
    assert [wall(one) for one in second] == ["Wed 15:00 phone", "Tue 12:00 email"]
    third = tried(row, by_ada, now + 29 * HOUR)
    assert [wall(one) for one in third] == ["Wed 15:00 email", "Thu 13:30 phone"]
    assert third == retrying.proposals(follow_up=row, now=now + 29 * HOUR)


def test_two_hours_later_after_her_hours_is_the_next_day(policy, team, by_ada):
    now = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
    found = tried(call(team, now), by_ada, now)
    assert [wall(one) for one in found] == ["Wed 09:00 phone", "Tue 15:30 email"]


def test_caps_move_the_next_call(policy, team, by_ada):
    """Two calls for another ticket an hour before: the fourth in 24 hours waits, to the quarter."""
    now = datetime(2026, 11, 24, 15, 10, tzinfo=UTC)
    row = call(team, now)
    for minutes in (55, 50):
        Contact.objects.create(
            customer=row.ticket.customer, direction="outbound", channel="phone", reached="no_answer",
            at=now - timedelta(minutes=minutes), entered_at=now,
        )  # fmt: skip
    assert wall(tried(row, by_ada, now)[0]) == "Wed 09:15 phone"


def test_wrong_number_is_not_called_again(policy, team, by_ada):
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    row = call(team, now)
    assert [wall(one) for one in tried(row, by_ada, now, "wrong_number")] == ["Tue 10:00 email"]
    Customer.objects.update(email="")
    row = FollowUp.objects.select_related("ticket__customer").get(pk=row.pk)
    assert [one.channel for one in retrying.proposals(follow_up=row, now=now)] == ["none"]
    Customer.objects.update(phone="+12125550199", phone_wrong_at=None)
    row = FollowUp.objects.select_related("ticket__customer").get(pk=row.pk)
    assert [one.channel for one in retrying.proposals(follow_up=row, now=now)] == ["phone", "phone", "none"]


def test_hours_that_never_meet_leave_the_message(policy, team, by_ada):
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    row = call(team, now, contact_from=time(18), contact_until=time(20))
    assert [one.channel for one in tried(row, by_ada, now)] == ["email"]


def test_try_inside_the_promised_time_leaves_the_promise(policy, team, by_ada):
    """Promised by Wednesday evening, tried on Tuesday: noon is a note, not a move."""
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    row = call(team, now)
    FollowUp.objects.filter(pk=row.pk).update(promised_by=now + 30 * HOUR)
    row.refresh_from_db()
    chosen = retrying.choose(follow_up=row, proposal=tried(row, by_ada, now)[0], by=by_ada, now=now)
    assert (chosen.try_at, chosen.promised_by, chosen.broken_by) == (now + 2 * HOUR, now + 30 * HOUR, None)
    assert not chosen.moves.exists()
    kept = reached(row, by_ada, now + 2 * HOUR)
    assert kept.follow_up.state == "kept"


def test_try_after_the_promised_time_unbreaks_nothing(policy, team, by_ada):
    now = datetime(2026, 11, 24, 15, tzinfo=UTC)
    row = call(team, now)
    proposal = tried(row, by_ada, now, "voicemail")[1]
    moved = retrying.choose(follow_up=row, proposal=proposal, by=by_ada, now=now, last=row.attempts.get())
    assert (moved.promised_from, moved.broken_by) == (proposal.from_at, now + 2 * HOUR)
    assert moved.moves.get().reason == "Voicemail: trying again"
    ended = reached(moved, by_ada, proposal.from_at)
    assert ended.follow_up.state == "broken"


@pytest.mark.parametrize("attempts", range(1, 8))
def test_walk_over_a_night_of_25_hours_and_a_weekend_is_never_dropped(policy, team, by_ada, attempts):
    """Whoever takes the first call proposed each time calls within her hours, the team's and the caps, at other hours;
    at each step something is proposed, and the follow-up stands open with reminders.
    """
    now, row = FRIDAY, call(team, FRIDAY)
    window, hours = policy.window_of(row.ticket.customer), []
    for number in range(1, attempts + 1):
        row = FollowUp.objects.select_related("ticket__customer", "ticket__category").get(pk=row.pk)
        calls = contacting.calls_to([row.ticket.customer_id], now=now)[row.ticket.customer_id]
        assert worktime.inside(now, window)
        assert contacting.free_of_caps(now, calls, policy) == now
        assert worktime.next_working_instant(now, policy.calendar) == now
        proposed = tried(row, by_ada, now)
        assert proposed
        assert proposed[0].channel == ("email" if number >= 3 else "phone")
        hours.append(worktime.to_wall(now, NEW_YORK).time())
        again = next(one for one in proposed if one.channel == "phone")
        retrying.choose(follow_up=row, proposal=again, by=by_ada, now=now)
        now = again.from_at
        row.refresh_from_db()
        assert row.is_open
        assert row.reminders.filter(state="waiting", version=row.version).exists()
    assert len(set(hours[:3])) == min(attempts, 3)
    assert row.attempts.count() == attempts
