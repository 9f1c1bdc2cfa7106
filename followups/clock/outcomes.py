"""How a delivery ended, and what follows: written under the fence of the lease, each in one transaction."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from followups import notices, numbers, timeline
from followups.actions import messages
from followups.models import (
    Actor,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FollowUp,
    NoticeKind,
    Ticket,
)

CLOCK = Actor(door="clock")
OF_A_DATE = (DeliveryKind.TOLD, DeliveryKind.MOVED)


def hindrance(row: Delivery) -> str:
    """Why it must not go out any more; empty where it may. Looked up just before the sending."""
    if not row.address:
        return "No address."
    if settings.MAIL_REACHES_PEOPLE and _is_demo(row):
        return "The demo writes to nobody."
    if row.kind == DeliveryKind.DIGEST:
        return "" if row.agent and row.agent.is_active else "Not active any more."
    if row.kind == DeliveryKind.CLOSED:
        return "The ticket is open again." if row.ticket and row.ticket.is_open else ""
    return _outdated(row)


def _is_demo(row: Delivery) -> bool:
    return any(other.is_demo for other in (row.agent, row.customer, row.ticket) if other)


def _outdated(row: Delivery) -> str:
    if row.follow_up is None or not row.follow_up.is_open:
        return "The follow-up has ended."
    return "" if row.key == messages.key_of(DeliveryKind(row.kind), row.follow_up) else "The date has moved since."


def _end(row: Delivery, state: DeliveryState, **fields) -> bool:
    """Whether the row was still ours to end."""
    mine = Delivery.objects.filter(pk=row.pk, fence=row.fence, state=DeliveryState.WAITING)
    return bool(mine.update(state=state, leased_until=None, **fields))


def dropped(row: Delivery, *, reason: str) -> bool:
    return _end(row, DeliveryState.DROPPED, error=reason)


def again(row: Delivery, *, error: str, at: datetime) -> bool:
    return _end(row, DeliveryState.WAITING, error=error, due_at=at)


@transaction.atomic
def sent(row: Delivery, *, now: datetime) -> bool:
    """Handed to the mail host. Only a host that reaches people makes a customer told; a file on disk tells nobody."""
    ticket = _held(row)
    if not _end(row, DeliveryState.SENT, sent_at=now, error=""):
        return False
    if ticket and settings.MAIL_REACHES_PEOPLE:
        if row.kind in OF_A_DATE:
            _told(row, ticket, now)
        timeline.record("message.sent", by=CLOCK, now=now, ticket=ticket, follow_up=row.follow_up, message=row.kind)
    elif ticket:
        _not_told(row, ticket, "no mail host is set", now)
    return True


@transaction.atomic
def failed(row: Delivery, *, error: str, now: datetime) -> bool:
    """Given up: the people who promised have to tell her themselves."""
    ticket = _held(row)
    if not _end(row, DeliveryState.DEAD, error=error):
        return False
    if ticket:
        _not_told(row, ticket, "given up", now)
        text = f"The message to {ticket.customer or 'the customer'} about {numbers.read_aloud(ticket.number)} "
        text += "could not be delivered: tell her another way."
        notices.tell(_keepers(row, ticket), kind=NoticeKind.CUSTOMER, text=text, now=now, ticket=ticket)
    return True


def _held(row: Delivery) -> Ticket | None:
    """The ticket's row first, as every act takes it."""
    if row.ticket_id is None:
        return None
    return Ticket.objects.select_for_update(no_key=True, of=["self"]).select_related("customer").get(pk=row.ticket_id)


def _told(row: Delivery, ticket: Ticket, now: datetime) -> None:
    follow_up = FollowUp.objects.select_for_update(no_key=True).get(pk=row.follow_up_id)
    if not follow_up.is_open or follow_up.is_told or row.key != messages.key_of(DeliveryKind(row.kind), follow_up):
        return
    follow_up.told_at, follow_up.told_message = now, row
    follow_up.revision, follow_up.updated_at = follow_up.revision + 1, now
    follow_up.save(update_fields=["told_at", "told_message", "revision", "updated_at"])
    timeline.record("follow_up.told", by=CLOCK, now=now, ticket=ticket, follow_up=follow_up, promise=follow_up.promise)


def _not_told(row: Delivery, ticket: Ticket, why: str, now: datetime) -> None:
    words = {"message": row.kind, "why": why}
    timeline.record("message.failed", by=CLOCK, now=now, ticket=ticket, follow_up=row.follow_up, **words)


def _keepers(row: Delivery, ticket: Ticket) -> list:
    person = (row.follow_up and (row.follow_up.owner or row.follow_up.promiser)) or ticket.agent
    return [person] if person and person.is_active else notices.supervisors_of(ticket.team_id)
