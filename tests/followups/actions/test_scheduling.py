import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connections

from followups.actions import answering, handling, intake, promising, scheduling
from followups.errors import Forbidden, Invalid, Refused
from followups.models import Actor, ApiToken, Customer, Policy, Reminder
from tests import factories


def plan(ticket, by, now, **fields):
    given = {"promised_by": now + timedelta(hours=5)}
    return scheduling.schedule(ticket=ticket, step=promising.Step(**{**given, **fields}), by=by, now=now)


def waiting(follow_up):
    rows = follow_up.reminders.filter(state="waiting", version=follow_up.version)
    return {row.stage: row.due_at for row in rows}


def test_reminders_stand_with_the_follow_up(ticket, by_ada, now):
    """Desk hours 09-17 UTC: 30 working minutes after Tue 20:00Z are Wed 09:30Z, two hours are 11:00Z."""
    follow_up = plan(ticket, by_ada, now, promised_from=now + timedelta(hours=3))
    assert waiting(follow_up) == {
        "ahead": datetime(2026, 11, 24, 17, 45, tzinfo=UTC),
        "due": datetime(2026, 11, 24, 20, 0, tzinfo=UTC),
        "overdue": datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
        "escalated": datetime(2026, 11, 25, 11, 0, tzinfo=UTC),
    }


def test_stage_before_the_making_is_never_sent(ticket, by_ada, now):
    follow_up = plan(ticket, by_ada, now, promised_by=now + timedelta(minutes=40))
    assert set(waiting(follow_up)) == {"due", "overdue", "escalated"}


def test_window_is_kept_as_wall_time_of_her_zone(ticket, by_ada, now):
    follow_up = plan(ticket, by_ada, now)
    assert (follow_up.zone, follow_up.wall_by, follow_up.wall_from) == ("America/New_York", "2026-11-24T15:00:00", "")
    assert follow_up.promise == (
        "We will call you by Tuesday 24 November 15:00 with what we know, even if we are still waiting."
    )


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"promised_by": datetime(2026, 11, 24, 15, tzinfo=UTC)}, "promised_by", "in-the-past"),
        ({"promised_from": datetime(2026, 11, 24, 21, tzinfo=UTC)}, "promised_from", "from-after-by"),
        ({"zone": "Mars/Olympus"}, "zone", "unknown-zone"),
        ({"promise": "x" * 501}, "promise", "too-long"),
    ],
)
def test_bad_step_names_its_field(ticket, by_ada, now, fields, field, code):
    with pytest.raises(Invalid) as refusal:
        plan(ticket, by_ada, now, **fields)
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_call_outside_her_window_is_refused_with_proposals(ticket, by_ada, now):
    """01:30Z is 20:30 in New York; 20:00 sharp is still in time."""
    with pytest.raises(Refused) as refusal:
        plan(ticket, by_ada, now, promised_by=datetime(2026, 11, 25, 1, 30, tzinfo=UTC))
    assert refusal.value.code == "outside-contact-window"
    assert len(refusal.value.extra["proposed"]) == 3
    assert plan(ticket, by_ada, now, promised_by=datetime(2026, 11, 25, 1, 0, tzinfo=UTC)).is_open


def test_writing_has_no_window(ticket, by_ada, now):
    assert plan(ticket, by_ada, now, promised_by=datetime(2026, 11, 25, 8, 0, tzinfo=UTC), channel="email").is_open


def test_time_she_asked_for_overrides_the_window(ticket, by_ada, now):
    asked = ticket.contacts.get()
    night = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    assert plan(ticket, by_ada, now, promised_by=night, asked_contact=asked).asked_contact == asked


def test_her_own_hours_come_first(ticket, by_ada, now):
    Customer.objects.filter(pk=ticket.customer_id).update(contact_from=time(11), contact_until=time(12))
    ticket.refresh_from_db()
    with pytest.raises(Refused) as refusal:
        plan(ticket, by_ada, now)
    assert refusal.value.code == "outside-contact-window"


@pytest.mark.parametrize(("kind", "refused"), [("marketing", False), ("all", True)])
def test_do_not_contact(ticket, by_ada, now, kind, refused):
    Customer.objects.filter(pk=ticket.customer_id).update(do_not_contact=kind)
    ticket.refresh_from_db()
    if not refused:
        assert plan(ticket, by_ada, now).channel == "phone"
        return
    with pytest.raises(Refused) as refusal:
        plan(ticket, by_ada, now)
    assert refusal.value.code == "do-not-contact"
    assert promising.policy_step(ticket=ticket, now=now).channel == "none"


