from datetime import UTC, datetime, timedelta

import pytest

from desk import access
from followups.actions import closing, customers, handling, intake, promising, scheduling
from followups.errors import Invalid
from followups.models import Actor, Contact, FollowUp, Note, Ticket
from tests import factories
from tests.followups.actions.racing import at_once


def tell(by, now, ticket=None, customer=None, **fields):
    told = handling.Told(**{"direction": "inbound", "channel": "phone", **fields})
    return handling.record_contact(told=told, ticket=ticket, customer=customer, by=by, now=now)


@pytest.fixture
def ended(ticket, by_ada, now):
    closing.close(ticket=ticket, closing=closing.Closing("resolved", evidence="customer_said"), by=by_ada, now=now)
    ticket.refresh_from_db()
    return ticket


# Contacts


def test_contact_is_written_whole(ticket, ada, by_ada, now):
    told = {
        "channel": "Phone",
        "summary": "Card 4111111111111111",
        "mood": "Angry",
        "transfers": 2,
        "waited_seconds": 9,
    }
    row = tell(by_ada, now, ticket, at=now - timedelta(hours=1), **told).contact
    assert (row.channel, row.summary, row.mood) == ("phone", "Card •••• •••• •••• 1111", "angry")
    assert (row.at, row.entered_at, row.recorded_by, row.customer) == (
        now - timedelta(hours=1),
        now,
        ada,
        ticket.customer,
    )


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"direction": "sideways"}, "direction", "unknown-choice"),
        ({"reached": "met"}, "reached", "unknown-choice"),
        ({"purpose": "fun"}, "purpose", "unknown-choice"),
        ({"then": "ignore"}, "then", "unknown-choice"),
        ({"channel": " "}, "channel", "required"),
        ({"channel": "x" * 41}, "channel", "too-long"),
        ({"summary": "\x00"}, "summary", "forbidden-character"),
        ({"disliked": "x" * 201}, "disliked", "too-long"),
        ({"mood": "\ud800"}, "mood", "forbidden-character"),
        ({"reference": "x" * 201}, "reference", "too-long"),
        ({"waited_seconds": 2**31}, "waited_seconds", "out-of-range"),
        ({"duration_seconds": -1}, "duration_seconds", "out-of-range"),
        ({"transfers": 32_768}, "transfers", "out-of-range"),
        ({"at": datetime(2026, 11, 24, 15, 1, 1, tzinfo=UTC)}, "at", "in-the-future"),
        ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "at", "out-of-range"),
    ],
)
def test_bad_contact_names_its_field(ticket, by_ada, now, fields, field, code):
    with pytest.raises(Invalid) as refusal:
        tell(by_ada, now, ticket, **fields)
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_repeated_reference_is_the_same_contact(ticket, by_ada, now):
    first = tell(by_ada, now, ticket, reference="call-1", source="pbx")
    again = tell(by_ada, now, ticket, reference="call-1", source="pbx", summary="again")
    assert (again.contact, again.made, again.ticket) == (first.contact, False, ticket)
    assert tell(by_ada, now, ticket, reference="call-1", source="other").made is True


@pytest.mark.django_db(transaction=True)
def test_same_reference_at_once_is_one_contact(ticket, by_ada, now):
    acts = [lambda: tell(by_ada, now, ticket, reference="call-1", source="pbx").contact.pk] * 4
    results = at_once(*acts)
    assert len(set(results)) == 1, results
    assert Contact.objects.filter(reference="call-1").count() == 1
    assert ticket.events.filter(kind="contact.recorded").count() == 1


def test_answer_to_another_customers_follow_up_is_refused(ticket, log, by_ada, now):
    foreign = log(customer=intake.CustomerGiven(name="Ben")).follow_ups.select_related("ticket").get()
    with pytest.raises(Invalid) as refusal:
        tell(by_ada, now, ticket, answers_follow_up=foreign)
    assert refusal.value.field == "answers_follow_up"
    own = ticket.follow_ups.get()
    assert tell(by_ada, now, ticket, answers_follow_up=own).contact.answers_follow_up == own


def test_call_without_a_ticket_is_of_the_record_that_stayed(log, by_ada, by_sam, now):
    stays = log(customer=intake.CustomerGiven(reference="C1")).customer
    gone = log(customer=intake.CustomerGiven(reference="C2")).customer
    customers.merge(customer=gone, into=stays, by=by_sam, now=now)
    gone.refresh_from_db()
    recorded = tell(by_ada, now, customer=gone, abandoned=True)
    assert (recorded.contact.customer, recorded.ticket) == (stays, None)


# On a closed ticket


def test_inbound_reopens(ended, by_ada, now):
    recorded = tell(by_ada, now, ended, summary="Still no money")
    reopening = ended.reopenings.get()
    assert (recorded.ticket.state, reopening.reason, reopening.by_customer) == ("open", "Still no money", True)
    assert (reopening.contact, recorded.ticket.reopen_count) == (recorded.contact, 1)


def test_blank_words_still_give_a_reason(ended, by_ada, now):
    tell(by_ada, now, ended, summary=" " * 300)
    assert ended.reopenings.get().reason == "She contacted us again."


