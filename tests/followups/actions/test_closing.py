from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.actions import answering, closing, handling, intake, promising, scheduling
from followups.errors import Invalid, Refused
from followups.models import Actor, ApiToken, Closure, Event, FollowUp, Reminder, Reopening


def end(ticket, by, now, outcome="resolved", **fields):
    return closing.close(ticket=ticket, closing=closing.Closing(outcome, **fields), by=by, now=now)


def test_resolved_with_her_word_closes(ticket, by_ada, now):
    closed = end(ticket, by_ada, now, evidence="customer_said", note="Money is there.")
    ticket.refresh_from_db()
    assert (closed.closed, ticket.state, ticket.outcome, ticket.resolved_at, ticket.closed_at) == (
        True, "closed", "resolved", now, now,
    )  # fmt: skip
    assert closed.closure.evidence_contact == ticket.contacts.get()
    assert ticket.follow_ups.get().state == "called_off"
    assert set(Reminder.objects.values_list("state", flat=True)) == {"dropped"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "needs-evidence"),
        ({"evidence": "observed"}, "needs-evidence"),
        ({"evidence": "other_system", "evidence_text": "  "}, "needs-evidence"),
        ({"evidence": "guessed"}, "needs-evidence"),
    ],
)
def test_resolved_without_evidence_is_refused(ticket, by_ada, now, fields, code):
    with pytest.raises(Refused) as refusal:
        end(ticket, by_ada, now, **fields)
    assert refusal.value.code == code
    assert not Closure.objects.exists()


def test_dead_end_becomes_the_open_follow_up(ticket, by_ada, now):
    standing = ticket.follow_ups.get()
    closed = end(ticket, by_ada, now, "no_remedy", note="Sorry, nothing more can be done.")
    ticket.refresh_from_db()
    assert (closed.closed, closed.replaced_by, ticket.state) == (False, standing, "open")
    assert (closed.closure.outcome, closed.closure.closed, closed.closure.replaced_by) == ("no_remedy", False, standing)


def test_dead_end_becomes_the_follow_up_given(ticket, by_ada, now):
    step = promising.Step(promised_by=now + timedelta(days=2), told=True)
    closed = end(ticket, by_ada, now, "no_remedy", follow_up=step)
    assert closed.replaced_by.promised_by == now + timedelta(days=2)
    assert closed.replaced_by.told_contact == ticket.contacts.get()


def promised(ticket, by, now):
    step = promising.Step(promised_by=now + timedelta(days=2), told=True)
    return end(ticket, by, now, "no_remedy", follow_up=step).replaced_by


def test_dead_end_ends_the_untold_first_step_of_the_policy(ticket, by_ada, now):
    first = ticket.follow_ups.get()
    promise = promised(ticket, by_ada, now)
    assert list(ticket.follow_ups.open()) == [promise]
    first.refresh_from_db()
    assert (first.state, first.called_off_by, first.ended_by) == ("called_off", "us", by_ada.agent)
    assert set(first.reminders.values_list("state", flat=True)) == {"dropped"}
    event = Event.objects.get(kind="follow_up.called_off", follow_up=first)
    assert (event.data["replaced_by"], event.by) == (str(promise.pk), by_ada.agent)


@pytest.mark.parametrize("keep", ["told", "owned", "taken by another", "planned by a person"])
def test_dead_end_leaves_a_step_that_is_somebodys(ticket, by_ada, sam, now, keep):
    fields = {
        "told": {"told_at": now},
        "owned": {"owner": sam},
        "taken by another": {"taken_by": sam, "taken_until": now + timedelta(minutes=1)},
        "planned by a person": {"by_policy": False},
    }
    ticket.follow_ups.update(**fields[keep])
    first = ticket.follow_ups.get()
    promise = promised(ticket, by_ada, now)
    assert set(ticket.follow_ups.open()) == {first, promise}


def test_dead_end_ends_the_step_that_one_is_on_oneself(ticket, by_ada, now):
    ticket.follow_ups.update(taken_by=by_ada.agent, taken_until=now + timedelta(minutes=1))
    assert promised(ticket, by_ada, now) == ticket.follow_ups.open().get()


