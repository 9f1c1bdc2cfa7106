"""The mission as one story: a call comes in, a sentence is said, a promise made, remembered, kept, confirmed and counted."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import answering, closing, handling, intake, messages, promising, scheduling, slots, waiving
from followups.clock import deliveries, reminders
from followups.errors import Refused
from followups.models import Actor, Notice, Policy
from followups.reports import dead_ends, promises, recontact, resolution
from tests import factories
from tests.followups.reports import histories

# A Tuesday; the desk works 09-17 UTC.
TUESDAY = datetime(2026, 11, 24, 10, 5, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def team(db):
    return factories.team("Billing")


@pytest.fixture
def ada(team):
    return factories.agent("ada", team=team)


@pytest.fixture
def sam(team):
    return factories.agent("sam", "supervisor", team=team)


def tick(*instants):
    """The clock passes these instants; it ticks twice at each, as two beats would."""
    for instant in instants:
        reminders.sweep(now=instant)
        reminders.sweep(now=instant + timedelta(seconds=5))


def heard(agent):
    rows = Notice.objects.filter(recipient=agent, kind="reminder").order_by("at")
    return [(row.stage, row.at, row.late_by_seconds) for row in rows]


def figures(report, *, as_of):
    return report.report(histories.question(TUESDAY - 30 * DAY, as_of, end=as_of)).total


def assert_counted(*, as_of):
    """One promise, kept; one dead end, replaced; one resolution that held."""
    kept, ended = figures(promises, as_of=as_of), figures(dead_ends, as_of=as_of)
    assert (kept.num, kept.den, kept.told_share, kept.never_done) == (1, 1, 1.0, 0)
    assert (ended.num, ended.den, ended.replaced, ended.orphans, ended.no_first_step) == (1, 2, 1, 0, 0)
    solved_share = figures(resolution, as_of=as_of).as_of_rate
    again = figures(recontact, as_of=as_of)
    assert (solved_share.num, solved_share.den) == (1, 1)
    assert (again.any_issue.num, again.same_issue.num, again.any_issue.den) == (0, 0, 1)


def assert_confirmed_and_counted(ticket, *, solved_at):
    her = Actor("customer", customer=ticket.customer)
    confirmed = closing.confirm(ticket=ticket, confirmed=True, by=her, now=solved_at + HOUR, by_customer=True)
    assert confirmed.confirmed == "yes"
    assert_counted(as_of=solved_at + 8 * DAY)


def test_call_that_ends_well(team, ada, sam, settings, mailoutbox):
    settings.MAIL_REACHES_PEOPLE = True
    by = Actor("web", agent=ada)

    # The call comes in: who is it, and what did she go through?
    given = intake.tidy(intake.CustomerGiven(name="Ana Lopez", phone="+12125550123", email="ana@example.org"))
    assert intake.find_customer(given) == (None, "")

    # "I can't solve this now": the next free slot is a sentence to read aloud.
    slot = slots.propose(customer=None, team=team, policy=Policy.objects.of(team.pk), now=TUESDAY)[0]
    assert slot.sentence == (
        "We will call you on Thursday 26 November between 10:15 and 12:15 with what we know,"
        " even if we are still waiting."
    )
    step = promising.Step(slot.by_at, slot.from_at, slot.sentence, slot.zone, told=True, will_bring="the bank's answer")
    said = intake.Intake("Refund missing", "Billing/Refund", "phone", given, team=team, agent=ada, follow_up=step)
    ticket, _made = intake.open_ticket(intake=said, by=by, now=TUESDAY)
    promise = ticket.follow_ups.get()
    assert (promise.is_told, promise.told_contact, promise.promiser) == (True, ticket.contacts.get(), ada)

    # The ticket cannot end in "nothing more can be done": that becomes the promise that she just heard.
    note = "Sorry, there is nothing more we can do from here."
    dead_end = closing.close(ticket=ticket, closing=closing.Closing("no_remedy", note), by=by, now=TUESDAY + 2 * MINUTE)
    assert (dead_end.closed, dead_end.replaced_by) == (False, promise)

    # In writing too, once the time to undo is over.
    messages.queue_told(follow_up=promise, now=TUESDAY + 2 * MINUTE)
    deliveries.sweep(now=TUESDAY + 2 * MINUTE)
    assert mailoutbox == []
    deliveries.sweep(now=TUESDAY + 3 * MINUTE)
    [letter] = mailoutbox
    assert (letter.to, slot.sentence in letter.body, "the bank's answer" in letter.body) == (
        ["ana@example.org"], True, True,
    )  # fmt: skip

    # Ada is reminded a quarter of an hour ahead, once, and nobody else is.
    ahead = slot.from_at - 15 * MINUTE
    tick(TUESDAY + HOUR, ahead - MINUTE, ahead, ahead + MINUTE)
    assert (heard(ada), heard(sam)) == ([("ahead", ahead, 0)], [])

    # She calls before that: the banner says what was promised.
    chase = handling.Told("inbound", "phone", purpose="chase", summary="Is there news?")
    handling.record_contact(told=chase, ticket=ticket, by=by, now=ahead + 2 * MINUTE)
    banner = intake.previous_of(ticket.customer, now=ahead + 3 * MINUTE)
    assert (banner.open_tickets, banner.last_promise, banner.contacts_7_days) == ([ticket], promise, 2)

    # Nobody picks up; the call is never dropped. The second one brings something.
    tried = answering.answer(follow_up=promise, answer=answering.Answer("no_answer"), by=by, now=slot.from_at)
    assert (tried.ended, bool(tried.proposed)) == (False, True)
    reached = slot.by_at - MINUTE
    solved = closing.Closing("resolved", "The bank has paid.", evidence="customer_said")
    brought = answering.Answer("reached", "refund", "The money is on its way.", closure=solved)
    answered = answering.answer(follow_up=promise, answer=brought, by=by, now=reached)
    assert (answered.ended, answered.follow_up.state, answered.ticket.outcome) == (True, "kept", "resolved")
    tick(slot.by_at, slot.by_at + HOUR, slot.by_at + DAY)
    assert len(heard(ada)) == 1

    assert_confirmed_and_counted(ticket, solved_at=reached)


def test_promise_that_is_forgotten_climbs_until_somebody_takes_it(team, ada, sam):
    """Nobody calls: each stage comes once and in time, an absence hands it to the team, and the figure says broken."""
    by, lead = Actor("web", agent=ada), Actor("web", agent=sam)
    ben = factories.agent("ben", team=team)
    step = promising.Step(TUESDAY + 2 * HOUR, told=True)
    given = intake.Intake("Charged twice", "Billing/Refund", "phone", team=team, agent=ada, follow_up=step)
    ticket, _made = intake.open_ticket(intake=given, by=by, now=TUESDAY)
    promise = ticket.follow_ups.get()
    due = promise.promised_by
    tick(due - HOUR, due)
    assert [stage for stage, _at, _late in heard(ada)] == ["ahead", "due"]

    # Thirty working minutes later everybody of the team hears it, two hours later the supervisors.
    tick(due + 30 * MINUTE, due + 2 * HOUR, due + 3 * HOUR)
    assert [stage for stage, _at, _late in heard(ada)] == ["ahead", "due", "overdue"]
    assert heard(ben) == [("overdue", due + 30 * MINUTE, 0)]
    assert heard(sam) == [("overdue", due + 30 * MINUTE, 0), ("escalated", due + 2 * HOUR, 0)]

    # Sam hands it to Ben, who brings no news, and then none again.
    scheduling.assign(follow_up=promise, owner=ben, note="Please call her today.", by=lead, now=due + 3 * HOUR)
    next_step = promising.Step(TUESDAY + DAY, channel="phone", told=True)
    late = answering.Answer("reached", "no_news", "Apologised.", next_step=next_step)
    doer = Actor("web", agent=ben)
    answered = answering.answer(follow_up=promise, answer=late, by=doer, now=due + 4 * HOUR)
    assert answered.follow_up.state == "kept_late"
    again = answering.Answer("reached", "no_news", "Still nothing.", closure=closing.Closing("no_remedy"))
    second = answering.answer(follow_up=answered.next_follow_up, answer=again, by=doer, now=TUESDAY + DAY - MINUTE)
    assert sam.notices.filter(kind="review").count() == 1
    assert second.next_follow_up.by_policy

    # An honest no: told what she can do, waived by the one who had no hand in it.
    told = handling.Told("outbound", "phone", summary="Told her about the ombudsman.")
    contact = handling.record_contact(told=told, ticket=ticket, by=doer, now=TUESDAY + DAY).contact
    request = waiving.ask(
        ticket=ticket, kind="final_answer", reason="The bank's last word.", contact=contact, by=doer, now=TUESDAY + DAY
    )
    with pytest.raises(Refused):
        waiving.waive(ticket=ticket, kind="exhausted", reason="x", by=doer, now=TUESDAY + DAY)
    [(_request, waiver)] = waiving.grant(requests=[request], by=lead, now=TUESDAY + DAY + HOUR)
    tick(TUESDAY + 2 * DAY, TUESDAY + 9 * DAY)
    assert (waiver.told_contact, Notice.objects.filter(kind="reminder", at__gt=TUESDAY + DAY).count()) == (contact, 0)

    as_of = TUESDAY + 10 * DAY
    kept, ended = figures(promises, as_of=as_of), figures(dead_ends, as_of=as_of)
    assert (kept.num, kept.den, kept.kept_late, kept.empty_handed) == (1, 2, 1, 1)
    assert (ended.num, ended.den, ended.waived, ended.orphans) == (1, 1, 1, 0)
    assert figures(resolution, as_of=as_of).as_of_rate.num == 0
