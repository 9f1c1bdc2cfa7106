"""The only writer of history. One event for each act; the words people read are made from its kind and data."""

from datetime import datetime
from typing import Any

from django.db import connection

from followups.models import Actor, Customer, Event, FollowUp, Ticket

KINDS = {
    "ticket.opened": "opened the ticket",
    "ticket.assigned": "assigned the ticket",
    "ticket.changed": "changed the ticket",
    "ticket.closed": "closed the ticket",
    "ticket.reopened": "reopened the ticket",
    "ticket.waived": "waived the ticket",
    "ticket.paused": "parked the ticket",
    "ticket.pause_ended": "took the ticket up again",
    "ticket.merged": "merged a duplicate into this ticket",
    "dead_end.replaced": "replaced a dead end by a follow-up",
    "waiver.asked": "asked for a waiver",
    "waiver.refused": "refused the waiver",
    "follow_up.scheduled": "planned a follow-up",
    "follow_up.told": "told the customer",
    "follow_up.moved": "moved the follow-up",
    "follow_up.rezoned": "the zone's rules changed",
    "plan.ended": "the plan ended: the supervisors look",
    "follow_up.turned": "turned the call into writing",
    "follow_up.retried": "planned the next try",
    "follow_up.assigned": "handed over the follow-up",
    "follow_up.taken": "took the follow-up",
    "follow_up.acknowledged": "acknowledged the follow-up",
    "follow_up.due": "due",
    "follow_up.overdue": "overdue",
    "follow_up.escalated": "escalated",
    "follow_up.attempted": "tried to reach the customer",
    "follow_up.completed": "completed the follow-up",
    "follow_up.called_off": "called off the follow-up",
    "target.breached": "a target was missed",
    "contact.recorded": "recorded a contact",
    "contact.abandoned": "a call was abandoned",
    "note.added": "added a note",
    "confirmation.recorded": "recorded the customer's word",
    "recontact.found": "the customer had to come back",
    "message.queued": "wrote a message to the customer",
    "message.sent": "a message went out",
    "message.bounced": "a message came back",
    "message.failed": "a message could not be delivered",
    "customer.merged": "merged two customers",
    "customer.changed": "changed the customer",
    "door.opened": "opened the ticket as the caller was on the line",
    "imported.state": "state in the imported history",
}

# Acts of the clock, from a relation of the statement around it, in the order of its `place`.
STAGES = """
INSERT INTO followups_event (kind, at, entered_at, ticket_id, follow_up_id, by_name, door, data)
SELECT 'follow_up.' || stage, %(now)s, %(now)s, ticket_id, follow_up_id, %(by_name)s, %(door)s,
    jsonb_strip_nulls(jsonb_build_object('promised_by', promised_by, 'late_by_seconds', behind, 'why', why))
FROM {relation} WHERE stage IN ('due', 'overdue', 'escalated') ORDER BY place
"""


def stages_from(relation: str) -> str:
    """The insert of stages that were noticed from a relation with their columns, as a part of a statement that knows
    `now`, `by_name` and `door`.
    """
    return STAGES.format(relation=relation)


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


STAGED = """
INSERT INTO followups_event (kind, at, entered_at, ticket_id, by_name, door, data)
SELECT 'imported.state', at, %s, ticket_id, coalesce(nullif(actor, ''), 'import'), 'import',
    jsonb_strip_nulls(jsonb_build_object('seq', seq, 'state', state, 'ended', ended,
        'resolved', nullif(resolved, false), 'team', nullif(team, ''), 'agent', nullif(agent, ''),
        'priority', nullif(priority, ''), 'reopen_count', reopen_count, 'reassignment_count', reassignment_count))
FROM {table} WHERE ticket_id > %s AND ticket_id <= %s AND NOT is_known AND NOT is_kept ORDER BY ticket_id, seq"""


def record_staged(*, table: str, after: int, until: int, now: datetime) -> int:
    """Write the imported states in a temporary table of the tickets in `(after, until]`; how many."""
    with connection.cursor() as cursor:
        cursor.execute(STAGED.format(table=table), [now, after, until])
        return cursor.rowcount
