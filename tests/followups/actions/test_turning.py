"""She wants no calls any more: what was to be a call is turned in the same act, and nothing is dropped."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.actions import answering, customers, promising, scheduling, turning
from followups.errors import Invalid, Refused
from followups.models import Customer, FollowUp, Notice
from tests import factories
from tests.followups.actions.racing import at_once


@pytest.fixture
def call(ticket, by_ada, now):
    step = promising.Step(promised_by=now + timedelta(hours=5), told=True)
    return scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now)


def no_calls(ticket, by, now, **fields):
    customer = Customer.objects.get(pk=ticket.customer_id)
    return customers.change(customer=customer, changes={"do_not_contact": "all", **fields}, by=by, now=now)


def test_open_calls_become_mails_on_their_dates(call, ticket, by_ada, by_sam, ada, now):
    before = {row.pk: row.promised_by for row in ticket.follow_ups.all()}
    no_calls(ticket, by_sam, now, email="ana@example.org")
    rows = list(ticket.follow_ups.all())
    assert {row.pk: row.promised_by for row in rows} == before
    assert {row.channel for row in rows} == {"email"}
    call.refresh_from_db()
    assert call.promise == (
        "We will write to you by Tuesday 24 November 15:00 with what we know, even if we are still waiting."
    )
    move = call.moves.get()
    assert (move.reason, move.agreed, call.broken_by) == ("She asked not to be called", True, None)
    assert call.reminders.filter(state="waiting", version=call.version).count() == 4
    assert ticket.events.filter(kind="follow_up.turned").count() == 2
    assert (
        sorted(Notice.objects.values_list("recipient__username", "kind", "text"))
        == [("ada", "customer", f"She asked not to be called. Write to her instead: {ticket.number} Refund missing.")]
        * 2
    )


def test_without_an_address_somebody_reviews_it(call, ticket, by_ada, now):
    """Who says so herself is not told of it."""
    no_calls(ticket, by_ada, now)
    call.refresh_from_db()
    assert (call.channel, call.is_open, Notice.objects.count()) == ("none", True, 0)


def test_what_was_overdue_is_dated_anew_and_was_not_kept(call, ticket, by_sam, now):
    late = now + timedelta(hours=6)
    no_calls(ticket, by_sam, late, email="ana@example.org")
    call.refresh_from_db()
    assert (call.promised_by, call.broken_by) == (late + timedelta(days=1), now + timedelta(hours=5))


def test_no_marketing_and_closed_tickets_and_mails_stay_as_they_are(call, ticket, by_ada, by_sam, now):
    FollowUp.objects.filter(pk=call.pk).update(channel="letter")
    customer = Customer.objects.get(pk=ticket.customer_id)
    customers.change(customer=customer, changes={"do_not_contact": "marketing"}, by=by_sam, now=now)
    assert sorted(ticket.follow_ups.values_list("channel", flat=True)) == ["letter", "phone"]
    no_calls(ticket, by_sam, now, email="ana@example.org")
    assert sorted(ticket.follow_ups.values_list("channel", flat=True)) == ["email", "letter"]


def test_merged_into_one_who_wants_no_calls(call, ticket, by_sam, now):
    quiet = factories.customer(now=now, do_not_contact="all")
    customers.merge(customer=Customer.objects.get(pk=ticket.customer_id), into=quiet, by=by_sam, now=now)
    call.refresh_from_db()
    assert (call.channel, call.ticket.customer) == ("email", quiet)


def test_turned_by_us_alone_a_promised_call_is_not_kept_by_the_mail(call, ticket, by_ada, now):
    Customer.objects.update(email="ana@example.org")
    row = turning.turn(follow_up=call, reason="No answer three times", by=by_ada, now=now)
    assert (row.channel, row.broken_by, row.promised_by) == ("email", call.promised_by, call.promised_by)
    answered = answering.answer(
        follow_up=row, answer=answering.Answer("written", "answer"), by=by_ada, now=now + timedelta(minutes=1)
    )
    assert answered.follow_up.state == "broken"
    with pytest.raises(Refused):
        turning.turn(follow_up=row, reason="Again", by=by_ada, now=now)


@pytest.mark.django_db(transaction=True)
def test_no_to_calls_and_a_new_call_at_once(ticket, by_ada, by_sam, now):
    """Whichever comes first, no open call is left."""
    step = promising.Step(promised_by=now + timedelta(hours=5), told=True)
    results = at_once(
        lambda: no_calls(ticket, by_sam, now, email="ana@example.org") and "quiet",
        lambda: scheduling.schedule(ticket=ticket, step=step, by=by_ada, now=now) and "planned",
    )
    assert "quiet" in results
    assert {getattr(one, "code", one) for one in results} <= {"quiet", "planned", "do-not-contact"}
    assert set(ticket.follow_ups.values_list("channel", flat=True)) == {"email"}


@pytest.mark.parametrize("size", [1, 3])
def test_queries_for_each_open_call(ticket, by_sam, now, size):
    for _ in range(size - 1):
        factories.follow_up(ticket, promised_by=now + timedelta(hours=3), now=now)
    customer = Customer.objects.get(pk=ticket.customer_id)
    with CaptureQueriesContext(connection) as caught:
        customers.change(customer=customer, changes={"do_not_contact": "all"}, by=by_sam, now=now)
    assert len(caught) <= 10 + 9 * size, "\n".join(query["sql"][:150] for query in caught)


# A wrong number


def test_wrong_number_is_marked_until_it_changes(call, ticket, by_ada, now):
    answered = answering.answer(follow_up=call, answer=answering.Answer("wrong_number"), by=by_ada, now=now)
    customer = Customer.objects.get(pk=ticket.customer_id)
    assert (customer.phone_wrong_at, customer.revision, answered.ended) == (now, 2, False)
    again = answering.answer(
        follow_up=call, answer=answering.Answer("wrong_number"), by=by_ada, now=now + timedelta(minutes=1)
    )
    assert again.contact.customer.phone_wrong_at == now
    customers.change(customer=customer, changes={"phone": "+12125550199"}, by=by_ada, now=now)
    customer.refresh_from_db()
    assert customer.phone_wrong_at is None


def test_her_days(ticket, by_ada, now):
    customer = Customer.objects.get(pk=ticket.customer_id)
    changed = customers.change(
        customer=customer,
        changes={"contact_days": [6, 5, 5], "contact_from": time(18), "contact_until": time(21)},
        by=by_ada,
        now=now,
    )
    assert changed.contact_days == [5, 6]
    assert customers.change(customer=changed, changes={"contact_days": []}, by=by_ada, now=now).contact_days is None
    with pytest.raises(Invalid) as refusal:
        customers.change(customer=changed, changes={"contact_days": [7]}, by=by_ada, now=now)
    assert (refusal.value.field, refusal.value.code) == ("contact_days", "out-of-range")


def test_day_that_the_clocks_change_keeps_the_hour_of_the_mail(by_sam, team):
    """Overdue on the Friday before the night in New York: the mail is due on Monday, at the same hour on the wall."""
    now = datetime(2026, 10, 30, 15, tzinfo=UTC)
    ticket = factories.ticket(now=now, team=team, customer=factories.customer(now=now, zone="America/New_York"))
    no_calls(ticket, by_sam, now + timedelta(hours=3))
    row = ticket.follow_ups.get()
    assert (row.channel, row.promised_by) == ("email", datetime(2026, 11, 2, 18, tzinfo=UTC))
