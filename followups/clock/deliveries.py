"""Deliveries: what waits goes out, at least once, always with the key of its act.

A sender leases one row, sends it outside any transaction, then writes down how it went under the fence of its lease:
what another has leased since is no longer its own. Killed in between, the lease runs out and the next one sends again.
Mail has a sweep of its own, so that it waits for no chat; reports by mail have another, so that no letter waits for what
is being counted. Of the chats and SMS services one that fails goes last, so that the others do not wait for it.
"""

import hashlib
import smtplib
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import Q

from followups import outward
from followups.actions import mailing
from followups.actions.messages import MAIL
from followups.clock import letters, outcomes, telling
from followups.models import Delivery, DeliveryKind, DeliveryState, Site

LEASE = timedelta(seconds=60)
BUDGET = timedelta(seconds=15)
ATTEMPTS = 8
REPORTS = Q(kind=DeliveryKind.REPORT)
BACK_OFF = [timedelta(minutes=m) for m in (0.5, 2, 8, 30, 60, 120, 240)]


@dataclass
class Sender:
    """One sweep's connection to the mail host, and its time: `now` and what has passed since on this machine.

    `tired` are the routes of which something failed and still waits.
    """

    now: datetime
    started: float = field(default_factory=time.monotonic)
    line: Any = None
    tired: set[str] = field(default_factory=set)

    @property
    def passed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.started)

    @property
    def instant(self) -> datetime:
        return self.now + self.passed

    def send(self, row: Delivery) -> None:
        if row.route != MAIL:
            _push(row)
            return
        if self.line is None:
            self.line = mail.get_connection()
            self.line.open()
        self.line.send_messages([letter(row)])

    def hang_up(self) -> None:
        """After a failure the next message gets a fresh connection."""
        line, self.line = self.line, None
        if line is not None:
            line.close()


def _push(row: Delivery) -> None:
    """To one of our own people through the channel that they set up; to a customer as an SMS of the site."""
    if row.channel is None:
        outward.send_sms(row.address, row.body)
    elif outward.PHONE.fullmatch(row.channel.address):
        outward.send_sms(row.channel.address, row.body)
    else:
        outward.send(row.channel.address, row.subject, row.body)


def sweep(*, now: datetime) -> int:
    """Send the mail that is due, for a quarter of a minute at most; how many rows were handled."""
    return _sweep(Q(route=MAIL) & ~REPORTS, Sender(now))


def reports(*, now: datetime) -> int:
    """The same for reports by mail, each counted as it leaves."""
    return _sweep(REPORTS, Sender(now))


def push(*, now: datetime) -> int:
    """The same for chats and SMS: those whose host answers first, then those whose host failed before."""
    waiting = Delivery.objects.filter(~Q(route=MAIL), state=DeliveryState.WAITING, attempts__gt=0)
    sender = Sender(now, tired=set(waiting.values_list("route", flat=True).distinct()))
    return _sweep(~Q(route=MAIL), sender)


def _sweep(which: Q, sender: Sender) -> int:
    if Site.objects.filter(sending_held=True).exists():
        return 0
    handled = _give_up(which, sender.now)
    try:
        while sender.passed < BUDGET and (row := _lease_next(which, sender)):
            _deliver(row, sender)
            handled += 1
    finally:
        sender.hang_up()
    return handled


def due(now: datetime) -> Any:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Delivery.objects.filter(free, state=DeliveryState.WAITING, due_at__lte=now).order_by("due_at", "id")


def _lease_next(which: Q, sender: Sender) -> Delivery | None:
    if not sender.tired:
        return _lease(sender.instant, which)
    rested = which & ~Q(route__in=sender.tired)
    return _lease(sender.instant, rested) or _lease(sender.instant, which)


@transaction.atomic
def _lease(now: datetime, which: Q = Q(route=MAIL)) -> Delivery | None:  # noqa: B008 (never changed)
    """One at a time: a lease has to outlast the sending of what it holds."""
    row = due(now).filter(which).select_for_update(skip_locked=True).first()
    if row is not None:
        row.leased_until, row.fence, row.attempts = now + LEASE, row.fence + 1, row.attempts + 1
        row.save(update_fields=["leased_until", "fence", "attempts"])
    return row


