"""Messages to customers: told, moved, kept, closed. Their keys, their way, and the signed way to the customer's page.

They promise contact and news, never an outcome. A message is queued in the transaction of its act and leaves after the
time in which that act can be undone; the clock looks again before it sends. Their words stand in `followups.languages`.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction

from followups import languages, numbers, outward, timeline, worktime
from followups.actions import slots
from followups.errors import Refused
from followups.models import (
    Actor,
    Brought,
    Closure,
    Customer,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FollowUp,
    FollowUpState,
    Messaging,
    Outcome,
    Policy,
    Ticket,
)
from followups.models.policies import SENTENCE

UNDO_TIME = timedelta(seconds=10)
SALT = "followups.promise"
MAIL = "mail"
NOT_LEFT = (DeliveryState.DEAD, DeliveryState.DROPPED, DeliveryState.BOUNCED)
DESK = Actor(door="clock")
SILENT_DOORS = ("import", "demo")


@dataclass(frozen=True)
class Message:
    """`key` never repeats; what it names stands in it, so that an older message is known when the date has moved.

    `short` is the whole text where it goes as an SMS.
    """

    key: str
    kind: DeliveryKind
    subject: str
    body: str
    short: str = ""


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


def language_of(ticket: Ticket) -> str:
    """Hers where it is written here, else the team's, else English."""
    hers = ticket.customer.language if ticket.customer else ""
    return languages.known(hers, Messaging.objects.of(ticket.team_id).language)


def told(follow_up: FollowUp) -> Message:
    """What we promised, when, and where to say that it is solved."""
    return _about(DeliveryKind.TOLD, follow_up)


def moved(follow_up: FollowUp) -> Message:
    return _about(DeliveryKind.MOVED, follow_up)


def kept(follow_up: FollowUp) -> Message:
    """What she was brought, by its kind alone: an agent's own notes are not for her; and what comes next."""
    ticket, language = follow_up.ticket, language_of(follow_up.ticket)
    link = promise_link(follow_up)
    given = {
        "brought": languages.LANGUAGES[language].brought[follow_up.brought],
        "subject": _line(ticket.subject),
        "link": link,
    }
    lines = [languages.say(language, "kept", **given)]
    following = ticket.follow_ups.open().told().order_by("promised_by").first()
    if following:
        lines.append(languages.say(language, "next", window=window(following, language), zone=_zone_words(following)))
    lines += [languages.say(language, "page", link=link), languages.say(language, "number", number=_spoken(ticket))]
    short = languages.say(language, "sms_kept", team=_sender(ticket), **given)
    key = f"{DeliveryKind.KEPT}:{follow_up.pk}"
    return _message(key, DeliveryKind.KEPT, ticket, language, lines, short)


def closed(closure: Closure, follow_up: FollowUp | None = None) -> Message:
    """Told to the customer after the end of a ticket, with the way to say that it is not so."""
    ticket, language = closure.ticket, language_of(closure.ticket)
    given = {"subject": _line(ticket.subject), "number": _spoken(ticket)}
    link = promise_link(follow_up) if follow_up else ""
    lines = [languages.say(language, "closed", **given)]
    lines.append(languages.say(language, "not_so", link=link) if link else languages.say(language, "answer_us"))
    short = languages.say(language, "sms_closed", team=_sender(ticket), number=given["number"], link=link).strip()
    return _message(f"closed:{closure.pk}", DeliveryKind.CLOSED, ticket, language, lines, short)


def _about(kind: DeliveryKind, follow_up: FollowUp) -> Message:
    ticket, language = follow_up.ticket, language_of(follow_up.ticket)
    words, link = window(follow_up, language), promise_link(follow_up)
    lines = [
        languages.say(language, str(kind)),
        promise_words(follow_up, language),
        languages.say(language, "when", window=words, zone=_zone_words(follow_up)),
        *([languages.say(language, "bring", what=follow_up.will_bring)] if follow_up.will_bring else []),
        languages.say(language, "page", link=link),
        languages.say(language, "number", number=_spoken(ticket)),
    ]
    short = languages.say(language, f"sms_{kind}", team=_sender(ticket), window=words, link=link)
    return _message(key_of(kind, follow_up), kind, ticket, language, lines, short)