def test_fourth_call_in_a_day_is_refused(ticket, by_ada, now):
    follow_up = ticket.follow_ups.get()
    for minutes in (0, 10, 20):
        answering.answer(
            follow_up=follow_up, answer=answering.Answer("no_answer"), by=by_ada, now=now + timedelta(minutes=minutes)
        )
    with pytest.raises(Refused) as refusal:
        plan(ticket, by_ada, now + timedelta(minutes=30))
    assert refusal.value.code == "caps"
    assert plan(ticket, by_ada, now + timedelta(minutes=30), promised_by=now + timedelta(hours=25)).is_open


def test_far_date_needs_her_agreement_or_a_supervisor(ticket, by_ada, by_sam, now):
    """Five working days from Tuesday 24 end on Tuesday 1 December."""
    late = datetime(2026, 12, 2, 16, tzinfo=UTC)
    with pytest.raises(Refused) as refusal:
        plan(ticket, by_ada, now, promised_by=late)
    assert refusal.value.code == "too-far"
    assert plan(ticket, by_ada, now, promised_by=datetime(2026, 12, 1, 22, tzinfo=UTC)).is_open
    assert plan(ticket, by_ada, now, promised_by=late, told=True).is_told
    with pytest.raises(Refused):
        plan(ticket, by_ada, now, promised_by=now + timedelta(days=31), told=True)
    assert plan(ticket, by_sam, now, promised_by=now + timedelta(days=31)).is_open


def test_move_agreed_in_time_stays_one_promise(ticket, by_ada, now):
    contact = ticket.contacts.get()
    follow_up = plan(ticket, by_ada, now, promised_from=now + timedelta(hours=3), told=True)
    step = promising.Step(promised_by=now + timedelta(hours=25))
    moved = scheduling.move(follow_up=follow_up, step=step, reason="Busy", agreed_contact=contact, by=by_ada, now=now)
    assert (moved.promised_from, moved.broken_by, moved.version, moved.stage) == (
        now + timedelta(hours=23),
        None,
        2,
        "",
    )
    assert "on Wednesday 25 November between 09:00 and 11:00" in moved.promise
    assert set(Reminder.objects.filter(follow_up=moved, version=1).values_list("state", flat=True)) == {"dropped"}


def test_move_by_us_alone_breaks_the_first_date(ticket, by_ada, now):
    follow_up = plan(ticket, by_ada, now, told=True)
    first = follow_up.promised_by
    step = promising.Step(promised_by=now + timedelta(hours=26))
    moved = scheduling.move(follow_up=follow_up, step=step, reason="Waiting", by=by_ada, now=now)
    again = promising.Step(promised_by=now + timedelta(hours=27))
    moved = scheduling.move(follow_up=moved, step=again, reason="Waiting", by=by_ada, now=now)
    assert moved.broken_by == first
    assert moved.moves.count() == 2


def test_move_agreed_after_the_date_is_broken(ticket, by_ada, now):
    follow_up = plan(ticket, by_ada, now, told=True)
    later = follow_up.promised_by + timedelta(hours=19)
    step = promising.Step(promised_by=later + timedelta(hours=2))
    moved = scheduling.move(
        follow_up=follow_up, step=step, reason="x", agreed_contact=ticket.contacts.get(), by=by_ada, now=later
    )
    assert moved.broken_by == follow_up.promised_by


def test_move_of_what_was_never_told_breaks_nothing(ticket, by_ada, now):
    follow_up = plan(ticket, by_ada, now)
    step = promising.Step(promised_by=now + timedelta(hours=26))
    assert scheduling.move(follow_up=follow_up, step=step, reason="x", by=by_ada, now=now).broken_by is None


def test_told_twice_keeps_the_first_time(ticket, by_ada, now):
    follow_up = ticket.follow_ups.get()
    scheduling.tell(follow_up=follow_up, contact=None, by=by_ada, now=now)
    told = scheduling.tell(follow_up=follow_up, contact=None, by=by_ada, now=now + timedelta(hours=1))
    assert told.told_at == now


def test_taken_by_one_is_not_taken_by_another_for_two_minutes(ticket, by_ada, by_sam, now):
    follow_up = ticket.follow_ups.get()
    scheduling.take(follow_up=follow_up, by=by_ada, now=now)
    with pytest.raises(Refused) as refusal:
        scheduling.take(follow_up=follow_up, by=by_sam, now=now + timedelta(seconds=119))
    assert refusal.value.code == "taken"
    taken = scheduling.take(follow_up=follow_up, by=by_sam, now=now + timedelta(seconds=120))
    assert taken.taken_by == by_sam.agent


@pytest.mark.django_db(transaction=True)
def test_two_take_at_once_and_one_has_it(ticket, by_ada, by_sam, now):
    follow_up, results, start = ticket.follow_ups.get(), [], threading.Barrier(2, timeout=10)

    def take(by):
        try:
            start.wait()
            scheduling.take(follow_up=follow_up, by=by, now=now)
            results.append("mine")
        except Refused as refusal:
            results.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take, args=[by]) for by in (by_ada, by_sam)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(results) == ["mine", "taken"]


