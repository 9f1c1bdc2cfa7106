"""An honest no: the only end of a dead end, by a supervisor who never had a hand in the ticket, with how the customer
was told.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from followups import inputs, notices, timeline
from followups.actions import parking, promising, scheduling, targeting
from followups.actions.closing import require_agent
from followups.errors import Forbidden, Invalid, Refused
from followups.models import (
    REPLACED,
    Actor,
    Agent,
    Closure,
    Contact,
    Delivery,
    Event,
    FollowUpState,
    NoticeKind,
    Role,
    Ticket,
    TicketState,
    Waiver,
    WaiverKind,
    WaiverRequest,
)

LONGEST = 4000
NOT_TOLD = (WaiverKind.EXHAUSTED, WaiverKind.DECEASED)


@transaction.atomic
def ask(
    *, ticket: Ticket, kind: str, reason: str, by: Actor, now: datetime, contact: Contact | None = None
) -> WaiverRequest:
    """Ask the supervisors to waive; the ticket goes on as it is until they answer.

    Asked again, the open request stands.
    """
    require_agent(by)
    ticket = scheduling.hold(ticket.pk)
    _last_dead_end(ticket)
    reason = _checked_reason(kind, reason)
    if contact and not promising.is_of(ticket, contact):
        raise Invalid("contact", "This contact belongs to another ticket.", "foreign-contact")
    request, made = WaiverRequest.objects.get_or_create(
        ticket=ticket,
        answered_at=None,
        defaults={
            "kind": kind,
            "reason": reason,
            "told_contact": contact,
            "asked_at": now,
            "asked_by": by.agent,
        },
    )
    if made:
        timeline.record("waiver.asked", by=by, now=now, ticket=ticket, waiver_kind=kind, reason=reason)
        text = f"{by.name} asks for a waiver on {ticket.number} {ticket.subject}: {reason}"
        notices.tell(notices.supervisors_of(ticket.team_id), kind=NoticeKind.ASKED, text=text, now=now, ticket=ticket)
    return request


@transaction.atomic
def waive(
    *,
    ticket: Ticket,
    kind: str,
    reason: str,
    by: Actor,
    now: datetime,
    told_contact: Contact | None = None,
    told_message: Delivery | None = None,
) -> Waiver:
    """End a dead end for good. Refuses `own-ticket`, `not-told`, `nothing-to-waive`; the open promises end with it."""
    ticket = scheduling.hold(ticket.pk)
    single_hand = _check_hand(ticket, by)
    dead_end = _last_dead_end(ticket)
    reason = _checked_reason(kind, reason)
    _check_told(ticket, kind, told_contact, told_message)
    waiver = Waiver.objects.create(
        ticket=ticket,
        kind=kind,
        reason=reason,
        told_contact=told_contact,
        told_message=told_message,
        at=now,
        entered_at=now,
        by=by.agent,
        single_hand=single_hand,
        team_id=ticket.team_id,
        agent_id=ticket.agent_id,
        category_id=ticket.category_id,
        channel=ticket.channel,
        priority=ticket.priority,
    )
    _end(ticket, dead_end, waiver, by=by, now=now)
    return waiver


def _end(ticket: Ticket, dead_end: Closure, waiver: Waiver, *, by: Actor, now: datetime) -> None:
    for follow_up in ticket.follow_ups.open().select_for_update(no_key=True).order_by("pk"):
        scheduling.end(
            follow_up,
            FollowUpState.CALLED_OFF,
            by=by,
            now=now,
            called_off_by="us",
            called_off_reason=f"Waived: {waiver.kind}",
        )
    ticket.state, ticket.closed_at, ticket.outcome, ticket.waived = (
        TicketState.CLOSED,
        now,
        dead_end.outcome,
        True,
    )
    ticket.revision += 1
    ticket.updated_at = now
    ticket.save()
    _answer_open_request(ticket, waiver, by=by, now=now)
    parking.on_closing(ticket, outcome=targeting.WAIVED, by=by, now=now)
    timeline.record(
        "ticket.waived",
        by=by,
        now=now,
        ticket=ticket,
        waiver_kind=waiver.kind,
        reason=waiver.reason,
        single_hand=waiver.single_hand,
    )


def _answer_open_request(ticket: Ticket, waiver: Waiver, *, by: Actor, now: datetime) -> None:
    for request in ticket.waiver_requests.filter(answered_at__isnull=True).select_related("asked_by"):
        request.answered_at, request.answered_by, request.waiver = now, by.agent, waiver
        request.save(update_fields=["answered_at", "answered_by", "waiver"])
        text = f"{by.name} granted the waiver on {ticket.number} {ticket.subject}."
        notices.tell([request.asked_by], kind=NoticeKind.ANSWERED, text=text, now=now, ticket=ticket)


def _check_hand(ticket: Ticket, by: Actor) -> bool:
    """Whether `by` may waive this ticket; True where an admin must, as no second supervisor exists (single hand)."""
    require_agent(by)
    if by.agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise Forbidden("not-a-supervisor", "Only a supervisor waives. You can ask for it.")
    if had_a_hand(ticket, by.agent):
        raise Forbidden("own-ticket", "You owned this ticket or tried to close it: another supervisor must decide.")
    if by.agent.role == Role.ADMIN:
        if Agent.objects.filter(role=Role.SUPERVISOR, is_active=True, is_demo=by.agent.is_demo).count() >= 2:
            raise Forbidden("not-a-supervisor", "There are supervisors who can decide this.")
        return True
    return False


def had_a_hand(ticket: Ticket, agent: Agent) -> bool:
    """Whether the agent ever owned the ticket or tried to close it."""
    if agent.pk in (ticket.agent_id, ticket.opened_agent_id):
        return True
    if Closure.objects.filter(ticket=ticket, by=agent, undone_at__isnull=True).exists():
        return True
    given = Q(data__agent_id=agent.pk) | Q(data__agent=agent.username)
    return Event.objects.filter(given, ticket=ticket, kind="ticket.assigned").exists()


def _last_dead_end(ticket: Ticket) -> Closure:
    dead_end = (
        Closure.objects.filter(ticket=ticket, outcome__in=REPLACED, undone_at__isnull=True).order_by("-at").first()
    )
    if not ticket.is_open or dead_end is None:
        raise Refused(
            "nothing-to-waive", "Only an open ticket whose closing was replaced by a follow-up can be waived."
        )
    return dead_end


def _checked_reason(kind: str, reason: str) -> str:
    if kind not in WaiverKind.values:
        raise Invalid("kind", f"One of {', '.join(WaiverKind.values)}.", "unknown-choice")
    return inputs.block("reason", reason, most=LONGEST, required=True)


def _check_told(ticket: Ticket, kind: str, contact: Contact | None, message: Delivery | None) -> None:
    if kind in NOT_TOLD:
        return
    told_here = (contact and contact.ticket_id == ticket.pk) or (
        message and message.ticket_id == ticket.pk and message.state == "sent"
    )
    if not told_here:
        raise Refused(
            "not-told",
            "Name the contact or message in which she was told what she can do next.",
            field="told",
        )


def grant(*, requests: list[WaiverRequest], by: Actor, now: datetime) -> list[tuple[WaiverRequest, Waiver | Refused]]:
    """Grant several requests, each in a transaction of its own; what is refused is said beside its request."""
    results: list[tuple[WaiverRequest, Waiver | Refused]] = []
    for request in requests:
        try:
            results.append((request, _grant(request, by=by, now=now)))
        except Refused as refusal:
            results.append((request, refusal))
    return results


@transaction.atomic
def _grant(request: WaiverRequest, *, by: Actor, now: datetime) -> Waiver:
    row = _unanswered(request)
    return waive(ticket=row.ticket, kind=row.kind, reason=row.reason, by=by, now=now, told_contact=row.told_contact)


def _unanswered(request: WaiverRequest) -> WaiverRequest:
    """The request as it stands; the ticket is held first, as every act takes it."""
    scheduling.hold(request.ticket_id)
    row = WaiverRequest.objects.select_related("ticket", "asked_by", "told_contact").get(pk=request.pk)
    if row.answered_at:
        raise Refused("already-answered", "This request was answered already.")
    return row


@transaction.atomic
def refuse(*, request: WaiverRequest, reason: str, by: Actor, now: datetime) -> WaiverRequest:
    """Say no to a request, with a reason for the one who asked."""
    require_agent(by)
    if by.agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise Forbidden("not-a-supervisor", "Only a supervisor answers a request.")
    row = _unanswered(request)
    reason = inputs.line("reason", reason, most=300, required=True)
    row.answered_at, row.answered_by, row.refusal = now, by.agent, reason
    row.save(update_fields=["answered_at", "answered_by", "refusal"])
    timeline.record("waiver.refused", by=by, now=now, ticket=row.ticket, reason=reason)
    text = f"{by.name} did not waive {row.ticket.number} {row.ticket.subject}: {reason}"
    notices.tell([row.asked_by], kind=NoticeKind.ANSWERED, text=text, now=now, ticket=row.ticket)
    return row