def _give_up(which: Q, now: datetime) -> int:
    """A row whose senders died each time, the last one included, kills the next one too."""
    given_up = 0
    for row in due(now).filter(which, attempts__gte=ATTEMPTS):
        given_up += outcomes.failed(row, error=row.error or "Its senders stopped.", now=now)
    return given_up


def _deliver(row: Delivery, sender: Sender) -> None:
    try:
        if not _may_go(row, sender.instant):
            return
        sender.send(row)
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one message, the others go out)
        sender.hang_up()
        sender.tired.add(row.route)
        _failed(row, error, sender.instant)
    else:
        _sent(row, sender.instant)


@transaction.atomic
def _sent(row: Delivery, now: datetime) -> None:
    mine = outcomes.sent(row, now=now, message_id=digest(row.key) if row.route == MAIL else "")
    if mine and row.enclosed:
        letters.left(row, row.enclosed, now=now)


def _may_go(row: Delivery, now: datetime) -> bool:
    """Look again; what may not go now is dropped, or waits for its hours."""
    reason = outcomes.hindrance(row, now=now)
    until = None if reason else outcomes.rests_until(row, now=now)
    if not reason and until is None:
        reason = _compose(row, now)
    if reason:
        outcomes.dropped(row, reason=reason, now=now)
    elif until:
        outcomes.rested(row, until=until)
    return not reason and until is None


def _compose(row: Delivery, now: datetime) -> str:
    """What is composed as it leaves is written down nowhere: the words stand in the notices, the figures in the rows."""
    if row.kind == DeliveryKind.REPORT and row.mailing:
        row.enclosed = letters.of(row.mailing, now=now, due=mailing.due_of(row))
        row.subject, row.body = row.enclosed.subject, row.enclosed.body
    if row.kind != DeliveryKind.NOTICE:
        return ""
    words = telling.words(row, now=now)
    if words is None:
        return "Read or done in the meantime."
    row.subject, row.body = words
    return ""


def _failed(row: Delivery, error: Exception, now: datetime) -> None:
    words = in_words(error)
    if row.route == MAIL and came_back(error):
        outcomes.bounced(row, why=words, now=now)
    elif row.attempts >= ATTEMPTS:
        outcomes.failed(row, error=words, now=now)
    else:
        outcomes.again(row, error=words, at=now + BACK_OFF[row.attempts - 1])


def in_words(error: Exception) -> str:
    """What the host said, where it said something."""
    if isinstance(error, outward.NotSent):
        return str(error)
    said: Any = error
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next(iter(error.recipients.values()), error)
    elif isinstance(error, smtplib.SMTPResponseException):
        said = (error.smtp_code, error.smtp_error)
    if isinstance(said, tuple):
        text = said[1].decode("utf-8", "replace") if isinstance(said[1], bytes) else str(said[1])
        return f"The mail host said: {said[0]} {text}"[:300]
    return f"{type(error).__name__}: {error}"[:300]


def came_back(error: Exception) -> bool:
    """Refused for good: this address, or this letter. What the host holds against ourselves is tried again."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [said[0] for said in error.recipients.values()]
        return bool(codes) and all(500 <= code < 600 for code in codes)
    return isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def letter(row: Delivery) -> mail.EmailMessage:
    headers = {"Message-ID": message_id(row.key), "Auto-Submitted": "auto-generated"}
    message = mail.EmailMessage(row.subject, row.body, settings.DEFAULT_FROM_EMAIL, [row.address], headers=headers)
    if row.enclosed and row.enclosed.file:
        message.attach(row.enclosed.file_name, row.enclosed.file, "text/csv")
    return message


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]


def message_id(key: str) -> str:
    """The same for every attempt, so that a mailbox shows one message however often it came."""
    return f"<{digest(key)}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"
