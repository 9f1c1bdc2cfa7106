"""The gate: the only way to end a ticket, for every door. A dead end never closes; it becomes the next step."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction

from followups import inputs, notices, phrases, timeline
from followups.actions import escalating, merging, messages, parking, promising, scheduling, targeting
from followups.errors import Forbidden, Invalid, Refused
from followups.models import (
    CLOSING,
    REPLACED,
    Actor,
    Closure,
    Confirmation,
    Confirmed,
    Contact,
    Evidence,
    FollowUp,
    FollowUpState,
    NoticeKind,
    Outcome,
    Reached,
    Reopening,
    Ticket,
    TicketState,
    Waiver,
    WaiverRequest,
    Why,
)

UNDO = timedelta(seconds=10)


@dataclass(frozen=True)
class Closing:
    """What somebody says about the end. `evidence` for resolved, `why` for withdrawn, `follow_up` for dead ends.

    `told`: she just heard the words of the step that stands already, and so it becomes a promise.
    """

    outcome: str
    note: str = ""
    evidence: str = ""
    evidence_text: str = ""
    evidence_contact: Contact | None = None
    why: str = ""
    follow_up: promising.Step | None = None
    duplicate_of: Ticket | None = None
    told: bool = False


@dataclass(frozen=True)
class Closed:
    """What came of it: `closed`, or replaced by a follow-up. `hints` only advise."""

    closed: bool
    ticket: Ticket
    closure: Closure
    replaced_by: FollowUp | None
    hints: list[phrases.Hint]


@transaction.atomic
def close(*, ticket: Ticket, closing: Closing, by: Actor, now: datetime) -> Closed:
    """Say that a ticket is finished. `no_remedy` and `unreachable` are replaced by a follow-up; the others close.

    Refuses `already-closed`, `needs-evidence`, `needs-attempts`; Invalid names the missing field.
    """
    if closing.outcome not in Outcome.values:
        raise Invalid("outcome", f"One of {', '.join(Outcome.values)}.", "unknown-choice")
    ticket, closing = _held(ticket, closing)
    if not ticket.is_open:
        raise Refused("already-closed", "This ticket is closed already.")
    closing = _checked(ticket, closing, by=by)
    replaced_by = _replace(ticket, closing, by=by, now=now) if closing.outcome in REPLACED else None
    hints = phrases.check(closing.note, outcome=closing.outcome, has_follow_up=bool(replaced_by))
    closure = _record(ticket, closing, replaced_by, hints, by=by, now=now)
    if closing.outcome in CLOSING:
        _finish(ticket, closing, by=by, now=now)
        messages.after_closing(closure=closure, by=by, now=now)
    else:
        _advance(ticket, now)
        timeline.record(
            "dead_end.replaced",
            by=by,
            now=now,
            ticket=ticket,
            follow_up=replaced_by,
            outcome=closing.outcome,
            note=closing.note,
        )
    return Closed(closure.closed, ticket, closure, replaced_by, hints)


def _held(ticket: Ticket, closing: Closing) -> tuple[Ticket, Closing]:
    """The rows as they stand: of a merge both, because what the caller read of the other may have changed."""
    if closing.outcome != Outcome.DUPLICATE or closing.duplicate_of is None:
        return scheduling.hold(ticket.pk), closing
    held = scheduling.hold(ticket.pk, closing.duplicate_of.pk)
    return held, replace(closing, duplicate_of=Ticket.objects.get(pk=closing.duplicate_of.pk))


def _checked(ticket: Ticket, closing: Closing, *, by: Actor) -> Closing:
    closing = replace(
        closing,
        note=inputs.block("note", closing.note),
        evidence_text=inputs.block("evidence.text", closing.evidence_text.strip()),
    )
    if closing.outcome == Outcome.RESOLVED:
        return _with_evidence(ticket, closing)
    if closing.outcome == Outcome.UNREACHABLE and not ticket.contacts.filter(direction="outbound").exists():
        raise Refused("needs-attempts", "Nobody has tried to reach her yet.", field="outcome")
    if closing.outcome == Outcome.WITHDRAWN and closing.why not in Why.values:
        raise Invalid("why", f"One of {', '.join(Why.values)}.", "required" if not closing.why else "unknown-choice")
    if closing.outcome == Outcome.DUPLICATE:
        merging.check(ticket, closing.duplicate_of, by=by)
    return closing


def _with_evidence(ticket: Ticket, closing: Closing) -> Closing:
    """Resolved needs to be known from somewhere: her own word, something seen, or another system's reference."""
    if closing.evidence not in Evidence.values:
        raise Refused("needs-evidence", "How do you know that it is resolved?", field="evidence")
    if closing.evidence != Evidence.CUSTOMER_SAID:
        if not closing.evidence_text:
            raise Refused(
                "needs-evidence",
                "Say what was seen, or the reference in the other system.",
                field="evidence.text",
            )
        return closing
    contact = closing.evidence_contact or (
        ticket.contacts.filter(reached__in=[Reached.REACHED, Reached.WRITTEN]).order_by("-at").first()
    )
    if contact is None or contact.ticket_id != ticket.pk or contact.reached not in (Reached.REACHED, Reached.WRITTEN):
        raise Refused("needs-evidence", "No contact of this ticket in which she said so.", field="evidence.contact")
    return replace(closing, evidence_contact=contact)


