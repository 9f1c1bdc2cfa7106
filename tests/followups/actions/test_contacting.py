"""Who may be called when: at planning and again when the moment comes, by her clock, whatever night it is."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from followups import worktime
from followups.actions import contacting, promising, scheduling
from followups.errors import Refused
from followups.models import Contact, Customer, FollowUp, Policy
from tests import factories

NEW_YORK, LONDON = "America/New_York", "Europe/London"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def at(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# E13: (instant, her zone, when she may be called)
WORKED = [
    (at(11, 22, 0, 59), NEW_YORK, at(11, 22, 0, 59)),  # Saturday 19:59 in New York
    (at(11, 22, 1), NEW_YORK, at(11, 23, 14)),  # Saturday 20:00
    (at(3, 8, 7, 30), NEW_YORK, at(3, 9, 13)),  # the night the clocks go forward
    (at(10, 25, 0, 30), LONDON, at(10, 26, 9)),  # the night they go back
]


@pytest.mark.parametrize(("instant", "zone", "allowed"), WORKED)
def test_worked_example_when_the_moment_comes(instant, zone, allowed):
    customer = Customer(zone=zone)
    found = contacting.barrier(customer=customer, policy=Policy(), at=instant, calls=[])
    assert (found.next_at if found else instant) == allowed


@pytest.mark.parametrize(("instant", "zone", "allowed"), WORKED)
def test_worked_example_at_taking(instant, zone, allowed, team, by_ada):
    """Due since an hour; she calls back, or does not."""
    customer = factories.customer(now=instant, zone=zone)
    row = factories.promise(promised_by=instant - HOUR, now=instant - 2 * HOUR, team=team, customer=customer)
    if allowed == instant:
        assert scheduling.take(follow_up=row, by=by_ada, now=instant).taken_by == by_ada.agent
        return
    with pytest.raises(Refused) as refusal:
        scheduling.take(follow_up=row, by=by_ada, now=instant)
    row.refresh_from_db()
    assert (refusal.value.status, refusal.value.code) == (409, "outside-contact-window")
    assert (refusal.value.extra["proposed"], row.taken_by) == ([allowed.isoformat()], None)


@pytest.mark.parametrize(("instant", "zone", "allowed"), WORKED)
def test_worked_example_at_scheduling(instant, zone, allowed, by_sam, team):
    """A window that begins at that instant is taken or refused."""
    now = instant - 20 * HOUR
    ticket = factories.ticket(now=now, team=team, customer=factories.customer(now=now, zone=zone))
    step = promising.Step(promised_from=instant, promised_by=instant + MINUTE)
    if allowed == instant:
        assert scheduling.schedule(ticket=ticket, step=step, by=by_sam, now=now).promised_from == instant
        return
    with pytest.raises(Refused) as refusal:
        scheduling.schedule(ticket=ticket, step=step, by=by_sam, now=now)
    assert refusal.value.code == "outside-contact-window"
    assert all(datetime.fromisoformat(one) > now for one in refusal.value.extra["proposed"])


def test_her_own_days_and_hours_go_first():
    customer = Customer(zone=NEW_YORK, contact_from=time(18), contact_until=time(21), contact_days=[6])
    window = Policy().window_of(customer)
    assert (window.start, window.end, window.days) == (time(18), time(21), frozenset({6}))
    found = contacting.barrier(customer=customer, policy=Policy(), at=at(11, 23, 15), calls=[])
    assert found.next_at == at(11, 29, 23)
    assert found.message == (
        "Outside the hours in which she may be called: 18:00 to 21:00 in America/New_York."
        " Again from Sun 29 Nov 18:00 her time."
    )


def test_zone_that_is_not_known_is_said_to_be_assumed():
    found = contacting.barrier(customer=Customer(), policy=Policy(zone=LONDON), at=at(11, 23, 8), calls=[])
    assert found.message == (
        "Outside the hours in which she may be called: 09:00 to 20:00 in Europe/London, the team's zone, as hers is not"
        " known. Again from Mon 23 Nov 09:00 the team's time."
    )


# Caps


def test_caps_are_elapsed_hours_over_the_night_the_clocks_go_back():
    """Saturday 12:00 BST three calls: 24 hours on it is 11:00 on the wall, and a Sunday."""
    policy = Policy(contact_days=list(range(7)))
    called = [datetime(2026, 10, 24, 12, minute, tzinfo=ZoneInfo(LONDON)).astimezone(UTC) for minute in (0, 10, 20)]
    allowed = at(10, 25, 11)
    found = contacting.barrier(customer=Customer(zone=LONDON), policy=policy, at=allowed - MINUTE, calls=called)
    assert (found.code, found.next_at) == ("caps", allowed)
    assert worktime.to_wall(allowed, LONDON).hour == 11
    assert contacting.barrier(customer=Customer(zone=LONDON), policy=policy, at=allowed, calls=called) is None


def test_seventh_call_in_seven_days_waits_for_the_first_to_leave():
    called = [at(3, 2, 10) + timedelta(days=turn // 2, hours=turn % 2 * 4) for turn in range(7)]
    assert contacting.free_of_caps(at(3, 6, 10), called, Policy()) == at(3, 9, 10)
    assert contacting.free_of_caps(at(3, 9, 10), called, Policy()) == at(3, 9, 10)
    assert contacting.free_of_caps(at(3, 9, 10), [], Policy(calls_a_day=0)) is None


@given(
    minutes=st.lists(st.integers(0, 9 * 24 * 60), max_size=12).map(sorted),
    start=st.integers(0, 9 * 24 * 60),
    day=st.sampled_from([at(3, 4, 0), at(10, 21, 0), at(11, 17, 0)]),
    zone=st.sampled_from([NEW_YORK, LONDON, "UTC", "Asia/Tokyo"]),
)
@settings(max_examples=120, deadline=None)
def test_next_call_is_the_first_minute_that_a_patient_reader_would_allow(minutes, start, day, zone):
    """Minute by minute, as anybody would count; what was called lies before."""
    now = day + start * MINUTE
    calls = [day + one * MINUTE for one in minutes if one <= start]
    policy, window = Policy(), Policy().window_of(Customer(zone=zone))

    def allowed(instant):
        today = sum(instant - timedelta(hours=24) < call for call in calls)
        this_week = sum(instant - timedelta(days=7) < call for call in calls)
        wall = instant.astimezone(ZoneInfo(zone))
        return today < 3 and this_week < 7 and wall.weekday() < 6 and 9 <= wall.hour < 20

    found = contacting.next_call(now, window=window, policy=policy, calls=calls)
    assert allowed(found)
    assert found == now or not allowed(found - MINUTE)
    assert not any(allowed(now + step * MINUTE) for step in range(0, int((found - now) / MINUTE), 7))


@pytest.fixture
def call(ticket, by_ada, now):
    """A told call, due in five hours."""
    step = promising.Step(promised_by=now + 5 * HOUR, told=True)
    return scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now)


def rung(ticket, instant, **fields):
    given = {"direction": "outbound", "channel": "phone", "reached": "no_answer", "entered_at": instant}
    return Contact.objects.create(ticket=ticket, customer=ticket.customer, at=instant, **{**given, **fields})


def refused(call, by, now):
    with pytest.raises(Refused) as refusal:
        scheduling.take(follow_up=call, by=by, now=now)
    return refusal.value.code, refusal.value.extra["proposed"]


def test_calls_of_every_ticket_count_and_mails_do_not(call, ticket, by_ada, now):
    other = factories.ticket(now=now, customer=ticket.customer)
    rung(ticket, now - 3 * HOUR)
    rung(other, now - 2 * HOUR)
    rung(ticket, now - HOUR, channel="email", reached="written")
    rung(ticket, now - HOUR, direction="inbound", reached="reached")
    assert scheduling.take(follow_up=call, by=by_ada, now=now).taken_by == by_ada.agent
    FollowUp.objects.update(taken_by=None, taken_until=None)
    rung(ticket, now - 10 * MINUTE)
    assert refused(call, by_ada, now) == ("caps", [at(11, 25, 14).isoformat()])  # a day later it is 7:00 there


def test_slots_proposed_over_the_caps_are_free_of_them(ticket, by_ada, now):
    """Seven calls since Monday: what is proposed lies a week after the first."""
    for turn in range(7):
        rung(ticket, now - (9 - turn) * HOUR)
    step = promising.Step(promised_by=now + 24 * HOUR)
    with pytest.raises(Refused) as refusal:
        scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now)
    first = datetime.fromisoformat(refusal.value.extra["proposed"][0])
    assert (refusal.value.code, first) == ("caps", at(12, 1, 17))


def test_no_to_calls_that_came_after_the_promise_is_kept(call, by_ada, now):
    Customer.objects.update(do_not_contact="all")
    assert refused(call, by_ada, now) == ("do-not-contact", [])


def test_no_marketing_blocks_no_callback(call, by_ada, now):
    Customer.objects.update(do_not_contact="marketing")
    assert scheduling.take(follow_up=call, by=by_ada, now=now).taken_by == by_ada.agent


def test_time_that_she_asked_for_overrides_hours_and_caps_but_never_a_no(ticket, by_ada, now):
    """21:00 to 22:00 in New York, with three calls behind her; taken again at night it is hers no more."""
    asked = ticket.contacts.get()
    step = promising.Step(promised_from=at(11, 25, 2), promised_by=at(11, 25, 3), asked_contact=asked)
    call = scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now)
    for turn in range(3):
        rung(ticket, now + turn * MINUTE)
    assert refused(call, by_ada, at(11, 25, 1, 44))[0] == "outside-contact-window"
    assert scheduling.take(follow_up=call, by=by_ada, now=at(11, 25, 1, 45)).taken_by == by_ada.agent
    assert refused(call, by_ada, at(11, 25, 4, 1)) == ("outside-contact-window", [at(11, 25, 15).isoformat()])
    Customer.objects.update(do_not_contact="all")
    assert refused(call, by_ada, at(11, 25, 2, 30))[0] == "do-not-contact"


def test_date_that_we_chose_later_is_not_a_time_that_she_asked_for(ticket, by_ada, now):
    step = promising.Step(promised_by=at(11, 25, 3), asked_contact=ticket.contacts.get())
    call = scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now)
    moved = scheduling.move(
        follow_up=call, step=promising.Step(promised_by=at(11, 25, 16)), reason="Busy", by=by_ada, now=now
    )
    assert moved.asked_contact is None


def test_who_talks_past_eight_stays_on_the_line(ticket, by_ada, now):
    call = ticket.follow_ups.get()
    late = at(11, 25, 0, 59)
    scheduling.take(follow_up=call, by=by_ada, now=late)
    assert scheduling.take(follow_up=call, by=by_ada, now=late + MINUTE).taken_until == late + 3 * MINUTE


def test_mail_is_taken_at_any_hour(ticket, by_ada, now):
    call = ticket.follow_ups.get()
    FollowUp.objects.update(channel="email")
    assert scheduling.take(follow_up=call, by=by_ada, now=at(11, 25, 7)).taken_by == by_ada.agent


@pytest.mark.parametrize("size", [1, 3])
def test_what_is_held_back_in_a_list_costs_two_queries(team, now, size):
    night = at(11, 25, 7)
    for turn in range(size):
        customer = factories.customer(now=now, zone=NEW_YORK, email=f"{turn}@example.org")
        factories.promise(promised_by=night - HOUR, now=now, team=team, customer=customer)
        factories.promise(promised_by=night + 9 * HOUR, now=now, team=team, customer=customer)
    rows = list(FollowUp.objects.select_related("ticket__customer"))
    with CaptureQueriesContext(connection) as caught:
        found = contacting.held_back(rows, now=night)
    assert len(caught) == 2
    assert {key: barrier.next_at for key, barrier in found.items()} == {
        row.pk: at(11, 25, 14) for row in rows if row.promised_by < night
    }