def _message(key: str, kind: DeliveryKind, ticket: Ticket, language: str, lines: list[str], short: str) -> Message:
    title = languages.say(language, f"{kind}_title")
    subject = f"{title}: {_line(ticket.subject)} [{ticket.number}]"
    name = _line(ticket.customer.name) if ticket.customer else ""
    hello = languages.say(language, "hello", name=name) if name else languages.say(language, "hello_nobody")
    return Message(key, kind, subject[:300], "\n\n".join([hello, *lines]) + "\n", _line(short))


def promise_words(follow_up: FollowUp, language: str) -> str:
    """As it was said. The desk's own sentence is said in her language; an agent's words stay as they are."""
    policy = Policy.objects.of(follow_up.ticket.team_id) if language != languages.ENGLISH else None
    if policy is None or policy.sentence != SENTENCE:
        return follow_up.promise
    start, end, zone = follow_up.promised_from, follow_up.promised_by, follow_up.zone
    for channel, key in (("phone", "call"), ("email", "write")):
        if follow_up.promise == slots.sentence(policy, from_at=start, by_at=end, zone=zone, channel=channel):
            return languages.say(language, key, window=window(follow_up, language))
    return follow_up.promise


def window(follow_up: FollowUp, language: str = languages.ENGLISH) -> str:
    """The window in her zone and language: `on Thursday 26 November between 14:00 and 16:00`."""
    zone = zone_of(follow_up)
    start = worktime.to_wall(follow_up.promised_from, zone) if follow_up.promised_from else None
    return languages.window(language, start, worktime.to_wall(follow_up.promised_by, zone))


def zone_of(follow_up: FollowUp) -> str:
    """Hers where it is known, else the one in which it was promised."""
    hers = follow_up.ticket.customer.zone if follow_up.ticket.customer else ""
    return hers if hers and worktime.is_zone(hers) else follow_up.zone


def _zone_words(follow_up: FollowUp) -> str:
    return zone_of(follow_up).replace("_", " ")


def _spoken(ticket: Ticket) -> str:
    return numbers.read_aloud(ticket.number)


def _sender(ticket: Ticket) -> str:
    return _line(str(ticket.team)) if ticket.team_id else "Agent Desk"


def _line(text: str) -> str:
    """Subjects of mail are one line: a line break in them would be a header."""
    return " ".join(text.split())


def way_to(customer: Customer, follow_up: FollowUp | None) -> tuple[str, str] | None:
    """The route and the address: SMS where she has no mail address, or was promised it so; None where neither is."""
    textable = outward.sends_sms() and outward.PHONE.fullmatch(customer.phone) and not customer.phone_wrong_at
    wished = follow_up is not None and follow_up.channel == "sms"
    if textable and (wished or not customer.email):
        return outward.sms_route(), customer.phone
    return (MAIL, customer.email) if customer.email else None


def queue(
    message: Message, *, ticket: Ticket, now: datetime, follow_up: FollowUp | None = None, by: Actor = DESK
) -> Delivery | None:
    """Write the message down to leave after the undo time, once per key; None where the customer has no address.

    One that was given up, dropped or came back is tried anew, under its old key.
    """
    customer = ticket.customer
    way = way_to(customer, follow_up) if customer else None
    if way is None:
        return None
    sent_so = {"route": way[0], "address": way[1], "body": message.body if way[0] == MAIL else message.short}
    told_of = {"customer": customer, "ticket": ticket, "follow_up": follow_up}
    given = {**sent_so, **told_of, "kind": message.kind, "subject": message.subject}
    row, made = Delivery.objects.get_or_create(
        key=message.key, defaults={**given, "made_at": now, "due_at": now + UNDO_TIME}
    )
    if not made and row.state in NOT_LEFT:
        _wait_again(row, now=now + UNDO_TIME, **sent_so)
        made = True
    if made:
        _queued(row, by=by, now=now)
    return row


