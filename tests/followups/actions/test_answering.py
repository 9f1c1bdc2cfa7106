from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.actions import answering, closing, promising, scheduling
from followups.errors import Invalid, Refused
from followups.models import Contact, Customer, FollowUp
from tests.followups.actions.racing import at_once


@pytest.fixture
def promise(ticket, by_ada, now):
    """Told, due in five hours; the ticket keeps its first update beside it."""
    return plan(ticket, by_ada, now, told=True)


def plan(ticket, by, now, **fields):
    given = {"promised_by": now + timedelta(hours=5)}
    return scheduling.schedule(ticket=ticket, step=promising.Step(**{**given, **fields}), by=by, now=now)


def say(follow_up, by, now, reached="reached", brought="answer", **fields):
    given = answering.Answer(reached, brought, **fields)
    return answering.answer(follow_up=follow_up, answer=given, by=by, now=now)


# Kept, late, broken


@pytest.mark.parametrize(
    ("seconds", "state"), [(-60, "kept"), (0, "kept"), (1, "kept_late")], ids=["before", "on the dot", "a second late"]
)
def test_connected_by_the_promised_time_is_kept(promise, by_ada, seconds, state):
    at = promise.promised_by + timedelta(seconds=seconds)
    ended = say(promise, by_ada, at).follow_up
    assert (ended.state, ended.ended_at, ended.ended_contact.at) == (state, at, at)


def test_the_contact_counts_not_when_it_was_entered(promise, by_ada):
    """Written down an hour after the call."""
    at = promise.promised_by - timedelta(minutes=1)
    ended = say(promise, by_ada, at + timedelta(hours=1), at=at).follow_up
    assert (ended.state, ended.ended_contact.at, ended.ended_at) == ("kept", at, at + timedelta(hours=1))


def test_answer_in_writing_to_a_promised_call_is_not_kept(promise, by_ada, now):
    answered = say(promise, by_ada, now, "written")
    assert (answered.follow_up.state, answered.contact.channel) == ("broken", "email")


@pytest.mark.parametrize("channel", ["email", "whatsapp", "letter"])
def test_answer_in_the_promised_written_channel_is_kept(ticket, by_ada, now, channel):
    answered = say(plan(ticket, by_ada, now, told=True, channel=channel), by_ada, now, "written")
    assert (answered.follow_up.state, answered.contact.channel) == ("kept", channel)


def test_call_instead_of_the_promised_mail_is_kept(ticket, by_ada, now):
    answered = say(plan(ticket, by_ada, now, told=True, channel="email"), by_ada, now)
    assert (answered.follow_up.state, answered.contact.channel) == ("kept", "phone")


def test_what_was_never_told_cannot_be_broken(ticket, by_ada, now):
    assert say(plan(ticket, by_ada, now), by_ada, now, "written").follow_up.state == "kept"


def test_moved_by_us_alone_stays_broken_when_kept(promise, by_ada, now):
    step = promising.Step(promised_by=now + timedelta(hours=26))
    moved = scheduling.move(follow_up=promise, step=step, reason="Waiting", by=by_ada, now=now)
    assert say(moved, by_ada, now + timedelta(hours=25)).follow_up.state == "broken"


@pytest.mark.parametrize(("accepted", "state", "ended"), [(True, "kept", True), (False, "scheduled", False)])
def test_voicemail_ends_it_only_where_she_accepts_one(ticket, by_ada, now, accepted, state, ended):
    row = plan(ticket, by_ada, now, told=True, voicemail_ok=accepted)
    answered = say(row, by_ada, now, "voicemail")
    assert (answered.ended, answered.follow_up.state) == (ended, state)


# Tried


