from datetime import timedelta

import pytest

from followups.actions import confirming, slots
from followups.errors import Refused
from followups.models import Actor, Contact, Notice


@pytest.fixture
def her(ticket):
    return Actor("customer", customer=ticket.customer)


@pytest.fixture
def step(ticket):
    return ticket.follow_ups.get()


def test_solved_closes_on_her_word_and_her_contact_is_no_recontact(ticket, step, her, now):
    ended = confirming.solved(follow_up=step, by=her, now=now)
    closure, said = ended.closures.get(), ended.contacts.get(is_opening=False)
    assert (ended.state, ended.outcome, ended.confirmed) == ("closed", "resolved", "yes")
    assert (closure.evidence, closure.evidence_contact, closure.door) == ("customer_said", said, "customer")
    assert said not in Contact.objects.counted()


def test_solved_after_the_end_only_confirms(ticket, step, her, now):
    confirming.solved(follow_up=step, by=her, now=now)
    again = confirming.solved(follow_up=step, by=her, now=now + timedelta(hours=1))
    assert (again.closures.count(), again.confirmations.count()) == (1, 1)


def test_not_solved_counts_as_a_chase_once_an_hour(ticket, step, her, ada, now):
    for minutes in (0, 1, 59):
        confirming.not_solved(follow_up=step, by=her, now=now + timedelta(minutes=minutes))
    assert Contact.objects.counted().filter(purpose="chase").count() == 1
    confirming.not_solved(follow_up=step, by=her, now=now + timedelta(hours=1))
    assert Contact.objects.counted().filter(purpose="chase").count() == 2
    assert Notice.objects.filter(recipient=ada, kind="customer").count() == 2


def test_not_solved_opens_what_was_closed(ticket, step, her, now):
    confirming.solved(follow_up=step, by=her, now=now)
    again = confirming.not_solved(follow_up=step, by=her, now=now + timedelta(minutes=5))
    assert (again.state, again.confirmed, again.reopenings.get().by_customer) == ("open", "no", True)
    assert again.follow_ups.open().count() == 1


def test_her_time_moves_the_promise_with_her_agreement_and_tells_her(ticket, step, her, now):
    slot = confirming.offered(follow_up=step, now=now)[1]
    moved = confirming.another_time(follow_up=step, slot=slot, by=her, now=now)
    assert (moved.promised_from, moved.promised_by) == (slot.from_at, slot.by_at)
    assert (moved.moves.get().agreed, moved.broken_by, moved.is_told) == (True, None, True)


def test_time_that_was_not_offered_is_refused(ticket, step, her, now):
    night = slots.Proposal(now + timedelta(hours=12), now + timedelta(hours=14), "America/New_York", "", 0, 0)
    with pytest.raises(Refused) as refusal:
        confirming.another_time(follow_up=step, slot=night, by=her, now=now)
    assert (refusal.value.code, step.moves.count()) == ("slot-gone", 0)


def test_her_time_after_the_promised_one_does_not_mend_it(ticket, step, her, now):
    late = step.promised_by + timedelta(hours=1)
    type(step).objects.filter(pk=step.pk).update(told_at=now)
    slot = confirming.offered(follow_up=step, now=late)[0]
    moved = confirming.another_time(follow_up=step, slot=slot, by=her, now=late)
    assert moved.broken_by == step.promised_by
