"""Parked tickets: what we asked her and until when we wait. The resolution clock rests for so long, and no longer."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from followups import inputs, timeline
from followups.actions import scheduling, targeting
from followups.errors import Invalid, Refused
from followups.models import (
    Actor,
    Closure,
    Contact,
    Direction,
    Pause,
    Policy,
    Purpose,
    Target,
    TargetClock,
    TargetKind,
    Ticket,
    Waiting,
)

PAUSED = (TargetKind.FIRST_RESPONSE, TargetKind.RESOLUTION)
ANSWERED, BY_HAND, CLOSED, RAN_OUT = "answered", "by_hand", "closed", "ran_out"


@transaction.atomic
def pause(
    *, ticket: Ticket, question: str, until_at: datetime, by: Actor, now: datetime, reason: str = Waiting.CUSTOMER
) -> Pause:
    """Park a ticket until `until_at`, with what was asked. Waiting for a third party pauses no clock of hers.

    Refuses `already-closed`, `already-paused`, `nothing-to-pause`, `too-far`; Invalid names what is missing.
    """
    ticket = scheduling.hold(ticket.pk)
    if not ticket.is_open:
        raise Refused("already-closed", "The ticket is closed.")
    if reason not in Waiting.values:
        raise Invalid("reason", f"One of {', '.join(Waiting.values)}.", "unknown-choice")
    question = inputs.line("question", question, most=500, required=True)
    _check_end(ticket, until_at, by=by, now=now)
    _make_room(ticket, now=now)
    if not _pausable(ticket).exists():
        raise Refused("nothing-to-pause", "No target runs on this ticket: there is nothing to pause.")
    row = Pause.objects.create(
        ticket=ticket,
        reason=reason,
        question=question,
        from_at=now,
        until_at=until_at,
        by=by.agent,
        by_name=by.name,
    )
    timeline.record(
        "ticket.paused", by=by, now=now, ticket=ticket, reason=reason, question=question, until=until_at.isoformat()
    )
    _redate(ticket, now=now)
    return row


def _check_end(ticket: Ticket, until_at: datetime, *, by: Actor, now: datetime) -> None:
    inputs.instant("until_at", until_at)
    if until_at <= now:
        raise Invalid("until_at", "This time has passed.", "in-the-past")
    days = Policy.objects.of(ticket.team_id).horizon_days
    if until_at > now + timedelta(days=days) and not by.supervises:
        raise Refused("too-far", f"Further than {days} days away: ask a supervisor.", field="until_at")


def _make_room(ticket: Ticket, *, now: datetime) -> None:
    """One pause at a time; one that ran out is no longer there."""
    row = running(ticket)
    if row and row.until_at > now:
        raise Refused("already-paused", "This ticket is parked already. End that pause first.")
    if row:
        _end(row, at=row.until_at, why=RAN_OUT)


def running(ticket: Ticket) -> Pause | None:
    return Pause.objects.filter(ticket=ticket, ended_at__isnull=True).first()


@transaction.atomic
def end(*, pause: Pause, by: Actor, now: datetime) -> Pause:
    """Take the ticket up again before the promised end. Refuses `already-ended`."""
    ticket = scheduling.hold(pause.ticket_id)
    row = Pause.objects.select_for_update(no_key=True).get(pk=pause.pk)
    if row.ended_at or row.until_at <= now:
        raise Refused("already-ended", "This pause has ended.")
    _end_early(ticket, row, why=BY_HAND, by=by, now=now)
    return row


def on_contact(ticket: Ticket, contact: Contact, *, by: Actor, now: datetime) -> None:
    """We reached her: targets are met. She answered: what waited for her waits no longer, from when she did."""
    targeting.on_contact(ticket, contact, by=by, now=now)
    if contact.direction != Direction.INBOUND or contact.purpose in (Purpose.AUTOMATIC, Purpose.THANKS):
        return
    row = running(ticket)
    if row and row.reason == Waiting.CUSTOMER and row.from_at < contact.at < row.until_at:
        _end_early(ticket, row, why=ANSWERED, by=by, now=now, at=contact.at)


def on_closing(ticket: Ticket, *, outcome: str, why: str = "", by: Actor, now: datetime) -> None:
    """A closed ticket waits for nobody, and its clocks end."""
    if not Target.objects.exists():
        return
    row = running(ticket)
    if row and row.until_at > now:
        _end_early(ticket, row, why=CLOSED, by=by, now=now)
    targeting.on_closing(ticket, outcome=outcome, why=why, now=now)


def on_undone(ticket: Ticket, closure: Closure, *, now: datetime) -> None:
    """The closing never happened: what it ended waits as before, and the clocks run."""
    if not Target.objects.exists():
        return
    ended = Pause.objects.filter(ticket=ticket, ended_at=closure.at, why_ended=CLOSED)
    ended.update(ended_at=None, why_ended="", ended_by_name="")
    targeting.on_undone(ticket, closure, now=now)


def _end_early(ticket: Ticket, row: Pause, *, why: str, by: Actor, now: datetime, at: datetime | None = None) -> None:
    _end(row, at=at or now, why=why, by=by.name)
    timeline.record("ticket.pause_ended", by=by, now=now, at=at or now, ticket=ticket, why=why)
    _redate(ticket, now=now)


def _end(row: Pause, *, at: datetime, why: str, by: str = "") -> None:
    row.ended_at, row.why_ended, row.ended_by_name = at, why, by
    row.save(update_fields=["ended_at", "why_ended", "ended_by_name"])


def _redate(ticket: Ticket, *, now: datetime) -> None:
    found = list(_pausable(ticket).select_related("target").order_by("pk"))
    for row in found:
        row.ticket = ticket
    targeting.redate(found, now=now)


def _pausable(ticket: Ticket) -> QuerySet[TargetClock]:
    return TargetClock.objects.filter(ticket=ticket, stopped_at__isnull=True, kind__in=PAUSED)
