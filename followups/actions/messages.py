"""Messages to customers: told, moved, closed. Their words, their keys, and the signed way to the customer's page.

They promise contact and news, never an outcome. A message is queued in the transaction of its act and leaves after the
time in which that act can be undone; the clock looks again before it sends.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing

from followups import numbers
from followups.actions import slots
from followups.models import Closure, Customer, Delivery, DeliveryKind, DeliveryState, FollowUp, Ticket

UNDO_TIME = timedelta(seconds=10)
SALT = "followups.promise"


@dataclass(frozen=True)
class Message:
    """`key` never repeats; what it names stands in it, so that an older message is known when the date has moved."""

    key: str
    kind: DeliveryKind
    subject: str
    body: str


def promise_token(follow_up: FollowUp) -> str:
    """The signed end of the address of the customer's page; it names this follow-up and nothing of the customer."""
    name = base64.urlsafe_b64encode(follow_up.pk.bytes).rstrip(b"=").decode()
    return signing.Signer(salt=SALT, sep="~").sign(name)


def promise_from_token(token: str) -> FollowUp | None:
    """The follow-up of a token made here; None for any other text."""
    try:
        name = signing.Signer(salt=SALT, sep="~").unsign(token)
        key = uuid.UUID(bytes=base64.urlsafe_b64decode(name + "=="))
    except (signing.BadSignature, ValueError):
        return None
    return FollowUp.objects.select_related("ticket__customer", "team").filter(pk=key).first()


def promise_link(follow_up: FollowUp) -> str:
    return f"{settings.SITE_URL}/p/{promise_token(follow_up)}"


def key_of(kind: DeliveryKind, follow_up: FollowUp) -> str:
    """One message of a kind for each date of a follow-up."""
    return f"{kind}:{follow_up.pk}:{follow_up.version}"


def told(follow_up: FollowUp) -> Message:
    """What we promised, when, and where to say that it is solved."""
    return _about(DeliveryKind.TOLD, follow_up, "What happens next", "this is what we promised you:")


def moved(follow_up: FollowUp) -> Message:
    return _about(DeliveryKind.MOVED, follow_up, "A new time", "the time we promised has changed. Now it is:")


def closed(closure: Closure) -> Message:
    """Told to the customer after the end of a ticket, with the way to say that it is not so."""
    ticket = closure.ticket
    lines = [
        f"we have closed your request “{_line(ticket.subject)}” (number {numbers.read_aloud(ticket.number)}).",
        "If it is not solved for you, answer this message or call us and name the number: we take it up again.",
    ]
    subject = f"Closed: {_line(ticket.subject)} [{ticket.number}]"
    return Message(f"closed:{closure.pk}", DeliveryKind.CLOSED, subject[:300], _letter(ticket.customer, lines))


def queue(message: Message, *, ticket: Ticket, now: datetime, follow_up: FollowUp | None = None) -> Delivery | None:
    """Write the message down to leave after the undo time, once per key; None where the customer has no address.

    One that was given up or dropped is tried anew, under its old key.
    """
    customer = ticket.customer
    if customer is None or not customer.email:
        return None
    row, made = Delivery.objects.get_or_create(
        key=message.key,
        defaults={
            "kind": message.kind,
            "customer": customer,
            "ticket": ticket,
            "follow_up": follow_up,
            "address": customer.email,
            "subject": message.subject,
            "body": message.body,
            "made_at": now,
            "due_at": now + UNDO_TIME,
        },
    )
    if not made and row.state in (DeliveryState.DEAD, DeliveryState.DROPPED):
        row.state, row.attempts, row.error, row.address = DeliveryState.WAITING, 0, "", customer.email
        row.due_at = now + UNDO_TIME
        row.save()
    return row


def queue_told(*, follow_up: FollowUp, now: datetime) -> Delivery | None:
    """Write the promise to the customer, with the way to her page. It counts as told once it has left."""
    return queue(told(follow_up), ticket=follow_up.ticket, now=now, follow_up=follow_up)


def withdraw(*, ticket: Ticket, now: datetime) -> int:
    """Drop what waits to be sent about a ticket whose closing was undone; how many messages."""
    waiting = Delivery.objects.filter(ticket=ticket, kind=DeliveryKind.CLOSED, state=DeliveryState.WAITING)
    return waiting.update(state=DeliveryState.DROPPED, error="Undone.", due_at=now)


def _about(kind: DeliveryKind, follow_up: FollowUp, title: str, opening: str) -> Message:
    ticket = follow_up.ticket
    lines = [
        opening,
        follow_up.promise,
        f"When: {window(follow_up)} ({follow_up.zone.replace('_', ' ')}).",
        *([f"What we bring: {follow_up.will_bring}"] if follow_up.will_bring else []),
        f"What we promised, and where to tell us that it is solved or not:\n{promise_link(follow_up)}",
        f"Your number: {numbers.read_aloud(ticket.number)}",
    ]
    subject = f"{title}: {_line(ticket.subject)} [{ticket.number}]"
    return Message(key_of(kind, follow_up), kind, subject[:300], _letter(ticket.customer, lines))


def window(follow_up: FollowUp) -> str:
    """The window in the zone in which it was promised: `on Thursday 26 November between 14:00 and 16:00`."""
    if follow_up.promised_from is None:
        return slots.by_words(follow_up.promised_by, follow_up.zone)
    return slots.words(follow_up.promised_from, follow_up.promised_by, follow_up.zone)


def _letter(customer: Customer | None, lines: list[str]) -> str:
    name = _line(customer.name) if customer else ""
    return "\n\n".join([f"Hello {name}," if name else "Hello,", *lines]) + "\n"


def _line(text: str) -> str:
    """Subjects of mail are one line: a line break in them would be a header."""
    return " ".join(text.split())