def _replace(ticket: Ticket, closing: Closing, *, by: Actor, now: datetime) -> FollowUp:
    """The next step instead of the dead end: the one given, else the one that stands, else what the policy proposes."""
    if closing.follow_up:
        promise = scheduling.plan(ticket, closing.follow_up, by=by, now=now)
        scheduling.supersede(ticket, promise, by=by, now=now)
        return promise
    standing = ticket.follow_ups.open().order_by("promised_by").first()
    if standing and closing.told:
        return scheduling.tell(follow_up=standing, contact=None, by=by, now=now)
    return standing or scheduling.plan_by_policy(ticket, by=by, now=now)


def _record(
    ticket: Ticket,
    closing: Closing,
    replaced_by: FollowUp | None,
    hints: list[phrases.Hint],
    *,
    by: Actor,
    now: datetime,
) -> Closure:
    return Closure.objects.create(
        ticket=ticket,
        outcome=closing.outcome,
        note=closing.note,
        closed=closing.outcome in CLOSING,
        at=now,
        entered_at=now,
        by=by.agent,
        by_name=by.name,
        door=by.door,
        evidence=closing.evidence if closing.outcome == Outcome.RESOLVED else "",
        evidence_text=closing.evidence_text if closing.outcome == Outcome.RESOLVED else "",
        evidence_contact=closing.evidence_contact if closing.outcome == Outcome.RESOLVED else None,
        why=closing.why if closing.outcome == Outcome.WITHDRAWN else "",
        replaced_by=replaced_by,
        duplicate_of=closing.duplicate_of if closing.outcome == Outcome.DUPLICATE else None,
        team_id=ticket.team_id,
        agent_id=ticket.agent_id,
        category_id=ticket.category_id,
        channel=ticket.channel,
        priority=ticket.priority,
        hint=hints[0].code if hints else "",
    )


def _finish(ticket: Ticket, closing: Closing, *, by: Actor, now: datetime) -> None:
    if closing.outcome == Outcome.DUPLICATE:
        merging.hand_over(ticket, cast(Ticket, closing.duplicate_of), by=by, now=now)
    hers = closing.outcome == Outcome.WITHDRAWN or closing.evidence == Evidence.CUSTOMER_SAID
    _call_off_open(ticket, "customer" if hers else "us", f"Ticket closed: {closing.outcome}", by=by, now=now)
    ticket.state, ticket.closed_at, ticket.outcome = TicketState.CLOSED, now, closing.outcome
    ticket.resolved_at = now if closing.outcome == Outcome.RESOLVED else None
    ticket.duplicate_of = closing.duplicate_of if closing.outcome == Outcome.DUPLICATE else None
    _advance(ticket, now)
    _answer_requests(ticket, by=by, now=now)
    parking.on_closing(ticket, outcome=closing.outcome, why=closing.why, by=by, now=now)
    timeline.record("ticket.closed", by=by, now=now, ticket=ticket, outcome=closing.outcome, note=closing.note)