def _queued(row: Delivery, *, by: Actor, now: datetime) -> None:
    words = {"message": row.kind, "delivery": str(row.pk), "route": "mail" if row.route == MAIL else "sms"}
    timeline.record("message.queued", by=by, now=now, ticket=row.ticket, follow_up=row.follow_up, **words)


def _wait_again(row: Delivery, *, now: datetime, **fields: str) -> None:
    for name, value in fields.items():
        setattr(row, name, value)
    row.state, row.attempts, row.error, row.due_at, row.leased_until = DeliveryState.WAITING, 0, "", now, None
    row.save(update_fields=["state", "attempts", "error", "due_at", "leased_until", *fields])


def queue_told(*, follow_up: FollowUp, now: datetime, by: Actor = DESK) -> Delivery | None:
    """Write the promise to the customer, with the way to her page. It counts as told once it has left."""
    return queue(told(follow_up), ticket=follow_up.ticket, now=now, follow_up=follow_up, by=by)


@transaction.atomic
def replay(*, delivery: Delivery, by: Actor, now: datetime) -> Delivery:
    """Try one anew that was given up, dropped or came back, under its old key."""
    row = Delivery.objects.select_for_update(no_key=True, of=["self"]).select_related("ticket").get(pk=delivery.pk)
    if row.state not in NOT_LEFT:
        raise Refused("not-dead", "This message waits, or was sent.")
    _wait_again(row, now=now)
    if row.ticket_id:
        _queued(row, by=by, now=now)
    return row


def after_planning(*, follow_up: FollowUp, by: Actor, now: datetime) -> None:
    """Tell her of what nobody has told her yet, where her team writes so by itself."""
    if not follow_up.is_told and _writes(follow_up.ticket, DeliveryKind.TOLD, by):
        queue_told(follow_up=follow_up, now=now, by=by)


def after_moving(*, follow_up: FollowUp, by: Actor, now: datetime) -> None:
    """She knew of the old date, or a message about it is on its way: now she hears of the new one."""
    if by.customer is not None:
        return
    if follow_up.is_told:
        if _writes(follow_up.ticket, DeliveryKind.MOVED, by):
            queue(moved(follow_up), ticket=follow_up.ticket, now=now, follow_up=follow_up, by=by)
    elif follow_up.deliveries.filter(kind=DeliveryKind.TOLD, state=DeliveryState.WAITING).exists():
        queue_told(follow_up=follow_up, now=now, by=by)


def after_keeping(*, follow_up: FollowUp, by: Actor, now: datetime) -> None:
    """Something tangible was brought in time, or late."""
    is_kept = follow_up.state in (FollowUpState.KEPT, FollowUpState.KEPT_LATE)
    if is_kept and follow_up.brought != Brought.NO_NEWS and _writes(follow_up.ticket, DeliveryKind.KEPT, by):
        queue(kept(follow_up), ticket=follow_up.ticket, now=now, follow_up=follow_up, by=by)


def after_closing(*, closure: Closure, by: Actor, now: datetime) -> None:
    """Closed as resolved: she may object. Not where she has just said so herself on her page."""
    ticket = closure.ticket
    if closure.outcome != Outcome.RESOLVED or by.customer is not None or not _writes(ticket, DeliveryKind.CLOSED, by):
        return
    last = ticket.follow_ups.order_by("-promised_at", "-created_at").first()
    if last:
        last.ticket = ticket
    queue(closed(closure, last), ticket=ticket, now=now, follow_up=last, by=by)


def _writes(ticket: Ticket, kind: DeliveryKind, by: Actor) -> bool:
    """Whether this team writes messages of a kind by itself; never for what is imported or practised with."""
    if ticket.customer is None or ticket.is_demo or by.door in SILENT_DOORS:
        return False
    return bool(getattr(Messaging.objects.of(ticket.team_id), str(kind)))


def withdraw(*, ticket: Ticket, now: datetime) -> int:
    """Drop what waits to be sent about a ticket whose closing was undone; how many messages."""
    waiting = Delivery.objects.filter(ticket=ticket, kind=DeliveryKind.CLOSED, state=DeliveryState.WAITING)
    return waiting.update(state=DeliveryState.DROPPED, error="Undone.", due_at=now)