def test_agent_hands_over_only_what_is_theirs(ticket, by_ada, by_sam, sam, team, now):
    ben = factories.agent("ben", team=team)
    follow_up = ticket.follow_ups.get()
    assert scheduling.assign(follow_up=follow_up, owner=ben, by=by_ada, now=now) is True
    assert scheduling.assign(follow_up=follow_up, owner=by_ada.agent, by=by_ada, now=now, note="I know her") is False
    assert "I know her" in sam.notices.get().text
    assert scheduling.assign(follow_up=follow_up, owner=None, by=by_sam, now=now) is True
    follow_up.refresh_from_db()
    assert follow_up.owner is None
    assert [notice.kind for notice in ben.notices.all()] == ["assigned"]


def test_inactive_person_gets_nothing(ticket, by_sam, now):
    gone = factories.agent("gone", is_active=False)
    with pytest.raises(Invalid) as refusal:
        scheduling.assign(follow_up=ticket.follow_ups.get(), owner=gone, by=by_sam, now=now)
    assert refusal.value.field == "owner"


def test_acknowledging_holds_four_working_hours(ticket, by_ada, now):
    """Tue 15:00Z plus four working hours of 09-17Z: Wed 11:00Z."""
    row = scheduling.acknowledge(follow_up=ticket.follow_ups.get(), by=by_ada, now=now)
    assert row.acknowledged_until == datetime(2026, 11, 25, 11, tzinfo=UTC)


def test_calling_off_the_last_step_is_refused(ticket, by_ada, now):
    follow_up = ticket.follow_ups.get()
    with pytest.raises(Refused) as refusal:
        scheduling.call_off(follow_up=follow_up, called_off_by="customer", reason="no", by=by_ada, now=now)
    assert refusal.value.code == "needs-next-step"
    follow_up.refresh_from_db()
    assert follow_up.is_open
    plan(ticket, by_ada, now)
    assert scheduling.call_off(
        follow_up=follow_up, called_off_by="customer", reason="no", by=by_ada, now=now
    ).called_off_by == "customer"  # fmt: skip


def test_bare_token_takes_nothing(ticket, now):
    for act in (scheduling.take, scheduling.acknowledge):
        with pytest.raises(Forbidden):
            act(follow_up=ticket.follow_ups.get(), by=Actor("api", token=ApiToken(name="crm")), now=now)


def test_full_day_is_skipped_and_said(ticket, log, by_ada, now):
    """A budget of five minutes a day holds one follow-up: Thursday is taken, Friday is proposed."""
    Policy.objects.filter(team=None).update(daily_minutes=5)
    thursday = datetime(2026, 11, 26, 16, tzinfo=UTC)
    plan(log(), by_ada, now, promised_by=thursday)
    slot = promising.proposals(ticket=ticket, now=now, count=1)[0]
    assert slot.from_at.date().isoformat() == "2026-11-27"
    assert [day.isoformat() for day in slot.skipped_days] == ["2026-11-26"]
    assert (slot.load_minutes, slot.budget_minutes) == (0, 5)


def test_slot_lies_in_both_her_window_and_the_teams(log, by_ada, now):
    """Team 09-17 UTC, she is in Tokyo: 09:00Z is 18:00 there, and her day ends at 20:00 = 11:00Z."""
    ticket = log(customer=intake.CustomerGiven(name="Keiko", zone="Asia/Tokyo"))
    slots = promising.proposals(ticket=ticket, now=now, count=2)
    assert (slots[0].from_at, slots[0].by_at) == (
        datetime(2026, 11, 26, 9, tzinfo=UTC), datetime(2026, 11, 26, 11, tzinfo=UTC),
    )  # fmt: skip
    assert "Thursday 26 November between 18:00 and 20:00" in slots[0].sentence


def test_high_priority_is_proposed_a_day_earlier(log, now):
    slot = promising.proposals(ticket=log(priority="High"), now=now, count=1)[0]
    assert slot.from_at.date().isoformat() == "2026-11-25"


def test_windows_that_never_meet_are_promised_in_writing(log, now):
    """She is called 09-10 in Honolulu only: never in the team's hours of 09-17 UTC."""
    ticket = log(customer=intake.CustomerGiven(name="Kai", zone="Pacific/Honolulu"))
    Customer.objects.filter(pk=ticket.customer_id).update(contact_from=time(9), contact_until=time(10))
    ticket.refresh_from_db()
    step = promising.policy_step(ticket=ticket, now=now)
    assert (step.channel, step.promised_from) == ("email", None)


def test_contact_recorded_as_abandoned(ticket, by_ada, now):
    told = handling.Told("inbound", "phone", abandoned=True)
    handling.record_contact(told=told, ticket=ticket, by=by_ada, now=now)
    assert ticket.events.filter(kind="contact.abandoned").count() == 1
