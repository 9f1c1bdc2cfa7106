"""Merging: a duplicate's contacts and follow-ups go to the other ticket with their own times; the end is the gate's."""

from datetime import datetime

from django.db.models import F

from followups import timeline
from followups.errors import Invalid, Refused
from followups.models import Actor, Delivery, Outcome, Ticket


def check(ticket: Ticket, other: Ticket | None, *, by: Actor) -> Ticket:
    """The other ticket, where `ticket` may be merged into it. Both rows are held: no two come to name each other."""
    if other is None:
        raise Invalid("duplicate_of", "Name the other ticket.", "required")
    if other.pk == ticket.pk:
        raise Invalid("duplicate_of", "A ticket is no duplicate of itself.", "itself")
    if other.outcome in (Outcome.DUPLICATE, Outcome.SPAM):
        raise Invalid("duplicate_of", "That ticket is itself a duplicate or spam.", "not-an-original")
    if other.is_demo != ticket.is_demo:
        raise Invalid("duplicate_of", "One of the two is only for practice.", "other-customer")
    same = ticket.customer_id is not None and ticket.customer_id == other.customer_id
    if not same and not by.supervises:
        raise Invalid(
            "duplicate_of",
            "That ticket is another customer's. A supervisor can merge them.",
            "other-customer",
        )
    if not other.is_open and ticket.follow_ups.open().told().exists():
        raise Refused(
            "open-promise",
            "That ticket is closed and this one holds a promise. Reopen it first.",
            field="duplicate_of",
        )
    return other


def hand_over(ticket: Ticket, other: Ticket, *, by: Actor, now: datetime) -> None:
    """Move what happened and what is promised; messages that wait go out in the name of the ticket that stays."""
    ticket.contacts.update(ticket=other)
    steps = ticket.follow_ups.all() if other.is_open else ticket.follow_ups.ended()
    keys = list(steps.values_list("pk", flat=True))
    ticket.follow_ups.filter(pk__in=keys).update(ticket=other, revision=F("revision") + 1, updated_at=now)
    Delivery.objects.filter(ticket=ticket, follow_up__in=keys).update(ticket=other)
    Ticket.objects.filter(duplicate_of=ticket).update(duplicate_of=other)
    other.revision += 1
    other.updated_at = now
    other.save(update_fields=["revision", "updated_at"])
    timeline.record("ticket.merged", by=by, now=now, ticket=other, duplicate=ticket.number)
