"""The only writer of history. One event for each act; the words people read are made from its kind and data."""

from datetime import datetime
from typing import Any

from followups.models import Actor, Customer, Event, FollowUp, Ticket

KINDS = {
    "ticket.opened": "opened the ticket",
    "ticket.assigned": "assigned the ticket",
    "ticket.changed": "changed the ticket",
    "ticket.closed": "closed the ticket",
    "ticket.reopened": "reopened the ticket",
    "ticket.waived": "waived the ticket",
    "ticket.merged": "merged a duplicate into this ticket",
    "dead_end.replaced": "replaced a dead end by a follow-up",
    "waiver.asked": "asked for a waiver",
    "waiver.refused": "refused the waiver",
    "follow_up.scheduled": "planned a follow-up",
    "follow_up.told": "told the customer",
    "follow_up.moved": "moved the follow-up",
    "follow_up.assigned": "handed over the follow-up",
    "follow_up.taken": "took the follow-up",
    "follow_up.acknowledged": "acknowledged the follow-up",
    "follow_up.due": "due",
    "follow_up.overdue": "overdue",
    "follow_up.escalated": "escalated to the supervisors",
    "follow_up.attempted": "tried to reach the customer",
    "follow_up.completed": "completed the follow-up",
    "follow_up.called_off": "called off the follow-up",
    "contact.recorded": "recorded a contact",
    "contact.abandoned": "a call was abandoned",
    "note.added": "added a note",
    "confirmation.recorded": "recorded the customer's word",
    "recontact.found": "the customer had to come back",
    "message.sent": "a message went out",
    "message.failed": "a message could not be delivered",
    "customer.merged": "merged two customers",
    "customer.changed": "changed the customer",
    "door.opened": "opened the ticket as the caller was on the line",
    "imported.state": "state in the imported history",
}


def event(
    kind: str,
    *,
    by: Actor,
    now: datetime,
    at: datetime | None = None,
    ticket: Ticket | None = None,
    customer: Customer | None = None,
    follow_up: FollowUp | None = None,
    **data: Any,
) -> Event:
    """An unsaved event. `at` is when it happened (default `now`), `now` when it is written. Refuses an unknown kind."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of event: {kind}")
    return Event(
        kind=kind,
        at=at or now,
        entered_at=now,
        ticket=ticket or (follow_up.ticket if follow_up else None),
        customer=customer,
        follow_up=follow_up,
        by=by.agent,
        by_name=by.name,
        door=by.door,
        data=data,
    )


def record(kind: str, **fields: Any) -> Event:
    """Write one event; the arguments are those of `event`."""
    row = event(kind, **fields)
    row.save(force_insert=True)
    return row


def record_all(rows: list[Event]) -> None:
    Event.objects.bulk_create(rows, batch_size=1000)
