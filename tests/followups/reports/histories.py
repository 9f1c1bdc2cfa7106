"""Recorded history for the reports, written as rows: what happened when, by whom, in which words."""

from datetime import datetime, timedelta
from typing import Any

from followups.models import (
    Closure,
    Contact,
    Customer,
    FollowUp,
    FollowUpState,
    Move,
    Reopening,
    Target,
    TargetClock,
    Ticket,
    Waiver,
)
from followups.reports import windows
from tests import factories

LONG_AGO = timedelta(days=400)


def person(name: str, *, now: datetime, **fields: Any) -> Customer:
    return factories.customer(now=now, name=name.title(), email=f"{name}@example.org", reference=name, **fields)


def ticket(customer: Customer | None, *, at: datetime, family: str = "Billing", **fields: Any) -> Ticket:
    """An open ticket and its opening, entered as it happened."""
    team = fields.pop("team", None)
    row = factories.bare_ticket(
        now=at, customer=customer, category=factories.category(family), team=team, opened_team=team, **fields
    )
    contact(row, at=at, is_opening=True)
    return row


def contact(ticket: Ticket | None, *, at: datetime, customer: Customer | None = None, **fields: Any) -> Contact:
    """Inbound unless said, entered as it happened."""
    given = {"direction": "inbound", "channel": "phone", "entered_at": at}
    return Contact.objects.create(
        ticket=ticket, customer=customer or (ticket.customer if ticket else None), at=at, **{**given, **fields}
    )


def close(ticket: Ticket, *, at: datetime, outcome: str = "resolved", **fields: Any) -> Closure:
    given = {
        "outcome": outcome,
        "closed": True,
        "entered_at": at,
        "by_name": "Ada",
        "door": "web",
        "evidence": "observed" if outcome == "resolved" else "",
        "why": "no_longer_needed" if outcome == "withdrawn" else "",
    } | at_its_time(ticket)
    closure = Closure.objects.create(ticket=ticket, at=at, **{**given, **fields})
    end(ticket, at=at, outcome=outcome)
    return closure


def at_its_time(ticket: Ticket) -> dict[str, Any]:
    return {
        "team": ticket.team,
        "agent": ticket.agent,
        "category": ticket.category,
        "channel": ticket.channel,
        "priority": ticket.priority,
    }


def replaced(ticket: Ticket, *, at: datetime, by: FollowUp, outcome: str = "no_remedy") -> Closure:
    """A closing that did not close: a follow-up stands in its place."""
    return Closure.objects.create(
        ticket=ticket,
        at=at,
        outcome=outcome,
        closed=False,
        replaced_by=by,
        entered_at=at,
        by_name="Ada",
        door="web",
        **at_its_time(ticket),
    )


def end(ticket: Ticket, *, at: datetime, outcome: str) -> None:
    ticket.state, ticket.closed_at, ticket.outcome = "closed", at, outcome
    ticket.resolved_at = at if outcome == "resolved" else None
    ticket.save()


def waive(ticket: Ticket, *, at: datetime, by: Any, kind: str = "exhausted", **fields: Any) -> Waiver:
    waiver = Waiver.objects.create(
        ticket=ticket, kind=kind, reason="All ways tried", at=at, entered_at=at, by=by, **at_its_time(ticket), **fields
    )
    end(ticket, at=at, outcome="waived")
    return waiver


def reopen(ticket: Ticket, *, at: datetime, **fields: Any) -> Reopening:
    Closure.objects.filter(ticket=ticket, closed=True, reopened_at=None, undone_at=None).update(reopened_at=at)
    Waiver.objects.filter(ticket=ticket, reopened_at=None).update(reopened_at=at)
    if ticket.imported:
        ticket.imported, ticket.imported_reopened_at = False, at
    ticket.state, ticket.closed_at, ticket.resolved_at, ticket.outcome = "open", None, None, ""
    ticket.save()
    return Reopening.objects.create(
        ticket=ticket, at=at, entered_at=at, by_name="Ada", **{"reason": "It is back", **fields}
    )


def promise(ticket: Ticket, *, made: datetime, by: datetime, told: datetime | None = None, **fields: Any) -> FollowUp:
    """A follow-up that has ended unless said, so that no open one is left behind."""
    given: dict[str, Any] = {"state": FollowUpState.KEPT, "ended_at": by} | fields
    return FollowUp.objects.create(
        ticket=ticket,
        promise="We call you.",
        promised_at=made,
        promised_by=by,
        told_at=told,
        zone="UTC",
        wall_by=f"{by:%Y-%m-%dT%H:%M:%S}",
        created_at=made,
        updated_at=made,
        **given,
    )


def tried(follow_up: FollowUp, *, at: datetime, reached: str = "reached", **fields: Any) -> Contact:
    given = {"direction": "outbound", "follow_up": follow_up, "reached": reached}
    return contact(follow_up.ticket, at=at, **{**given, **fields})


def move(follow_up: FollowUp, *, at: datetime, to: datetime, agreed: bool = False, **fields: Any) -> Move:
    row = Move.objects.create(
        follow_up=follow_up, at=at, by_name="Ada", from_by=follow_up.promised_by, to_by=to, agreed=agreed, **fields
    )
    if follow_up.promised_from:
        follow_up.promised_from += to - follow_up.promised_by
    follow_up.promised_by = to
    follow_up.save()
    return row


def clock(
    ticket: Ticket, *, at: datetime, due: datetime, stopped: datetime | None = None, **fields: Any
) -> TargetClock:
    """A resolution clock of the desk's own target."""
    target = Target.objects.get_or_create(team=None, kind="resolution", amount=1440, defaults={"made_at": at})[0]
    given = {"kind": "resolution", "changed_at": at, "ended": "done" if stopped else ""} | fields
    return TargetClock.objects.create(
        ticket=ticket, target=target, started_at=at, due_at=due, stopped_at=stopped, **given
    )


def question(start: datetime, as_of: datetime, **fields: Any) -> windows.Question:
    return windows.Question(start=start, as_of=as_of, **{"end": as_of, **fields})