@pytest.mark.parametrize("reached", ["no_answer", "wrong_number", "voicemail"])
def test_call_that_did_not_get_through_leaves_it_open(promise, by_ada, now, reached):
    scheduling.take(follow_up=promise, by=by_ada, now=now)
    tried = say(promise, by_ada, now, reached, brought="")
    promise.refresh_from_db()
    assert (tried.ended, promise.is_open, promise.taken_by) == (False, True, None)
    assert (tried.contact.follow_up, tried.contact.direction, tried.contact.reached) == (promise, "outbound", reached)
    assert promise.reminders.filter(state="waiting").count() == 4


def test_next_hours_lie_in_her_window_and_the_teams(promise, by_ada, now):
    """At 15:00Z, of a team at work until 17:00Z: on the dot of 17:00 it opens again on Wednesday. She has no address."""
    tried = say(promise, by_ada, now, "no_answer", brought="")
    assert [(slot.from_at, slot.channel) for slot in tried.proposed] == [
        (datetime(2026, 11, 25, 14, tzinfo=UTC), "phone"),
        (now, "none"),
    ]


# What was brought


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"reached": "met"}, "reached", "unknown-choice"),
        ({"brought": ""}, "brought", "required"),
        ({"brought": "hope"}, "brought", "unknown-choice"),
        ({"brought": "news"}, "brought.from_party", "required"),
        ({"brought": "news", "from_party": "bank"}, "brought.expected_on", "required"),
        (
            {"brought": "news", "from_party": "bank", "expected_on": date(2026, 11, 22)},
            "brought.expected_on",
            "in-the-past",
        ),
        ({"brought": "news", "from_party": "b" * 121}, "brought.from_party", "too-long"),
        ({"from_party": "\x00"}, "brought.from_party", "forbidden-character"),
        ({"text": "a\x00b"}, "brought.text", "forbidden-character"),
        ({"summary": "\udfff"}, "summary", "forbidden-character"),
        ({"at": datetime(2026, 11, 24, 15, 0, 1, tzinfo=UTC)}, "at", "out-of-range"),
        ({"at": datetime(2026, 11, 24, 14, 58, tzinfo=UTC)}, "at", "out-of-range"),
        ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "at", "out-of-range"),
    ],
)
def test_bad_answer_names_its_field(promise, by_ada, now, fields, field, code):
    with pytest.raises(Invalid) as refusal:
        say(promise, by_ada, now, **fields)
    promise.refresh_from_db()
    assert (refusal.value.field, refusal.value.code, promise.is_open) == (field, code, True)
    assert Contact.objects.filter(direction="outbound").count() == 0


def bring(ticket, by, at, brought="news", party="The bank", **fields):
    """One more follow-up of the ticket, answered at once."""
    row = plan(ticket, by, at, promised_by=at + timedelta(minutes=30), channel="email")
    fields = {"expected_on": (at + timedelta(days=1)).date(), **fields} if brought == "news" else fields
    return say(row, by, at, brought=brought, from_party=party, **fields).follow_up.brought


def test_third_news_in_a_row_from_one_party_is_no_news(ticket, by_ada, now):
    """And so is each one after it; another party, or something tangible, begins anew."""
    parties = ["The bank", "the  BANK ", "The bank", "The bank", "The carrier", "The bank"]
    brought = [bring(ticket, by_ada, now + timedelta(minutes=turn), party=p) for turn, p in enumerate(parties)]
    assert brought == ["news", "news", "no_news", "no_news", "news", "news"]
    later = now + timedelta(hours=1)
    assert bring(ticket, by_ada, later, brought="credit", party="") == "credit"
    assert bring(ticket, by_ada, later + timedelta(minutes=1)) == "news"


def test_no_news_twice_in_a_row_goes_to_the_supervisors(ticket, by_ada, sam, now):
    bring(ticket, by_ada, now, brought="no_news", party="")
    assert not sam.notices.exists()
    bring(ticket, by_ada, now + timedelta(minutes=1), brought="no_news", party="")
    assert [(notice.kind, notice.text) for notice in sam.notices.all()] == [
        ("review", f"No news 2 times in a row on {ticket.number} Refund missing.")
    ]


