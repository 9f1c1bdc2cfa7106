"""What became of a follow-up: a call tried, or something tangible brought and the next step set, in one act."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.db import transaction

from followups import inputs, ladders, phrases, timeline
from followups.actions import (
    closing,
    customers,
    escalating,
    messages,
    parking,
    planning,
    promising,
    resting,
    retrying,
    scheduling,
    slots,
    turning,
)
from followups.errors import Invalid, Refused
from followups.models import (
    Actor,
    Brought,
    Contact,
    Direction,
    FollowUp,
    FollowUpState,
    Policy,
    Purpose,
    Reached,
    Ticket,
)

WRITTEN = frozenset({"email", "chat", "sms", "letter", "web", "social"})
CLOCKS_APART = timedelta(minutes=1)
REVIEW = turning.REVIEW


@dataclass(frozen=True)
class Answer:
    """`reached` is how the contact went; `brought` what she got. Then a closing, or a next step, or neither."""

    reached: str
    brought: str = ""
    text: str = ""
    from_party: str = ""
    expected_on: date | None = None
    summary: str = ""
    at: datetime | None = None
    closure: closing.Closing | None = None
    next_step: promising.Step | None = None


@dataclass(frozen=True)
class Answered:
    """`ended` is False for a call that did not get through: `proposed` are then the next hours to try."""

    follow_up: FollowUp
    contact: Contact
    ended: bool
    ticket: Ticket
    proposed: list[slots.Proposal] = field(default_factory=list)
    hints: list[phrases.Hint] = field(default_factory=list)
    next_follow_up: FollowUp | None = None


@transaction.atomic
def answer(*, follow_up: FollowUp, answer: Answer, by: Actor, now: datetime) -> Answered:
    """Record the contact; end the follow-up where she was reached, or where she accepted a voicemail.

    Refuses `needs-next-step` where nothing else is planned, `already-ended`, and names what is missing in `brought`.
    """
    answer = _checked(answer)
    other = answer.closure.duplicate_of if answer.closure else None
    ticket, row = scheduling.lock_open(follow_up, *([other.pk] if other else []))
    at = answer.at or now
    if at > now or at < row.promised_at - CLOCKS_APART:
        raise Invalid("at", "The contact lies outside this follow-up.", "out-of-range")
    if answer.expected_on and answer.expected_on < (now - timedelta(days=1)).date():
        raise Invalid("brought.expected_on", "This day has passed.", "in-the-past")
    contact = _contact(ticket, row, answer, by=by, now=now, at=at)
    parking.on_contact(ticket, contact, by=by, now=now)
    if not _ends(row, answer.reached):
        return _tried(ticket, row, contact, by=by, now=now)
    _complete(ticket, row, contact, answer, by=by, now=now)
    return _then(ticket, row, contact, answer, by=by, now=now)


def _checked(answer: Answer) -> Answer:
    if answer.reached not in Reached.values:
        raise Invalid("reached", f"One of {', '.join(Reached.values)}.", "unknown-choice")
    return replace(
        answer,
        text=inputs.block("brought.text", answer.text),
        summary=inputs.block("summary", answer.summary),
        from_party=" ".join(inputs.line("brought.from_party", answer.from_party, most=120).split()),
    )


def _ends(row: FollowUp, reached: str) -> bool:
    if reached == Reached.VOICEMAIL:
        return row.voicemail_ok
    return reached in (Reached.REACHED, Reached.WRITTEN)


def _contact(ticket: Ticket, row: FollowUp, answer: Answer, *, by: Actor, now: datetime, at: datetime) -> Contact:
    return Contact.objects.create(
        ticket=ticket,
        customer=ticket.customer,
        direction=Direction.OUTBOUND,
        channel=_channel(row, answer.reached),
        at=at,
        entered_at=now,
        reached=answer.reached,
        purpose=Purpose.NEWS,
        summary=answer.summary or answer.text,
        follow_up=row,
        recorded_by=by.agent,
        team_id=ticket.team_id,
    )


def is_in_writing(channel: str) -> bool:
    """Every channel but the call, and the review of what may not be said to her at all."""
    return channel not in (promising.CALLS, REVIEW)


def _channel(row: FollowUp, reached: str) -> str:
    """The promised one where it fits how she was reached."""
    if reached == Reached.WRITTEN:
        return row.channel if is_in_writing(row.channel) else "email"
    return promising.CALLS if row.channel in (REVIEW, *WRITTEN) else row.channel


def _tried(ticket: Ticket, row: FollowUp, contact: Contact, *, by: Actor, now: datetime) -> Answered:
    """A call that did not get through is never dropped: it stays open and the next hours are proposed."""
    row.taken_by = row.taken_until = row.try_at = None
    resting.by_act(ladders.ATTEMPTED, ticket, row, by=by, now=now)
    scheduling.save(row, now)
    if contact.reached == Reached.WRONG_NUMBER and ticket.customer:
        customers.number_is_wrong(customer=ticket.customer, by=by, now=now)
    timeline.record(
        "follow_up.attempted",
        by=by,
        now=now,
        at=contact.at,
        ticket=ticket,
        follow_up=row,
        reached=contact.reached,
    )
    return Answered(row, contact, ended=False, ticket=ticket, proposed=retries(follow_up=row, now=now))


def retries(*, follow_up: FollowUp, now: datetime) -> list[slots.Proposal]:
    """What to do after a call that did not get through, the best first."""
    return retrying.proposals(follow_up=follow_up, now=now)


def _complete(ticket: Ticket, row: FollowUp, contact: Contact, answer: Answer, *, by: Actor, now: datetime) -> None:
    brought = _checked_brought(ticket, answer)
    scheduling.end(
        row,
        _kept(row, contact),
        by=by,
        now=now,
        ended_contact=contact,
        brought=brought,
        brought_text=answer.text,
        from_party=answer.from_party,
        expected_on=answer.expected_on,
    )
    timeline.record(
        "follow_up.completed",
        by=by,
        now=now,
        at=contact.at,
        ticket=ticket,
        follow_up=row,
        brought=brought,
        text=row.brought_text,
        reached=contact.reached,
    )
    if brought == Brought.NO_NEWS:
        _escalate_no_news(ticket, row, by=by, now=now)
    if row.state == FollowUpState.BROKEN:
        escalating.broken(ticket, row, by=by, now=now)


def _checked_brought(ticket: Ticket, answer: Answer) -> str:
    """Done only with something tangible, dated news from a named party, or an honest "no news"."""
    if answer.brought not in Brought.values:
        raise Invalid("brought", "What did you bring her?", "required" if not answer.brought else "unknown-choice")
    if answer.brought != Brought.NEWS:
        return answer.brought
    if not answer.from_party:
        raise Invalid("brought.from_party", "News from whom?", "required")
    if answer.expected_on is None:
        raise Invalid("brought.expected_on", "When does that party expect the next news?", "required")
    return Brought.NO_NEWS if _twice_from(ticket, answer.from_party) else Brought.NEWS


def _twice_from(ticket: Ticket, party: str) -> bool:
    """Whether the last two follow-ups brought dated news of this same party: a third in a row, and each after it, is no
    news. What was counted so still names its party and date.
    """
    last = list(
        ticket.follow_ups.ended()
        .exclude(brought="")
        .order_by("-ended_at", "-created_at")
        .values_list("brought", "from_party", "expected_on")[:2]
    )
    return len(last) == 2 and all(
        brought in (Brought.NEWS, Brought.NO_NEWS) and expected_on and told_by.casefold() == party.casefold()
        for brought, told_by, expected_on in last
    )


def _kept(row: FollowUp, contact: Contact) -> FollowUpState:
    """Kept: connected (or written in the promised channel, or a voicemail she accepts) by the promised time."""
    if row.broken_by:
        return FollowUpState.BROKEN
    connected = contact.reached == Reached.REACHED or (
        contact.reached == Reached.WRITTEN and row.channel != promising.CALLS
    )
    connected = connected or (contact.reached == Reached.VOICEMAIL and row.voicemail_ok)
    if row.is_told and not connected:
        return FollowUpState.BROKEN
    return FollowUpState.KEPT if contact.at <= row.promised_by else FollowUpState.KEPT_LATE


def _escalate_no_news(ticket: Ticket, row: FollowUp, *, by: Actor, now: datetime) -> None:
    """No news twice in a row is a supervisor's matter."""
    limit = Policy.objects.of(ticket.team_id).review_no_news
    last = list(
        ticket.follow_ups.ended().exclude(brought="").order_by("-ended_at").values_list("brought", flat=True)[:limit]
    )
    if len(last) == limit and all(brought == Brought.NO_NEWS for brought in last):
        text = f"No news {limit} times in a row on {ticket.number} {ticket.subject}."
        escalating.at_once(ticket, row, why=escalating.NO_NEWS, text=text, by=by, now=now)


