"""How a delivery ended, and what follows: written under the fence of the lease, each in one transaction."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from followups import notices, numbers, outward, timeline, worktime
from followups.actions import mailing, messages, promising
from followups.clock import quiet
from followups.models import (
    Absence,
    Actor,
    Channel,
    Closure,
    Delivery,
    DeliveryKind,
    DeliveryState,
    DoNotContact,
    FollowUp,
    FollowUpState,
    NoticeKind,
    Policy,
    Site,
    Ticket,
)

CLOCK = Actor(door="clock")
OF_A_DATE = (DeliveryKind.TOLD, DeliveryKind.MOVED)
TO_CUSTOMERS = (*OF_A_DATE, DeliveryKind.KEPT, DeliveryKind.CLOSED)
NOT_IN_WRITING = (promising.CALLS, "none")
ASKED_NOT_TO = "She asked not to be contacted, and was not promised it in writing."
TOO_LATE = "The promised time has come."
FOR_A_PERSON = (ASKED_NOT_TO, TOO_LATE)


def hindrance(row: Delivery, *, now: datetime) -> str:
    """Why it must not go out any more; empty where it may. Looked up just before the sending."""
    if row.kind in TO_CUSTOMERS:
        _readdress(row)
    if row.kind == DeliveryKind.REPORT and row.agent:
        row.address = row.agent.email
    if row.kind == DeliveryKind.KEPT and row.follow_up:
        _reword(row)
    if row.route == messages.MAIL and not row.address:
        return "No address."
    if _reaches(row) and row.channel_id is None and _is_demo(row):
        return "The demo writes to nobody."
    if row.kind in TO_CUSTOMERS:
        return _not_to_her(row) or _outdated(row, now)
    return _not_to_one_of_us(row, now)


def _reaches(row: Delivery) -> bool:
    """Whether it leaves for people; without a mail host, mail is written to files."""
    return settings.MAIL_REACHES_PEOPLE or row.route != messages.MAIL


def _is_demo(row: Delivery) -> bool:
    """Made-up people have made-up addresses; a channel is one that somebody set up and proved."""
    return any(other.is_demo for other in (row.agent, row.customer, row.ticket) if other)


def _readdress(row: Delivery) -> None:
    """She may have been merged, corrected or erased since."""
    customer = row.ticket.customer if row.ticket else row.customer
    if customer is None:
        row.address = ""
    else:
        row.address = customer.email if row.route == messages.MAIL else customer.phone


def _reword(row: Delivery) -> None:
    """What comes next may have been moved or called off since: she hears of what stands."""
    if row.follow_up is None:
        return
    words = messages.kept(row.follow_up)
    row.body = words.body if row.route == messages.MAIL else words.short


def _not_to_her(row: Delivery) -> str:
    """`marketing` never holds back what she was promised; `all` all but a letter that was itself the promise."""
    customer = row.ticket.customer if row.ticket else row.customer
    if row.route != messages.MAIL and not (row.address and outward.PHONE.fullmatch(row.address)):
        return "No number."
    if customer is None or customer.do_not_contact != DoNotContact.ALL:
        return ""
    in_writing = row.follow_up is not None and row.follow_up.channel not in NOT_IN_WRITING
    return "" if in_writing and row.route == messages.MAIL else ASKED_NOT_TO


def _not_to_one_of_us(row: Delivery, now: datetime) -> str:
    if row.agent is None or not row.agent.is_active:
        return "Not active any more."
    if row.kind == DeliveryKind.REPORT:
        return _not_as_report(row)
    if row.kind not in (DeliveryKind.NOTICE, DeliveryKind.TEST):
        return ""
    if Site.objects.filter(channels_off=True).exists():
        return "Channels are switched off for the site."
    if row.channel is None or (row.channel.verified_at is None and row.kind != DeliveryKind.TEST):
        return "The channel is gone."
    away = Absence.objects.filter(agent=row.agent, from_at__lte=now, until_at__gt=now)
    return "Away." if row.kind == DeliveryKind.NOTICE and away.exists() else ""


def _not_as_report(row: Delivery) -> str:
    """One that was asked for at once goes out in any case."""
    if row.mailing is None:
        return "It was deleted."
    if mailing.due_of(row) is None:
        return ""
    later = row.mailing.deliveries.filter(made_at__gt=row.made_at, key__startswith=f"{mailing.DUE}:")
    if later.exists():
        return "A later one took its place."
    return "It was paused." if row.mailing.paused_at else ""


def _outdated(row: Delivery, now: datetime) -> str:
    if row.kind == DeliveryKind.CLOSED:
        return "" if _closed_still(row) else "The ticket is open again."
    if row.kind == DeliveryKind.KEPT:
        kept = row.follow_up and row.follow_up.state in (FollowUpState.KEPT, FollowUpState.KEPT_LATE)
        return "" if kept else "The follow-up was taken up again."
    if row.follow_up is None or not row.follow_up.is_open:
        return "The follow-up has ended."
    if row.key != messages.key_of(DeliveryKind(row.kind), row.follow_up):
        return "The date has moved since."
    return TOO_LATE if row.follow_up.promised_by <= now else ""


def _closed_still(row: Delivery) -> bool:
    """By this very closing: closed again after a reopening, she heard of the new one."""
    if row.ticket is None or row.ticket.is_open:
        return False
    closing = row.key.partition(":")[2]
    gone = Closure.objects.filter(ticket=row.ticket, reopened_at__isnull=False)
    return closing not in {str(key) for key in gone.values_list("pk", flat=True)}


def rests_until(row: Delivery, *, now: datetime) -> datetime | None:
    """When it may go where it may not go now: customers have their hours, our own people theirs.

    A time that she asked for herself is confirmed to her at any hour.
    """
    if row.kind in TO_CUSTOMERS:
        asked = row.kind in OF_A_DATE and row.follow_up.asked_contact_id
        return None if asked or row.ticket is None else _her_hours(row.ticket, now)
    if row.agent and row.kind in (DeliveryKind.NOTICE, DeliveryKind.DIGEST):
        return quiet.until(row.agent, now)
    return None


def _her_hours(ticket: Ticket, now: datetime) -> datetime | None:
    window = Policy.objects.of(ticket.team_id).window_of(ticket.customer)
    try:
        opens = worktime.next_contactable(now, window)
    except worktime.NoWorkingTime:
        return None
    return opens if opens > now else None


def _end(row: Delivery, state: DeliveryState, **fields) -> bool:
    """Whether the row was still ours to end."""
    mine = Delivery.objects.filter(pk=row.pk, fence=row.fence, state=DeliveryState.WAITING)
    return bool(mine.update(state=state, leased_until=None, **fields))


@transaction.atomic
def dropped(row: Delivery, *, reason: str, now: datetime) -> bool:
    ticket = _held(row)
    if not _end(row, DeliveryState.DROPPED, error=reason):
        return False
    if ticket:
        _not_told(row, ticket, reason, now)
        if reason in FOR_A_PERSON and row.kind in OF_A_DATE:
            _tell_keepers(row, ticket, f"was not sent: {reason.lower()} Tell her another way", now)
    return True


def again(row: Delivery, *, error: str, at: datetime) -> bool:
    return _end(row, DeliveryState.WAITING, error=error, due_at=at)


def rested(row: Delivery, *, until: datetime) -> bool:
    """Back in the queue without a try having been spent."""
    return _end(row, DeliveryState.WAITING, due_at=until, attempts=row.attempts - 1)


@transaction.atomic
def sent(row: Delivery, *, now: datetime, message_id: str = "") -> bool:
    """Handed to the host. Only one that reaches people makes a customer told; a file on disk tells nobody."""
    ticket = _held(row)
    if not _end(row, DeliveryState.SENT, sent_at=now, error="", message_id=message_id, address=row.address):
        return False
    if row.channel and row.channel.trouble:
        Channel.objects.filter(pk=row.channel.pk).update(trouble="")
    if ticket and _reaches(row):
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
    _in_trouble(row, error)
    if ticket:
        _not_told(row, ticket, "given up", now)
        _tell_keepers(row, ticket, "could not be delivered: tell her another way", now)
    return True


@transaction.atomic
def bounced(row: Delivery, *, why: str, now: datetime) -> bool:
    """It came back, at the door or later: whom it told is not told any more, and its people hear it. Once."""
    ticket = _held(row)
    ours = Delivery.objects.filter(pk=row.pk, fence=row.fence, state__in=[DeliveryState.WAITING, DeliveryState.SENT])
    if not ours.update(state=DeliveryState.BOUNCED, leased_until=None, error=why[:300]):
        return False
    _in_trouble(row, why)
    if ticket:
        words = {"message": row.kind, "why": why[:200]}
        timeline.record("message.bounced", by=CLOCK, now=now, ticket=ticket, follow_up=row.follow_up, **words)
        _untold(row, now)
        _tell_keepers(row, ticket, "came back: tell her another way", now)
    return True


def _in_trouble(row: Delivery, why: str) -> None:
    if row.channel_id:
        Channel.objects.filter(pk=row.channel_id).update(trouble=why[:300])


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
    _save(follow_up, now)
    timeline.record("follow_up.told", by=CLOCK, now=now, ticket=ticket, follow_up=follow_up, promise=follow_up.promise)


def _untold(row: Delivery, now: datetime) -> None:
    """Only what this very message told: what was said to her stays said."""
    for follow_up in FollowUp.objects.select_for_update(no_key=True).filter(pk=row.follow_up_id, told_message=row):
        follow_up.told_at = follow_up.told_message = None
        _save(follow_up, now)


def _save(follow_up: FollowUp, now: datetime) -> None:
    follow_up.revision, follow_up.updated_at = follow_up.revision + 1, now
    follow_up.save(update_fields=["told_at", "told_message", "revision", "updated_at"])


def _not_told(row: Delivery, ticket: Ticket, why: str, now: datetime) -> None:
    words = {"message": row.kind, "why": why}
    timeline.record("message.failed", by=CLOCK, now=now, ticket=ticket, follow_up=row.follow_up, **words)


def _tell_keepers(row: Delivery, ticket: Ticket, what: str, now: datetime) -> None:
    text = f"The message to {ticket.customer or 'the customer'} about {numbers.read_aloud(ticket.number)} {what}."
    keepers = _keepers(row, ticket)
    notices.tell(keepers, kind=NoticeKind.CUSTOMER, text=text, now=now, ticket=ticket, follow_up=row.follow_up)


def _keepers(row: Delivery, ticket: Ticket) -> list:
    person = (row.follow_up and (row.follow_up.owner or row.follow_up.promiser)) or ticket.agent
    return [person] if person and person.is_active else notices.supervisors_of(ticket.team_id)
