"""What happens on a ticket between its birth and its end: contacts, notes, changes of field and owner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from followups import inputs, notices, timeline
from followups.actions import closing, intake, parking, scheduling, targeting
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

CHOICES: dict[str, tuple[str, ...]] = {
    "direction": tuple(Direction.values),
    "reached": tuple(Reached.values),
    "purpose": ("", *Purpose.values),
    "then": ("", "reopen", "new_ticket", "nothing"),
}


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


def record_contact(
    *, told: Told, by: Actor, now: datetime, ticket: Ticket | None = None, customer: Customer | None = None
) -> Recorded:
    """Write down a contact, with or without a ticket.

    On a closed ticket an inbound one reopens, opens a new ticket, or neither. A repeated reference gives the contact as
    it is.
    """
    told = _checked(told, ticket, now=now)
    known = _known(told)
    if known:
        return Recorded(known, False, known.ticket)
    try:
        return _record(told, ticket, customer, by=by, now=now)
    except IntegrityError:
        twin = _known(told)
        if twin is None:
            raise
        return Recorded(twin, False, twin.ticket)


@transaction.atomic
def _record(told: Told, ticket: Ticket | None, customer: Customer | None, *, by: Actor, now: datetime) -> Recorded:
    ticket = scheduling.hold(ticket.pk) if ticket else None
    contact = _write(told, ticket, customer, by=by, now=now)
    if ticket:
        parking.on_contact(ticket, contact, by=by, now=now)
    timeline.record(
        "contact.abandoned" if told.abandoned else "contact.recorded",
        by=by,
        now=now,
        at=contact.at,
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


def _checked(told: Told, ticket: Ticket | None, *, now: datetime) -> Told:
    for field, known in CHOICES.items():
        value = getattr(told, field)
        if value not in known:
            raise Invalid(field, f"One of {', '.join(filter(None, known))}.", "unknown-choice")
    at = inputs.instant("at", told.at or now)
    if at > now + timedelta(minutes=1):
        raise Invalid("at", "A contact cannot lie in the future.", "in-the-future")
    answered = told.answers_follow_up
    if answered and ticket and answered.ticket_id != ticket.pk and answered.ticket.customer_id != ticket.customer_id:
        raise Invalid("answers_follow_up", "This follow-up belongs to another customer.", "unknown")
    return replace(
        told,
        at=at,
        channel=inputs.word("channel", told.channel, most=40, required=True),
        summary=inputs.block("summary", told.summary),
        reference=inputs.plain("reference", told.reference, most=200),
        source=inputs.plain("source", told.source, most=60, required=True),
        waited_seconds=inputs.count("waited_seconds", told.waited_seconds),
        duration_seconds=inputs.count("duration_seconds", told.duration_seconds),
        transfers=inputs.count("transfers", told.transfers, most=inputs.SMALL),
        mood=inputs.word("mood", told.mood, most=40),
        disliked=inputs.line("disliked", told.disliked, most=200),
    )


def _write(told: Told, ticket: Ticket | None, customer: Customer | None, *, by: Actor, now: datetime) -> Contact:
    hers = ticket.customer if ticket and ticket.customer else customer
    return Contact.objects.create(
        source=told.source,
        reference=told.reference or None,
        ticket=ticket,
        customer=(hers.merged_into or hers) if hers else None,
        direction=told.direction,
        channel=told.channel,
        at=told.at,
        entered_at=now,
        reached=told.reached,
        purpose=told.purpose,
        summary=told.summary,
        answers_follow_up=told.answers_follow_up,
        waited_seconds=told.waited_seconds,
        duration_seconds=told.duration_seconds,
        transfers=told.transfers,
        mood=told.mood,
        disliked=told.disliked,
        abandoned=told.abandoned,
        recorded_by=by.agent,
        team_id=ticket.team_id if ticket else None,
    )


def _decide(told: Told, contact: Contact, ticket: Ticket | None, *, by: Actor, now: datetime) -> Ticket | None:
    if ticket is None or ticket.is_open or told.direction != Direction.INBOUND:
        return ticket
    quiet = told.purpose in (Purpose.THANKS, Purpose.AUTOMATIC)
    then = told.then or ("nothing" if quiet else "reopen")
    if then == "reopen":
        reason = contact.summary[:200].strip() or "She contacted us again."
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
    text = inputs.block("text", text, required=True)
    row = Note.objects.create(ticket=ticket, text=text, at=now, by=by.agent, by_name=by.name)
    timeline.record("note.added", by=by, now=now, ticket=ticket, note=str(row.pk), text=row.text)
    return row


def _change_agent(ticket: Ticket, agent: Agent | None) -> None:
    if agent and (not agent.is_active or agent.role == Role.AUDITOR):
        raise Invalid("agent", "This person cannot own tickets.", "unknown-agent")
    ticket.agent = agent


CHANGES: dict[str, Callable[[Ticket, Any], None]] = {
    "subject": lambda ticket, text: setattr(ticket, "subject", inputs.line("subject", text, most=300, required=True)),
    "description": lambda ticket, text: setattr(ticket, "description", inputs.block("description", text)),
    "category": lambda ticket, path: setattr(ticket, "category", intake.category_for(path)),
    "priority": lambda ticket, text: setattr(ticket, "priority", inputs.word("priority", text, most=60)),
    "team": lambda ticket, team: setattr(ticket, "team", team),
    "agent": _change_agent,
    "extra": lambda ticket, extra: setattr(ticket, "extra", inputs.pairs("extra", extra)),
}


@transaction.atomic
def change(*, ticket: Ticket, changes: Mapping[str, Any], by: Actor, now: datetime) -> Ticket:
    """Change fields of a ticket: subject, description, category (a path), priority, team, agent, extra."""
    ticket = scheduling.hold(ticket.pk)
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
    if {"priority", "category", "team"} & changed.keys():
        targeting.on_change(ticket, by=by, now=now)
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
    """With a change of team its follow-ups go along: the new team answers for them. Those of a person stay with that
    person, who keeps the way in to the ticket.
    """
    if "team" in changed:
        scheduling.keep_whose(ticket.follow_ups.open(), now=now)
        ticket.follow_ups.open().update(team=ticket.team, revision=F("revision") + 1, updated_at=now)
    agent = ticket.agent.username if ticket.agent else ""
    timeline.record(
        "ticket.assigned",
        by=by,
        now=now,
        ticket=ticket,
        agent=agent,
        agent_id=ticket.agent_id,
        team=str(ticket.team or ""),
        **{"from": changed},
    )
    if "agent" in changed and ticket.agent and ticket.agent != by.agent:
        text = f"{by.name} gave you {ticket.number} {ticket.subject}."
        notices.tell([ticket.agent], kind=NoticeKind.ASSIGNED, text=text, now=now, ticket=ticket)