def _then(ticket: Ticket, row: FollowUp, contact: Contact, answer: Answer, *, by: Actor, now: datetime) -> Answered:
    if answer.closure:
        given = answer.closure
        if given.evidence == "customer_said" and given.evidence_contact is None:
            given = replace(given, evidence_contact=contact)
        closed = closing.close(ticket=ticket, closing=given, by=by, now=now)
        return Answered(row, contact, True, closed.ticket, hints=closed.hints, next_follow_up=closed.replaced_by)
    following = _planned(ticket, answer.next_step, contact, by=by, now=now) if answer.next_step else None
    if following is None and not ticket.follow_ups.open().exists():
        proposed = planning.next_step(ticket=ticket, now=now)
        raise Refused(
            "needs-next-step",
            "Nothing else is planned on this ticket: set the next date, or close it.",
            field="then",
            proposed=[proposed.promised_by.isoformat()] if proposed else [],
        )
    ticket.revision += 1
    ticket.updated_at = now
    ticket.save(update_fields=["revision", "updated_at"])
    messages.after_keeping(follow_up=row, by=by, now=now)
    return Answered(row, contact, True, ticket, next_follow_up=following)


def _planned(ticket: Ticket, step: promising.Step, contact: Contact, *, by: Actor, now: datetime) -> FollowUp:
    """The next step of the ticket's plan. Told means: in this very contact."""
    policy = Policy.objects.of(ticket.team_id)
    step = planning.placed(ticket=ticket, step=step, by=by, now=now, policy=policy)
    step = replace(step, told=contact) if step.told is True else step
    return scheduling.plan(ticket, step, by=by, now=now, policy=policy)
