"""What happens on a ticket between its birth and its end: contacts, notes, changes of field and owner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from followups import masking, notices, timeline
from followups.actions import closing, intake
from followups.errors import Invalid
from followups.models import (
    Actor,
    Agent,
    Contact,
    Customer,
    Direction,
    FollowUp,
    Note,
    NoticeKind,
    Purpose,
    Reached,
    Role,
    Ticket,
)

THEN = ("reopen", "new_ticket", "nothing")


@dataclass(frozen=True)
class Told:
    """One interaction, as told to the desk.

    `then` decides what an inbound one does to a closed ticket; empty: it reopens.
    """

    direction: str
    channel: str
    at: datetime | None = None
    reached: str = Reached.REACHED
    purpose: str = ""
    summary: str = ""
    reference: str = ""
    source: str = "desk"
    answers_follow_up: FollowUp | None = None
    waited_seconds: int | None = None
    duration_seconds: int | None = None
    transfers: int | None = None
    mood: str = ""
    disliked: str = ""
    abandoned: bool = False
    then: str = ""


@dataclass(frozen=True)
class Recorded:
    """`made` is False for a reference that was known. `ticket` is the one it ended up on: reopened, or new."""

    contact: Contact
    made: bool
    ticket: Ticket | None


@transaction.atomic
def record_contact(
    *, told: Told, by: Actor, now: datetime, ticket: Ticket | None = None, customer: Customer | None = None
) -> Recorded:
    """Write down a contact, with or without a ticket.

    On a closed ticket an inbound one reopens, opens a new ticket, or neither.
    """
    known = _known(told)
    if known:
        return Recorded(known, False, known.ticket)
    at = told.at or now
    _check(told, at, now)
    if ticket:
        ticket = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
    contact = _write(told, ticket, customer, by=by, now=now, at=at)
    kind = "contact.abandoned" if told.abandoned else "contact.recorded"
    timeline.record(
        kind,
        by=by,
        now=now,
        at=at,
        ticket=ticket,
        customer=contact.customer,
        direction=told.direction,
        channel=told.channel,
        reached=told.reached,
        purpose=told.purpose,
        summary=contact.summary,
    )
    return Recorded(contact, True, _decide(told, contact, ticket, by=by, now=now))


def _known(told: Told) -> Contact | None:
    if not told.reference:
        return None
    return Contact.objects.filter(source=told.source, reference=told.reference).select_related("ticket").first()


def _check(told: Told, at: datetime, now: datetime) -> None:
    if told.direction not in Direction.values:
        raise Invalid("direction", f"One of {', '.join(Direction.values)}.", "unknown-choice")
    if told.reached not in Reached.values:
        raise Invalid("reached", f"One of {', '.join(Reached.values)}.", "unknown-choice")
    if told.purpose and told.purpose not in Purpose.values:
        raise Invalid("purpose", f"One of {', '.join(Purpose.values)}.", "unknown-choice")
    if told.then and told.then not in THEN:
        raise Invalid("then", f"One of {', '.join(THEN)}.", "unknown-choice")
    if at > now + timedelta(minutes=1):
        raise Invalid("at", "A contact cannot lie in the future.", "in-the-future")


def _write(
    told: Told, ticket: Ticket | None, customer: Customer | None, *, by: Actor, now: datetime, at: datetime
) -> Contact:
    return Contact.objects.create(
        source=told.source,
        reference=told.reference or None,
        ticket=ticket,
        customer=(ticket.customer if ticket else None) or customer,
        direction=told.direction,
        channel=told.channel,
        at=at,
        entered_at=now,
        reached=told.reached,
        purpose=told.purpose,
        summary=masking.mask_cards(told.summary),
        answers_follow_up=told.answers_follow_up,
        waited_seconds=told.waited_seconds,
        duration_seconds=told.duration_seconds,
        transfers=told.transfers,
        mood=told.mood,
        disliked=masking.mask_cards(told.disliked),
        abandoned=told.abandoned,
        recorded_by=by.agent,
        team=ticket.team if ticket else None,
    )


def _decide(told: Told, contact: Contact, ticket: Ticket | None, *, by: Actor, now: datetime) -> Ticket | None:
    if ticket is None or ticket.is_open or told.direction != Direction.INBOUND:
        return ticket
    quiet = told.purpose in (Purpose.THANKS, Purpose.AUTOMATIC)
    then = told.then or ("nothing" if quiet else "reopen")
    if then == "reopen":
        reason = contact.summary[:200] or "She contacted us again."
        return closing.reopen(ticket=ticket, reason=reason, by=by, now=now, contact=contact, by_customer=True)
    if then == "new_ticket":
        return _new_ticket(ticket, contact, by=by, now=now)
    return ticket


def _new_ticket(ticket: Ticket, contact: Contact, *, by: Actor, now: datetime) -> Ticket:
    """A new ticket for the same matter. The contact itself is its opening, so that it is counted once."""
    following, _made = intake.open_ticket(
        intake=intake.Intake(
            subject=ticket.subject,
            description=contact.summary,
            category=ticket.category.path,
            channel=contact.channel,
            customer_row=ticket.customer,
            priority=ticket.priority,
            team=ticket.team,
            agent=ticket.agent if ticket.agent and ticket.agent.is_active else None,
            opened_at=contact.at,
            recontact_of=ticket,
            opening=contact,
        ),
        by=by,
        now=now,
    )
    return following


@transaction.atomic
def note(*, ticket: Ticket, text: str, by: Actor, now: datetime) -> Note:
    """An internal note; card numbers are masked."""
    if not text.strip():
        raise Invalid("text", "Write something.", "required")
    row = Note.objects.create(ticket=ticket, text=masking.mask_cards(text), at=now, by=by.agent, by_name=by.name)
    timeline.record("note.added", by=by, now=now, ticket=ticket, note=str(row.pk), text=row.text)
    return row


def _change_agent(ticket: Ticket, agent: Agent | None) -> None:
    if agent and (not agent.is_active or agent.role == Role.AUDITOR):
        raise Invalid("agent", "This person cannot own tickets.", "unknown-agent")
    ticket.agent = agent


def _change_subject(ticket: Ticket, subject: str) -> None:
    if not subject.strip():
        raise Invalid("subject", "Name the problem.", "required")
    ticket.subject = masking.mask_cards(subject.strip())


def _change_extra(ticket: Ticket, extra: Mapping[str, str]) -> None:
    ticket.extra = {key: masking.mask_cards(value) for key, value in extra.items()}


CHANGES: dict[str, Callable[[Ticket, Any], None]] = {
    "subject": _change_subject,
    "description": lambda ticket, text: setattr(ticket, "description", masking.mask_cards(text)),
    "category": lambda ticket, path: setattr(ticket, "category", intake.category_for(path)),
    "priority": lambda ticket, word: setattr(ticket, "priority", word),
    "team": lambda ticket, team: setattr(ticket, "team", team),
    "agent": _change_agent,
    "extra": _change_extra,
}


@transaction.atomic
def change(*, ticket: Ticket, changes: Mapping[str, Any], by: Actor, now: datetime) -> Ticket:
    """Change fields of a ticket: subject, description, category (a path), priority, team, agent, extra."""
    ticket = Ticket.objects.select_for_update(no_key=True).get(pk=ticket.pk)
    before = {name: _shown(ticket, name) for name in changes}
    for name, value in changes.items():
        if name not in CHANGES:
            raise Invalid(name, "This field cannot be changed.", "read-only-field")
        CHANGES[name](ticket, value)
    after = {name: _shown(ticket, name) for name in changes}
    changed = {name: [before[name], after[name]] for name in changes if before[name] != after[name]}
    if not changed:
        return ticket
    ticket.revision += 1
    ticket.updated_at = now
    ticket.save()
    if {"agent", "team"} & changed.keys():
        _assigned(ticket, changed, by=by, now=now)
    others = {name: pair for name, pair in changed.items() if name not in ("agent", "team")}
    if others:
        timeline.record("ticket.changed", by=by, now=now, ticket=ticket, **others)
    return ticket


def _shown(ticket: Ticket, name: str) -> Any:
    value = getattr(ticket, name)
    if name in ("team", "agent", "category"):
        return str(value) if value else ""
    return value


def _assigned(ticket: Ticket, changed: Mapping[str, list[Any]], *, by: Actor, now: datetime) -> None:
    """Open team follow-ups go along with a change of team; those of a person stay with that person."""
    if "team" in changed:
        ticket.follow_ups.open().update(team=ticket.team, updated_at=now)
    agent = ticket.agent.username if ticket.agent else ""
    timeline.record(
        "ticket.assigned",
        by=by,
        now=now,
        ticket=ticket,
        agent=agent,
        team=str(ticket.team or ""),
        **{"from": changed},
    )
    if "agent" in changed and ticket.agent and ticket.agent != by.agent:
        text = f"{by.name} gave you {ticket.number} {ticket.subject}."
        notices.tell([ticket.agent], kind=NoticeKind.ASSIGNED, text=text, now=now, ticket=ticket)
