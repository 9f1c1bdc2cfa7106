"""What the customer does on her own page: she says that it is solved, or not, or chooses another time.

Each is one transaction over the acts that agents use too; pressed twice it is done once.
"""

from datetime import datetime

from django.db import transaction

from followups import notices
from followups.actions import closing, handling, promising, scheduling, slots
from followups.errors import Refused
from followups.models import (
    Actor,
    Confirmed,
    Direction,
    Evidence,
    FollowUp,
    NoticeKind,
    Outcome,
    Purpose,
    Reached,
    Ticket,
)

SOURCE = "customer-page"
CHANNEL = "web"
OFFERED = 4


def offered(*, follow_up: FollowUp, now: datetime) -> list[slots.Proposal]:
    """The times that she may choose from."""
    return promising.proposals(ticket=follow_up.ticket, now=now, count=OFFERED)


@transaction.atomic
def solved(*, follow_up: FollowUp, by: Actor, now: datetime) -> Ticket:
    """She says that it is solved: an open ticket is closed with her word as evidence, and the end is confirmed."""
    ticket, row = scheduling.lock(follow_up)
    if ticket.is_open:
        contact = _said(
            ticket, row, Purpose.THANKS, "She says on her page: it is solved.", by=by, now=now, answers=row
        ).contact
        given = closing.Closing(
            outcome=Outcome.RESOLVED, evidence=Evidence.CUSTOMER_SAID, evidence_contact=contact, note=contact.summary
        )
        closing.close(ticket=ticket, closing=given, by=by, now=now)
        return closing.confirm(ticket=ticket, confirmed=True, by=by, now=now, contact=contact, by_customer=True)
    if ticket.confirmed == Confirmed.YES:
        return ticket
    return closing.confirm(ticket=ticket, confirmed=True, by=by, now=now, by_customer=True)


@transaction.atomic
def not_solved(*, follow_up: FollowUp, by: Actor, now: datetime) -> Ticket:
    """She says that it is not solved: a closed ticket opens again; on an open one it is a chase, once an hour."""
    ticket, row = scheduling.lock(follow_up)
    said = _said(ticket, row, Purpose.CHASE, "She says on her page: it is not solved.", by=by, now=now)
    if not ticket.is_open:
        return closing.confirm(ticket=ticket, confirmed=False, by=by, now=now, contact=said.contact, by_customer=True)
    if said.made:
        _tell_keeper(ticket, row, now)
    return ticket


@transaction.atomic
def another_time(*, follow_up: FollowUp, slot: slots.Proposal, by: Actor, now: datetime) -> FollowUp:
    """She chooses another time: the promise moves with her agreement, and she knows of it."""
    ticket, row = scheduling.lock_open(follow_up)
    if slot.by_at == row.promised_by and slot.from_at == row.promised_from:
        return row
    if not any((slot.from_at, slot.by_at) == (each.from_at, each.by_at) for each in offered(follow_up=row, now=now)):
        raise Refused("slot-gone", "This time is not free any more. Please choose another one.", field="slot")
    contact = _said(
        ticket, row, Purpose.NEWS, "She chose another time on her page.", by=by, now=now, answers=row
    ).contact
    step = promising.Step(slot.by_at, slot.from_at, zone=slot.zone, asked_contact=contact)
    moved = scheduling.move(follow_up=row, step=step, reason=contact.summary, agreed_contact=contact, by=by, now=now)
    return scheduling.tell(follow_up=moved, contact=contact, by=by, now=now)


def _said(
    ticket: Ticket,
    row: FollowUp,
    purpose: Purpose,
    summary: str,
    *,
    by: Actor,
    now: datetime,
    answers: FollowUp | None = None,
) -> handling.Recorded:
    """Her word as an inbound contact. The reference makes the same word of the same hour one contact."""
    told = handling.Told(
        direction=Direction.INBOUND,
        channel=CHANNEL,
        reached=Reached.WRITTEN,
        purpose=purpose,
        summary=summary,
        source=SOURCE,
        reference=f"{purpose}:{row.pk}:{row.version}:{ticket.reopen_count}:{now:%Y%m%d%H}",
        answers_follow_up=answers,
        then="nothing",
    )
    return handling.record_contact(told=told, ticket=ticket, by=by, now=now)


def _tell_keeper(ticket: Ticket, row: FollowUp, now: datetime) -> None:
    keeper = row.owner or row.promiser or ticket.agent
    people = [keeper] if keeper and keeper.is_active else notices.supervisors_of(ticket.team_id)
    text = f"The customer says on her page: {ticket.number} {ticket.subject} is not solved."
    notices.tell(people, kind=NoticeKind.CUSTOMER, text=text, now=now, ticket=ticket, follow_up=row)
