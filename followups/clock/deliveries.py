"""Deliveries: mail that waits goes out, at least once, always with the Message-ID of its key.

A sender leases one row, sends it outside any transaction, then writes down how it went under the fence of its lease:
what another has leased since is no longer its own. Killed in between, the lease runs out and the next one sends again.
"""

import hashlib
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.db import transaction
from django.db.models import Q

from followups.clock import outcomes
from followups.models import Delivery, DeliveryState, Site

LEASE = timedelta(seconds=60)
BUDGET = timedelta(seconds=15)
ATTEMPTS = 8
BACK_OFF = [timedelta(minutes=m) for m in (0.5, 2, 8, 30, 60, 120, 240)]


@dataclass
class Sender:
    """One sweep's connection to the mail host, and its time: `now` and what has passed since on this machine."""

    now: datetime
    started: float = field(default_factory=time.monotonic)
    line: Any = None

    @property
    def passed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.started)

    @property
    def instant(self) -> datetime:
        return self.now + self.passed

    def send(self, row: Delivery) -> None:
        if self.line is None:
            self.line = mail.get_connection()
            self.line.open()
        self.line.send_messages([letter(row)])

    def hang_up(self) -> None:
        """After a failure the next message gets a fresh connection."""
        line, self.line = self.line, None
        if line is not None:
            line.close()


def sweep(*, now: datetime) -> int:
    """Send what is due, for a quarter of a minute at most; how many rows were handled."""
    if Site.objects.filter(sending_held=True).exists():
        return 0
    sender, handled = Sender(now), _give_up(now)
    try:
        while sender.passed < BUDGET and (row := _lease(sender.instant)):
            _deliver(row, sender)
            handled += 1
    finally:
        sender.hang_up()
    return handled


def due(now: datetime) -> Any:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Delivery.objects.filter(free, state=DeliveryState.WAITING, due_at__lte=now).order_by("due_at", "id")


@transaction.atomic
def _lease(now: datetime) -> Delivery | None:
    """One at a time: a lease has to outlast the sending of what it holds."""
    row = due(now).select_for_update(skip_locked=True).first()
    if row is not None:
        row.leased_until, row.fence, row.attempts = now + LEASE, row.fence + 1, row.attempts + 1
        row.save(update_fields=["leased_until", "fence", "attempts"])
    return row


def _give_up(now: datetime) -> int:
    """A row whose senders died each time, the last one included, kills the next one too."""
    given_up = 0
    for row in due(now).filter(attempts__gte=ATTEMPTS):
        given_up += outcomes.failed(row, error=row.error or "Its senders stopped.", now=now)
    return given_up


def _deliver(row: Delivery, sender: Sender) -> None:
    reason = outcomes.hindrance(row)
    if reason:
        outcomes.dropped(row, reason=reason)
        return
    try:
        sender.send(row)
    except Exception as error:  # noqa: BLE001 (whatever is wrong with one message, the others go out)
        sender.hang_up()
        _failed(row, f"{type(error).__name__}: {error}"[:300], sender.instant)
    else:
        outcomes.sent(row, now=sender.instant)


def _failed(row: Delivery, error: str, now: datetime) -> None:
    if row.attempts >= ATTEMPTS:
        outcomes.failed(row, error=error, now=now)
    else:
        outcomes.again(row, error=error, at=now + BACK_OFF[row.attempts - 1])


def letter(row: Delivery) -> mail.EmailMessage:
    headers = {"Message-ID": message_id(row.key), "Auto-Submitted": "auto-generated"}
    return mail.EmailMessage(row.subject, row.body, settings.DEFAULT_FROM_EMAIL, [row.address], headers=headers)


def message_id(key: str) -> str:
    """The same for every attempt, so that a mailbox shows one message however often it came."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:40]
    return f"<{digest}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"