def test_dead_end_without_a_step_gets_the_policys(log, by_ada, now):
    """Second working day at the hour of her call, two hours long, in the words that name the date."""
    ticket = log()
    ticket.follow_ups.get()
    closing.close(
        ticket=ticket, closing=closing.Closing("resolved", evidence="observed", evidence_text="x"), by=by_ada, now=now
    )
    reopened = closing.reopen(ticket=ticket, reason="again", by=by_ada, now=now)
    first = reopened.follow_ups.open().get()
    scheduling.call_off(
        follow_up=first, called_off_by="us", reason="other date", by=by_ada, now=now,
        next_step=promising.policy_step(ticket=reopened, now=now),
    )  # fmt: skip
    planned = reopened.follow_ups.open().get()
    assert (planned.wall_from, planned.wall_by) == ("2026-11-26T15:00:00", "2026-11-26T17:00:00")
    assert planned.promise == (
        "We will call you on Thursday 26 November between 15:00 and 17:00 with what we know, even if we are still waiting."
    )


def test_unreachable_needs_an_attempt(ticket, by_ada, now):
    with pytest.raises(Refused) as refusal:
        end(ticket, by_ada, now, "unreachable")
    assert refusal.value.code == "needs-attempts"
    handling.record_contact(
        told=handling.Told("outbound", "phone", reached="no_answer"), ticket=ticket, by=by_ada, now=now
    )
    assert end(ticket, by_ada, now, "unreachable").replaced_by == ticket.follow_ups.get()


def test_withdrawn_needs_why(ticket, by_ada, now):
    with pytest.raises(Invalid) as refusal:
        end(ticket, by_ada, now, "withdrawn")
    assert (refusal.value.field, refusal.value.code) == ("why", "required")
    end(ticket, by_ada, now, "withdrawn", why="gave_up")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.resolved_at, ticket.outcome) == ("closed", None, "withdrawn")


def test_closed_ticket_is_not_closed_twice(ticket, by_ada, now):
    end(ticket, by_ada, now, "spam")
    with pytest.raises(Refused) as refusal:
        end(ticket, by_ada, now, "spam")
    assert refusal.value.code == "already-closed"


def test_unknown_outcome_is_refused(ticket, by_ada, now):
    with pytest.raises(Invalid) as refusal:
        end(ticket, by_ada, now, "done")
    assert refusal.value.field == "outcome"


def test_duplicate_hands_over_contacts_and_steps(log, by_ada, now):
    ana = intake.CustomerGiven(reference="C1", name="Ana")
    first, second = log(customer=ana), log(customer=ana)
    end(second, by_ada, now, "duplicate", duplicate_of=first)
    second.refresh_from_db()
    assert (second.state, second.duplicate_of, second.contacts.count(), second.follow_ups.count()) == (
        "closed",
        first,
        0,
        0,
    )
    assert (first.contacts.count(), first.follow_ups.open().count()) == (2, 2)


def test_duplicate_of_another_customer_is_the_supervisors(log, by_ada, by_sam, now):
    first = log(customer=intake.CustomerGiven(reference="C1"))
    second = log(customer=intake.CustomerGiven(reference="C2"))
    with pytest.raises(Invalid) as refusal:
        end(second, by_ada, now, "duplicate", duplicate_of=first)
    assert refusal.value.code == "other-customer"
    assert closing.merge(ticket=second, into=first, by=by_sam, now=now).closed


def test_duplicate_of_itself_or_of_a_duplicate_is_refused(log, by_ada, now):
    ana = intake.CustomerGiven(reference="C1")
    first, second, third = log(customer=ana), log(customer=ana), log(customer=ana)
    with pytest.raises(Invalid, match="no duplicate of itself"):
        end(first, by_ada, now, "duplicate", duplicate_of=first)
    end(second, by_ada, now, "duplicate", duplicate_of=first)
    second.refresh_from_db()
    with pytest.raises(Invalid, match="itself a duplicate"):
        end(third, by_ada, now, "duplicate", duplicate_of=second)


