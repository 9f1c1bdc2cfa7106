from datetime import timedelta

import pytest

from followups.actions import answering, closing, handling, intake, messages, promising, scheduling, waiving
from followups.errors import Invalid, Outdated, Refused
from followups.models import Closure, Delivery, FollowUp, Ticket
from tests import factories
from tests.followups.actions.racing import at_once

ANA = intake.CustomerGiven(reference="C1", name="Ana", email="ana@example.org")


@pytest.fixture
def pair(log):
    return log(customer=ANA), log(customer=ANA)


def test_links_of_what_moves_still_hold(pair, by_ada, now):
    """A promise told, an attempt, a dead end and a waiting message go along, with their times and links."""
    into, gone = pair
    step = promising.Step(promised_by=now + timedelta(hours=4), told=True)
    promised = scheduling.schedule(ticket=gone, step=step, by=by_ada, now=now)
    answering.answer(follow_up=promised, answer=answering.Answer("no_answer"), by=by_ada, now=now)
    closing.close(ticket=gone, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    message = messages.queue_told(follow_up=promised, now=now)
    closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    promised.refresh_from_db()
    message.refresh_from_db()
    assert (promised.ticket, promised.told_contact.ticket, message.ticket) == (into, into, into)
    assert promised.attempts.get().ticket == into
    assert (into.contacts.count(), into.follow_ups.open().count(), gone.contacts.count()) == (3, 3, 0)
    assert promised.reminders.filter(state="waiting").count() == 4
    assert [event.data["duplicate"] for event in into.events.filter(kind="ticket.merged")] == [gone.number]


def test_what_moved_has_a_new_revision(pair, by_ada, now):
    into, gone = pair
    before = gone.follow_ups.get()
    closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    assert FollowUp.objects.get(pk=before.pk).revision == before.revision + 1
    assert Ticket.objects.get(pk=into.pk).revision == into.revision + 1


def test_earlier_duplicates_follow_the_one_that_stays(log, by_ada, now):
    first, second, third = (log(customer=ANA) for _ in range(3))
    closing.merge(ticket=first, into=second, by=by_ada, now=now)
    closing.merge(ticket=second, into=third, by=by_ada, now=now)
    first.refresh_from_db()
    assert (first.duplicate_of, third.contacts.count()) == (third, 3)


def test_into_an_ended_ticket_only_without_a_promise(pair, by_ada, now):
    into, gone = pair
    closing.close(ticket=into, closing=closing.Closing("spam"), by=by_ada, now=now)
    closing.undo(closure=Closure.objects.get(), by=by_ada, now=now)
    closing.close(ticket=into, closing=closing.Closing("withdrawn", why="gave_up"), by=by_ada, now=now)
    scheduling.tell(follow_up=gone.follow_ups.get(), contact=None, by=by_ada, now=now)
    with pytest.raises(Refused) as refusal:
        closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    assert (refusal.value.code, refusal.value.field) == ("open-promise", "into")


def test_practice_never_mixes_with_real_tickets(log, by_sam, now):
    practice = log(team=factories.team("Demo", is_demo=True))
    with pytest.raises(Invalid) as refusal:
        closing.merge(ticket=practice, into=log(), by=by_sam, now=now)
    assert refusal.value.code == "other-customer"


def test_what_the_caller_read_of_the_other_is_read_again(pair, by_ada, now):
    """The other became a duplicate of this one while the page was open: no two name each other."""
    into, gone = pair
    stale = Ticket.objects.get(pk=into.pk)
    closing.merge(ticket=into, into=gone, by=by_ada, now=now)
    with pytest.raises(Invalid) as refusal:
        closing.merge(ticket=gone, into=stale, by=by_ada, now=now)
    assert (refusal.value.code, refusal.value.field) == ("not-an-original", "into")


def test_follow_up_read_before_the_merge_is_outdated_only_in_the_race(pair, by_ada, now):
    """A stale row names the old ticket: nothing is written to it."""
    into, gone = pair
    stale = gone.follow_ups.get()
    closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    with pytest.raises(Outdated):
        scheduling.take(follow_up=stale, by=by_ada, now=now)
    assert scheduling.take(follow_up=into.follow_ups.get(pk=stale.pk), by=by_ada, now=now).ticket == into


def test_waiver_asked_for_is_answered_by_the_end(pair, by_ada, by_sam, now):
    into, gone = pair
    closing.close(ticket=gone, closing=closing.Closing("no_remedy"), by=by_ada, now=now)
    request = waiving.ask(ticket=gone, kind="exhausted", reason="All tried", by=by_ada, now=now)
    closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    request.refresh_from_db()
    assert (request.answered_at, request.refusal) == (now, "Closed in the meantime: duplicate.")
    [(_request, result)] = waiving.grant(requests=[request], by=by_sam, now=now)
    assert result.code == "already-answered"


@pytest.mark.django_db(transaction=True)
def test_two_merges_into_each_other_at_once(log, by_ada, now):
    """One is done, one refused; neither waits for the other for ever."""
    for _round in range(5):
        first, second = log(customer=ANA), log(customer=ANA)
        results = at_once(
            lambda a=first, b=second: closing.merge(ticket=a, into=b, by=by_ada, now=now).closed,
            lambda a=first, b=second: closing.merge(ticket=b, into=a, by=by_ada, now=now).closed,
        )
        assert sorted(getattr(result, "code", "done") for result in results) == ["done", "not-an-original"], results
    assert Delivery.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_merge_and_answer_at_once(log, by_ada, now):
    """The answer comes before the merge, or is told that the ticket went away; nothing is half done."""
    for turn in range(5):
        her = intake.CustomerGiven(reference=f"C{turn}", name="Ana")  # one customer would soon be called too often
        into, gone = log(customer=her), log(customer=her)
        follow_up = gone.follow_ups.get()
        step = promising.Step(promised_by=now + timedelta(hours=4))
        given = answering.Answer("reached", "answer", next_step=step)
        results = at_once(
            lambda row=follow_up, said=given: answering.answer(follow_up=row, answer=said, by=by_ada, now=now).ended,
            lambda a=gone, b=into: closing.merge(ticket=a, into=b, by=by_ada, now=now).closed,
        )
        assert results[1] is True, results
        assert results[0] is True or results[0].code == "outdated", results
        follow_up.refresh_from_db()
        assert (follow_up.ticket, gone.contacts.count()) == (into, 0)


def test_reopened_duplicate_stands_on_its_own(pair, by_ada, now):
    into, gone = pair
    closing.merge(ticket=gone, into=into, by=by_ada, now=now)
    again = handling.Told("inbound", "phone", summary="It is another matter.")
    handling.record_contact(told=again, ticket=gone, by=by_ada, now=now)
    gone.refresh_from_db()
    assert (gone.state, gone.duplicate_of, gone.follow_ups.open().count()) == ("open", None, 1)
