"""The gate in the pages: how a ticket ends, and what may follow."""

from datetime import timedelta

import pytest

from followups import numbers
from followups.models import Closure, Contact, FollowUp, Waiver, WaiverRequest

RESOLVED = {"outcome": "resolved", "evidence": "customer_said"}


@pytest.fixture
def ticket(desk):
    return desk.ticket(customer=desk.customer())


@pytest.fixture
def close(desk, at, ticket):
    client = at(desk.ada)
    return lambda **given: client.post(f"/tickets/{ticket.number}/closure", given)


def test_nothing_is_chosen_beforehand(desk, at, ticket):
    text = at(desk.ada).get(f"/tickets/{ticket.number}/closure").content.decode()
    form = text[text.index('class="form closing"') :]
    before_slots = form[: form.index("data-slots")]
    assert "checked" not in before_slots


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "outcome"),
        ({"outcome": "resolved"}, "evidence"),
        ({"outcome": "resolved", "evidence": "observed"}, "evidence_text"),
        ({"outcome": "withdrawn"}, "why"),
        ({"outcome": "duplicate"}, "duplicate_of"),
        ({"outcome": "duplicate", "duplicate_of": "12"}, "duplicate_of"),
        ({"outcome": "unreachable"}, "outcome"),
    ],
)
def test_what_is_missing_is_said_at_its_field(close, ticket, given, field):
    answer = close(note="Spoke with her", **given)
    ticket.refresh_from_db()
    assert (answer.status_code, list(answer.context["closure_form"].errors)) == (422, [field])
    assert (ticket.state, "Spoke with her" in answer.content.decode()) == ("open", True)


def test_resolved_closes_and_can_be_undone(close, desk, at, ticket):
    answer = close(**RESOLVED)
    closure = Closure.objects.get()
    ticket.refresh_from_db()
    assert (answer.url, ticket.state) == (f"/tickets/{ticket.number}", "closed")
    page = at(desk.ada).get(answer.url).content.decode()
    assert f"/closures/{closure.pk}/undo" in page
    at(desk.ada).post(f"/closures/{closure.pk}/undo")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.follow_ups.get().state) == ("open", "scheduled")


def test_undo_too_late_says_so(close, desk, at, ticket, time_machine):
    close(**RESOLVED)
    time_machine.move_to(desk.now + timedelta(seconds=11), tick=False)
    answer = at(desk.ada).post(f"/closures/{Closure.objects.get().pk}/undo", follow=True)
    ticket.refresh_from_db()
    assert ticket.state == "closed"
    assert b"can no longer be undone" in answer.content


def test_undo_of_a_foreign_closing_is_not_there(close, desk, at):
    close(**RESOLVED)
    assert at(desk.olu).post(f"/closures/{Closure.objects.get().pk}/undo").status_code == 404


def test_dead_end_keeps_the_standing_step_and_makes_it_a_promise(close, ticket):
    close(outcome="no_remedy", said="yes", slot="")
    closure, step = Closure.objects.get(), FollowUp.objects.get()
    assert (closure.closed, closure.replaced_by, step.is_told) == (False, step, True)


def test_dead_end_without_her_leaves_it_untold(close):
    close(outcome="no_remedy", said="no", slot="")
    assert not FollowUp.objects.get().is_told


def test_dead_end_with_another_slot_promises_that_one(close, desk, at, ticket):
    slot = at(desk.ada).get(f"/tickets/{ticket.number}").context["slots"][1]
    close(outcome="no_remedy", said="yes", slot=slot.value)
    made = Closure.objects.get().replaced_by
    assert (made.promised_by, made.promise, made.is_told) == (slot.proposal.by_at, slot.proposal.sentence, True)


def test_overdue_step_is_not_offered_as_the_next_one(desk, at):
    row = desk.ticket(customer=desk.customer(), due=-timedelta(hours=3))
    answer = at(desk.ada).get(f"/tickets/{row.number}/closure")
    assert answer.context["standing"] is None
    assert b"As planned" not in answer.content


def test_unreachable_needs_a_try_and_becomes_a_promise(close, ticket, desk):
    Contact.objects.create(
        ticket=ticket, direction="outbound", channel="phone", at=desk.now, entered_at=desk.now, reached="no_answer"
    )
    close(outcome="unreachable", slot="")
    ticket.refresh_from_db()
    assert (ticket.state, Closure.objects.get().outcome) == ("open", "unreachable")


def test_duplicate_is_named_as_read_aloud(close, desk, ticket):
    other = desk.ticket(customer=ticket.customer, subject="First one")
    close(outcome="duplicate", duplicate_of=numbers.read_aloud(other.number))
    ticket.refresh_from_db()
    assert (ticket.state, ticket.duplicate_of, other.follow_ups.count()) == ("closed", other, 2)


def test_hint_is_one_line_after_saving(close, desk, at):
    answer = close(**RESOLVED, note="Sorry, nothing more can be done.")
    text = at(desk.ada).get(answer.url).content.decode()
    assert text.count("reads as if the customer left without a remedy") == 1


def test_reopening_needs_a_reason_and_sets_a_next_step(close, desk, at, ticket):
    close(**RESOLVED)
    client = at(desk.ada)
    assert client.post(f"/tickets/{ticket.number}/reopening", {"reason": ""}).status_code == 422
    client.post(f"/tickets/{ticket.number}/reopening", {"reason": "She called again"})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.follow_ups.open().count(), ticket.reopen_count) == ("open", 1, 1)


@pytest.mark.parametrize(("said", "state", "confirmed"), [("yes", "closed", "yes"), ("no", "open", "no")])
def test_her_word_is_kept_and_no_opens_again(close, desk, at, ticket, said, state, confirmed):
    close(**RESOLVED)
    at(desk.ada).post(f"/tickets/{ticket.number}/confirmation", {"confirmed": said})
    ticket.refresh_from_db()
    assert (ticket.state, ticket.confirmed) == (state, confirmed)


def test_agent_asks_for_a_waiver_and_supervisor_gives_it(close, desk, at, ticket):
    close(outcome="no_remedy", said="yes", slot="")
    told = ticket.contacts.get()
    given = {"kind": "final_answer", "reason": "Out of stock for ever", "told": str(told.pk)}
    at(desk.ada).post(f"/tickets/{ticket.number}/waiver", given)
    assert WaiverRequest.objects.get().asked_by == desk.ada
    ticket.refresh_from_db()
    assert ticket.state == "open"
    at(desk.sam).post(f"/tickets/{ticket.number}/waiver", given)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.waived, Waiver.objects.get().by) == ("closed", True, desk.sam)


def test_waiver_without_telling_her_is_refused_in_the_form(close, desk, at, ticket):
    close(outcome="no_remedy", said="yes", slot="")
    answer = at(desk.sam).post(f"/tickets/{ticket.number}/waiver", {"kind": "final_answer", "reason": "No"})
    assert (answer.status_code, list(answer.context["waiver_form"].errors)) == (422, ["told"])
    assert not Waiver.objects.exists()


def test_foreign_ticket_cannot_be_closed(desk, at, ticket):
    client = at(desk.olu)
    for act in ("closure", "reopening", "confirmation", "waiver"):
        assert client.post(f"/tickets/{ticket.number}/{act}", RESOLVED).status_code == 404