def test_card_numbers_in_notes_are_masked(ticket, by_ada, now):
    closed = end(
        ticket, by_ada, now, evidence="observed", evidence_text="paid with 4111 1111 1111 1111", note="4111111111111111"
    )
    assert closed.closure.note == "•••• •••• •••• 1111"
    assert "4111 1111" not in closed.closure.evidence_text


def test_hint_says_that_the_note_contradicts(ticket, by_ada, now):
    closed = end(ticket, by_ada, now, evidence="customer_said", note="Sorry, there is nothing more we can do.")
    assert [hint.code for hint in closed.hints] == ["note-contradicts-outcome"]
    assert closed.closure.hint == "note-contradicts-outcome"


def test_undo_within_ten_seconds_leaves_no_trace_in_the_state(ticket, by_ada, now):
    closed = end(ticket, by_ada, now, evidence="customer_said")
    closing.undo(closure=closed.closure, by=by_ada, now=now + timedelta(seconds=10))
    ticket.refresh_from_db()
    step = ticket.follow_ups.get()
    assert (ticket.state, ticket.reopen_count, step.state) == ("open", 0, "scheduled")
    assert step.reminders.filter(state="waiting", version=step.version).count() == 4
    assert not Reopening.objects.exists()


def test_undo_later_or_by_another_is_refused(ticket, by_ada, by_sam, now):
    closed = end(ticket, by_ada, now, evidence="customer_said")
    for by, at in ((by_ada, now + timedelta(seconds=11)), (by_sam, now)):
        with pytest.raises(Refused, match="no longer be undone"):
            closing.undo(closure=closed.closure, by=by, now=at)


def test_reopening_brings_a_next_step(ticket, by_ada, now):
    end(ticket, by_ada, now, evidence="customer_said")
    reopened = closing.reopen(ticket=ticket, reason="Not so", by=by_ada, now=now)
    assert (reopened.state, reopened.reopen_count, reopened.resolved_at) == ("open", 1, None)
    assert reopened.follow_ups.open().count() == 1
    assert Closure.objects.get().reopened_at == now
    with pytest.raises(Refused) as refusal:
        closing.reopen(ticket=ticket, reason="Not so", by=by_ada, now=now)
    assert refusal.value.code == "already-open"


def test_her_no_reopens_and_tells_the_owner(ticket, ada, by_ada, now):
    end(ticket, by_ada, now, evidence="observed", evidence_text="The log says so.")
    her = Actor("customer", customer=ticket.customer)
    after = closing.confirm(ticket=ticket, confirmed=False, by=her, now=now, by_customer=True)
    assert (after.state, after.confirmed) == ("open", "no")
    assert [notice.kind for notice in ada.notices.all()] == ["customer"]


def test_her_yes_is_kept(ticket, by_ada, now):
    with pytest.raises(Refused) as refusal:
        closing.confirm(ticket=ticket, confirmed=True, by=by_ada, now=now)
    assert refusal.value.code == "not-closed"
    end(ticket, by_ada, now, evidence="customer_said")
    assert closing.confirm(ticket=ticket, confirmed=True, by=by_ada, now=now).confirmed == "yes"


def test_open_follow_ups_end_with_the_ticket(ticket, by_ada, now):
    scheduling.schedule(ticket=ticket, step=promising.Step(promised_by=now + timedelta(days=1)), by=by_ada, now=now)
    end(ticket, by_ada, now, evidence="observed", evidence_text="Seen.")
    assert set(FollowUp.objects.values_list("state", "called_off_by")) == {("called_off", "us")}