def test_no_news_with_something_between_is_quiet(ticket, by_ada, sam, now):
    for turn, brought in enumerate(["no_news", "workaround", "no_news"]):
        bring(ticket, by_ada, now + timedelta(minutes=turn), brought=brought, party="")
    assert not sam.notices.exists()


# And then


def test_last_step_needs_a_next_one(ticket, by_ada, now):
    with pytest.raises(Refused) as refusal:
        say(ticket.follow_ups.get(), by_ada, now)
    assert (refusal.value.code, refusal.value.field) == ("needs-next-step", "then")
    assert ticket.follow_ups.open().count() == 1
    assert not Contact.objects.filter(direction="outbound").exists()


def test_next_step_is_told_in_this_very_contact(ticket, by_ada, now):
    """Also where it was a voicemail, which she accepted."""
    row = plan(ticket, by_ada, now, told=True, voicemail_ok=True)
    step = promising.Step(promised_by=now + timedelta(hours=24), told=True)
    answered = say(row, by_ada, now + timedelta(minutes=1), "voicemail", next_step=step)
    assert answered.next_follow_up.told_contact == answered.contact


def test_her_word_closes_with_this_contact_as_evidence(promise, ticket, by_ada, now):
    given = closing.Closing("resolved", evidence="customer_said")
    answered = say(promise, by_ada, now, closure=given)
    ticket.refresh_from_db()
    assert (ticket.outcome, ticket.closures.get().evidence_contact) == ("resolved", answered.contact)
    assert {row.state for row in ticket.follow_ups.all()} == {"kept", "called_off"}


def test_voicemail_is_not_her_word(ticket, by_ada, now):
    row = plan(ticket, by_ada, now, voicemail_ok=True)
    with pytest.raises(Refused) as refusal:
        say(row, by_ada, now, "voicemail", closure=closing.Closing("resolved", evidence="customer_said"))
    assert refusal.value.code == "needs-evidence"


def test_dead_end_after_an_answer_becomes_the_policys_step(ticket, by_ada, now):
    answered = say(ticket.follow_ups.get(), by_ada, now, closure=closing.Closing("no_remedy"))
    assert (answered.ticket.is_open, answered.next_follow_up.by_policy) == (True, True)


def test_where_she_may_not_be_called_the_policy_speaks_of_writing(ticket, by_ada, now):
    Customer.objects.update(do_not_contact="all", email="ana@example.org")
    answered = say(ticket.follow_ups.get(), by_ada, now, "written", closure=closing.Closing("no_remedy"))
    assert answered.next_follow_up.channel == "email"
    assert answered.next_follow_up.promise.startswith("We will write to you on Thursday 26 November between")


def test_ended_twice_is_refused(promise, by_ada, now):
    say(promise, by_ada, now)
    with pytest.raises(Refused) as refusal:
        say(promise, by_ada, now)
    assert refusal.value.code == "already-ended"


@pytest.mark.django_db(transaction=True)
def test_two_people_answer_at_once_and_one_has_called(ticket, by_ada, by_sam, now):
    row = plan(ticket, by_ada, now)
    results = at_once(*[lambda by=by: say(row, by, now).ended for by in (by_ada, by_sam)])
    assert sorted(getattr(result, "code", "ended") for result in results) == ["already-ended", "ended"], results
    assert Contact.objects.filter(direction="outbound").count() == 1
    assert FollowUp.objects.get(pk=row.pk).state == "kept"


def test_queries_of_an_answer(ticket, by_ada, now):
    row = plan(ticket, by_ada, now, told=True)
    row = FollowUp.objects.get(pk=row.pk)
    step = promising.Step(promised_by=now + timedelta(hours=24), told=True)
    with CaptureQueriesContext(connection) as caught:
        say(row, by_ada, now, next_step=step)
    assert len(caught) == 19, "\n".join(query["sql"][:150] for query in caught)