def _answer_requests(ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """A waiver that was asked for has nothing left to end."""
    WaiverRequest.objects.filter(ticket=ticket, answered_at__isnull=True).update(
        answered_at=now, answered_by=by.agent, refusal=f"Closed in the meantime: {ticket.outcome}."
    )


def _call_off_open(ticket: Ticket, called_off_by: str, reason: str, *, by: Actor, now: datetime) -> None:
    for follow_up in ticket.follow_ups.open().select_for_update(no_key=True).order_by("pk"):
        scheduling.end(
            follow_up,
            FollowUpState.CALLED_OFF,
            by=by,
            now=now,
            called_off_by=called_off_by,
            called_off_reason=reason,
        )


def _advance(ticket: Ticket, now: datetime) -> None:
    ticket.revision += 1
    ticket.updated_at = now
    ticket.save()


def merge(*, ticket: Ticket, into: Ticket, by: Actor, now: datetime, note: str = "") -> Closed:
    """Close `ticket` as a duplicate of `into`."""
    closing = Closing(outcome=Outcome.DUPLICATE, duplicate_of=into, note=note)
    try:
        return close(ticket=ticket, closing=closing, by=by, now=now)
    except Refused as refusal:
        refusal.field = "into" if refusal.field == "duplicate_of" else refusal.field
        raise


@transaction.atomic
def undo(*, closure: Closure, by: Actor, now: datetime) -> Ticket:
    """Take back one's own closing within ten seconds. The record stays and leaves every metric."""
    ticket = scheduling.hold(closure.ticket_id)
    row = Closure.objects.select_for_update(no_key=True).get(pk=closure.pk)
    if row.undone_at or row.reopened_at or now - row.at > UNDO or not _is_own(row, by):
        raise Refused("too-late", "This can no longer be undone. Reopen the ticket instead.")
    if row.outcome == Outcome.DUPLICATE:
        raise Refused("too-late", "A merge is not undone. Reopen the ticket instead.")
    row.undone_at = now
    row.save(update_fields=["undone_at"])
    if row.closed:
        _restore(ticket, row, by=by, now=now)
        messages.withdraw(ticket=ticket, now=now)
    timeline.record("ticket.changed", by=by, now=now, ticket=ticket, undone=row.outcome)
    return ticket


def _is_own(closure: Closure, by: Actor) -> bool:
    if by.agent:
        return closure.by_id == by.agent.pk
    return closure.by_id is None and (closure.door, closure.by_name) == (by.door, by.name)


def _restore(ticket: Ticket, closure: Closure, *, by: Actor, now: datetime) -> None:
    """As before: the steps that the closing called off, with the reminders that it dropped. Where it came with the
    answer to the last step, the policy gives the next one.
    """
    ended = ticket.follow_ups.filter(state=FollowUpState.CALLED_OFF, ended_at=closure.at)
    for follow_up in ended.select_for_update(no_key=True).order_by("pk"):
        follow_up.state, follow_up.ended_at, follow_up.ended_by = FollowUpState.SCHEDULED, None, None
        follow_up.called_off_by = follow_up.called_off_reason = ""
        scheduling.save(follow_up, now)
        scheduling.restore_reminders(follow_up, dropped_at=closure.at)
    _open_again(ticket, now)
    parking.on_undone(ticket, closure, now=now)
    if not ticket.follow_ups.open().exists():
        scheduling.plan_by_policy(ticket, by=by, now=now, first_update=True)


def _open_again(ticket: Ticket, now: datetime) -> None:
    if ticket.imported:
        ticket.imported, ticket.imported_reopened_at = False, now
    ticket.state, ticket.closed_at, ticket.resolved_at, ticket.outcome = TicketState.OPEN, None, None, ""
    ticket.waived, ticket.confirmed, ticket.duplicate_of = False, Confirmed.UNKNOWN, None
    _advance(ticket, now)


@transaction.atomic
def reopen(
    *,
    ticket: Ticket,
    reason: str,
    by: Actor,
    now: datetime,
    follow_up: promising.Step | None = None,
    contact: Contact | None = None,
    by_customer: bool = False,
) -> Ticket:
    """Open a closed ticket again, with the next step given or the policy's. Its owner is told."""
    ticket = scheduling.hold(ticket.pk)
    if ticket.is_open:
        raise Refused("already-open", "This ticket is open.")
    reason = inputs.line("reason", reason, most=300, required=True)
    if contact and not promising.is_of(ticket, contact):
        raise Invalid("contact", "This contact belongs to another ticket.", "foreign-contact")
    Closure.objects.filter(ticket=ticket, closed=True, reopened_at__isnull=True, undone_at__isnull=True).update(
        reopened_at=now
    )
    Waiver.objects.filter(ticket=ticket, reopened_at__isnull=True).update(reopened_at=now)
    Reopening.objects.create(
        ticket=ticket,
        at=now,
        entered_at=now,
        by=by.agent,
        by_name=by.name,
        by_customer=by_customer,
        reason=reason,
        contact=contact,
    )
    ticket.reopen_count += 1
    _open_again(ticket, now)
    if follow_up:
        scheduling.plan(ticket, follow_up, by=by, now=now)
    else:
        scheduling.plan_by_policy(ticket, by=by, now=now, first_update=True)
    targeting.on_reopening(ticket, by=by, now=now)
    timeline.record("ticket.reopened", by=by, now=now, ticket=ticket, reason=reason, by_customer=by_customer)
    _tell_owner(ticket, f"{ticket.number} {ticket.subject} was reopened: {reason}", by=by, now=now)
    escalating.reopened(ticket, by=by, now=now)
    return ticket


def _tell_owner(ticket: Ticket, text: str, *, by: Actor, now: datetime) -> None:
    """The ticket's owner hears it, else the supervisors; never the one who did it."""
    owner = ticket.agent
    people = [owner] if owner and owner.is_active else notices.supervisors_of(ticket.team_id)
    kind = NoticeKind.CUSTOMER if by.customer else NoticeKind.ANSWERED
    notices.tell([p for p in people if p != by.agent], kind=kind, text=text, now=now, ticket=ticket)


@transaction.atomic
def confirm(
    *,
    ticket: Ticket,
    confirmed: bool,
    by: Actor,
    now: datetime,
    contact: Contact | None = None,
    by_customer: bool = False,
) -> Ticket:
    """The customer's own word on the end. Yes is kept; no reopens the ticket, with its next step."""
    ticket = scheduling.hold(ticket.pk)
    if ticket.is_open:
        raise Refused("not-closed", "This ticket is open: there is nothing to confirm yet.")
    if contact and not promising.is_of(ticket, contact):
        raise Invalid("contact", "This contact belongs to another ticket.", "foreign-contact")
    Confirmation.objects.create(
        ticket=ticket,
        confirmed=confirmed,
        at=now,
        by=by.agent,
        by_name=by.name,
        by_customer=by_customer,
        contact=contact,
    )
    timeline.record("confirmation.recorded", by=by, now=now, ticket=ticket, confirmed="yes" if confirmed else "no")
    if confirmed:
        ticket.confirmed = Confirmed.YES
        _advance(ticket, now)
        return ticket
    reopened = reopen(
        ticket=ticket,
        reason="She says that it is not solved.",
        by=by,
        now=now,
        contact=contact,
        by_customer=by_customer,
    )
    reopened.confirmed = Confirmed.NO
    _advance(reopened, now)
    return reopened


def require_agent(by: Actor) -> None:
    if by.agent is None:
        raise Forbidden("needs-agent", "Only a person may do this, never a bare token.")