def test_undo_brings_back_the_very_reminders(ticket, by_ada, now):
    """One that fell due before the closing and was not sent yet is sent late, not lost."""
    step = ticket.follow_ups.get()
    before = list(step.reminders.order_by("due_at").values_list("pk", "version", "due_at"))
    at = step.promised_by + timedelta(seconds=3)
    closed = end(ticket, by_ada, at, evidence="customer_said")
    closing.undo(closure=closed.closure, by=by_ada, now=at + timedelta(seconds=9))
    waiting = step.reminders.filter(state="waiting").order_by("due_at").values_list("pk", "version", "due_at")
    assert list(waiting) == before


def test_undo_of_the_answer_to_the_last_step_brings_a_next_one(ticket, by_ada, now):
    """Without it the ticket would be open and without a step, which the database refuses."""
    given = answering.Answer("reached", "answer", closure=closing.Closing("resolved", evidence="customer_said"))
    answered = answering.answer(follow_up=ticket.follow_ups.get(), answer=given, by=by_ada, now=now)
    assert not answered.ticket.is_open
    closing.undo(closure=Closure.objects.get(), by=by_ada, now=now)
    assert [row.by_policy for row in ticket.follow_ups.open()] == [True]


def test_undo_by_another_token_is_refused(ticket, by_ada, now):
    crm, shop = (Actor("api", token=ApiToken(name=name)) for name in ("crm", "shop"))
    closed = end(ticket, crm, now, "spam")
    with pytest.raises(Refused, match="no longer be undone"):
        closing.undo(closure=closed.closure, by=shop, now=now)
    assert closing.undo(closure=closed.closure, by=crm, now=now).is_open


def test_undo_of_a_dead_end_keeps_its_promise(ticket, by_ada, now):
    closed = end(ticket, by_ada, now, "no_remedy", follow_up=promising.Step(promised_by=now + timedelta(hours=4)))
    closing.undo(closure=closed.closure, by=by_ada, now=now)
    assert ticket.follow_ups.open().get() == closed.replaced_by
    assert Closure.objects.get().undone_at == now


def test_her_word_needs_a_contact_in_which_she_was_reached(ticket, by_ada, now):
    told = handling.Told("outbound", "phone", reached="voicemail")
    voicemail = handling.record_contact(told=told, ticket=ticket, by=by_ada, now=now).contact
    with pytest.raises(Refused) as refusal:
        end(ticket, by_ada, now, evidence="customer_said", evidence_contact=voicemail)
    assert (refusal.value.code, refusal.value.field) == ("needs-evidence", "evidence.contact")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"outcome": "spam", "note": "a\x00"}, "note"),
        ({"outcome": "resolved", "evidence": "observed", "evidence_text": "\ud800"}, "evidence.text"),
        ({"outcome": "spam", "note": "x" * 1_000_001}, "note"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_by_field(ticket, by_ada, now, fields, field):
    with pytest.raises(Invalid) as refusal:
        closing.close(ticket=ticket, closing=closing.Closing(**fields), by=by_ada, now=now)
    assert refusal.value.field == field


@pytest.mark.parametrize("reason", ["", " ", "x" * 301, "\x00"])
def test_reopening_needs_a_reason_that_can_be_kept(ticket, by_ada, now, reason):
    end(ticket, by_ada, now, "spam")
    with pytest.raises(Invalid) as refusal:
        closing.reopen(ticket=ticket, reason=reason, by=by_ada, now=now)
    assert refusal.value.field == "reason"


def test_one_megabyte_of_note_is_kept(ticket, by_ada, now):
    assert len(end(ticket, by_ada, now, "spam", note="x" * 1_000_000).closure.note) == 1_000_000


def test_queries_of_a_closing(log, by_ada, now):
    ticket = log()
    with CaptureQueriesContext(connection) as caught:
        end(ticket, by_ada, now, evidence="customer_said")
    assert len(caught) == 12, "\n".join(query["sql"][:150] for query in caught)


def test_queries_of_a_dead_end(log, by_ada, now):
    ticket = log()
    with CaptureQueriesContext(connection) as caught:
        end(ticket, by_ada, now, "no_remedy", follow_up=promising.Step(promised_by=now + timedelta(hours=4), told=True))
    assert len(caught) == 15, "\n".join(query["sql"][:150] for query in caught)