@pytest.mark.parametrize(
    "fields",
    [{"purpose": "thanks"}, {"purpose": "automatic"}, {"then": "nothing"}, {"direction": "outbound"}],
    ids=lambda fields: next(iter(fields.values())),
)
def test_what_asks_for_nothing_leaves_it_closed(ended, by_ada, now, fields):
    assert tell(by_ada, now, ended, **fields).ticket.state == "closed"


def test_new_ticket_is_opened_by_the_contact_itself(ended, by_ada, now):
    """The call is counted once: it is the opening of the new ticket."""
    later = now + timedelta(hours=1)
    recorded = tell(by_ada, later, ended, then="new_ticket", summary="Charged twice", purpose="chase")
    new = recorded.ticket
    assert (new.recontact_of, new.customer, new.category, new.team) == (
        ended, ended.customer, ended.category, ended.team,
    )  # fmt: skip
    assert (list(new.contacts.all()), new.contacts.get().is_opening) == ([recorded.contact], True)
    assert (ended.contacts.count(), new.follow_ups.open().count()) == (1, 1)


# Notes


def test_note_is_masked_and_never_blank(ticket, by_ada, now):
    assert handling.note(ticket=ticket, text="4111111111111111", by=by_ada, now=now).text == "•••• •••• •••• 1111"
    for text, code in ((" \n", "required"), ("\x00", "forbidden-character")):
        with pytest.raises(Invalid) as refusal:
            handling.note(ticket=ticket, text=text, by=by_ada, now=now)
        assert (refusal.value.field, refusal.value.code) == ("text", code)
    assert Note.objects.count() == 1


# Changes


def change(ticket, by, now, **changes):
    return handling.change(ticket=ticket, changes=changes, by=by, now=now)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"subject": " "}, "subject", "required"),
        ({"subject": "x" * 301}, "subject", "too-long"),
        ({"description": "\x00"}, "description", "forbidden-character"),
        ({"priority": "x" * 61}, "priority", "too-long"),
        ({"category": "\ud800"}, "category", "forbidden-character"),
        ({"extra": {"a": "\x00"}}, "extra.a", "forbidden-character"),
        ({"state": "closed"}, "state", "read-only-field"),
        ({"outcome": "resolved"}, "outcome", "read-only-field"),
    ],
)
def test_bad_change_names_its_field(ticket, by_ada, now, changes, field, code):
    with pytest.raises(Invalid) as refusal:
        change(ticket, by_ada, now, **changes)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert Ticket.objects.get(pk=ticket.pk).revision == ticket.revision


def test_change_is_kept_with_what_was_before(ticket, by_ada, now):
    changed = change(ticket, by_ada, now, priority="Urgent", category="Billing/Invoice", subject="Refund missing")
    event = ticket.events.get(kind="ticket.changed")
    assert (changed.priority, changed.revision) == ("urgent", ticket.revision + 1)
    assert event.data == {"priority": ["", "urgent"], "category": ["Billing/Refund", "Billing/Invoice"]}


def test_nothing_changed_writes_nothing(ticket, by_ada, now):
    assert change(ticket, by_ada, now, subject=ticket.subject).revision == ticket.revision


@pytest.mark.parametrize("fields", [{"is_active": False}, {"role": "auditor"}])
def test_who_cannot_own_is_refused(ticket, by_ada, now, fields):
    with pytest.raises(Invalid) as refusal:
        change(ticket, by_ada, now, agent=factories.agent("olu", **fields))
    assert refusal.value.field == "agent"


def test_new_owner_hears_of_it(ticket, by_sam, now, team):
    ben = factories.agent("ben", team=team)
    change(ticket, by_sam, now, agent=ben)
    assert [notice.kind for notice in ben.notices.all()] == ["assigned"]
    assert ticket.events.get(kind="ticket.assigned").data["agent_id"] == ben.pk


def test_with_another_team_its_follow_ups_go_along(ticket, ada, by_ada, by_sam, now):
    """The new team answers for them. Ada keeps the one that is hers, and the way in to it; Sam's team is out."""
    other = factories.team("Service")
    personal = scheduling.schedule(
        ticket=ticket,
        step=promising.Step(promised_by=now + timedelta(hours=4), owner=ada, channel="email"),
        by=by_ada,
        now=now,
    )
    moved = change(ticket, by_sam, now, team=other, agent=None)
    rows = {row.owner: (row.team, row.revision) for row in moved.follow_ups.all()}
    assert rows == {None: (other, 2), ada: (other, 2)}
    fresh = {"ada": Actor("web", agent=type(ada).objects.get(pk=ada.pk)), "sam": by_sam}
    later = now + timedelta(hours=1)  # the caller is off the line
    seen = {name: Ticket.objects.visible_to(by, now=later).count() for name, by in fresh.items()}
    assert seen == {"ada": 1, "sam": 0}
    assert FollowUp.objects.visible_to(fresh["ada"], now=later).filter(pk=personal.pk).exists()
    assert access.may(fresh["ada"], moved, "answer", now=later)
    assert not access.may(fresh["sam"], moved, "answer", now=later)


def test_two_changes_at_once_both_stand(ticket, by_ada, now):
    """Each reads the row under its lock: none writes back what the other had changed."""
    stale = Ticket.objects.get(pk=ticket.pk)
    change(ticket, by_ada, now, priority="high")
    change(stale, by_ada, now, subject="Refund lost")
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.subject) == ("high", "Refund lost")
