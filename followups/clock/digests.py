"""Digests: overdue reminders that nobody has read yet, gathered into one mail per person, once per key.

An agent gets one at most every 30 minutes, a supervisor every hour, and nobody in their quiet hours or on their days
off: what came then waits for the morning. The notices themselves were written at their instant. Who hears a stage
through a mail channel of their own hears it there alone.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from followups.clock import quiet
from followups.models import (
    Absence,
    Agent,
    Channel,
    ChannelKind,
    Delivery,
    DeliveryKind,
    FollowUpState,
    Notice,
    NoticeKind,
    Role,
    Site,
    Stage,
)

AGENTS_EVERY = timedelta(minutes=30)
OTHERS_EVERY = timedelta(hours=1)
KEPT = timedelta(days=4)  # over a long weekend
BATCH = 200
LINES = 50


def sweep(*, now: datetime) -> int:
    """How many digests were written down for sending. None while sending is held: they would be old when released."""
    if Site.objects.filter(sending_held=True).exists():
        return 0
    people = Agent.objects.filter(pk__in=_waiting(now))
    return sum(_digest(key, now) for key, rest in quiet.of(people).items() if rest.until(now) is None)


def _open_notices(now: datetime):
    """Unread, not mailed, and still true: the follow-up is open and has its date."""
    return Notice.objects.filter(
        kind=NoticeKind.REMINDER,
        stage__in=[Stage.OVERDUE, Stage.ESCALATED],
        digest__isnull=True,
        read_at__isnull=True,
        at__gt=now - KEPT,
        at__lte=now,
        follow_up__state=FollowUpState.SCHEDULED,
        follow_up__version=F("version"),
    ).exclude(heard_elsewhere())


def heard_elsewhere() -> Q:
    own = Channel.objects.filter(agent=OuterRef("recipient"), kind=ChannelKind.MAIL, verified_at__isnull=False)
    off = Exists(Site.objects.filter(channels_off=True))
    stages = (Stage.OVERDUE, Stage.ESCALATED)
    return reduce(or_, (Q(Exists(own.filter(hears__contains=[stage])), stage=stage) for stage in stages)) & ~Q(off)


def _waiting(now: datetime) -> list[int]:
    """People with an address who have something to read and had no digest of late."""
    lately = Delivery.objects.filter(kind=DeliveryKind.DIGEST, agent=OuterRef("pk"))
    rested = (Q(role=Role.AGENT) & ~Exists(lately.filter(made_at__gt=now - AGENTS_EVERY))) | (
        ~Q(role=Role.AGENT) & ~Exists(lately.filter(made_at__gt=now - OTHERS_EVERY))
    )
    away = Absence.objects.at(now).filter(agent=OuterRef("pk"))
    people = Agent.objects.filter(rested, ~Exists(away), is_active=True).exclude(email="")
    return list(people.filter(Exists(_open_notices(now).filter(recipient=OuterRef("pk")))).values_list("pk", flat=True))


@transaction.atomic
def _digest(agent_id: int, now: datetime) -> bool:
    """Skipped where a twin is at this person."""
    agent = Agent.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=agent_id).first()
    if agent is None or agent_id not in _waiting(now):
        return False
    rows = list(_open_notices(now).filter(recipient=agent).select_related("ticket").order_by("at", "id")[:BATCH])
    key = f"digest:{agent.pk}:{rows[0].pk}"
    delivery, made = Delivery.objects.get_or_create(key=key, defaults=_mail(agent, rows, now))
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(digest=delivery)
    return made


def _mail(agent: Agent, rows: list[Notice], now: datetime) -> dict:
    count = f"{len(rows)} overdue" + (f", {LINES} of them here" if len(rows) > LINES else "")
    lines = [f"- {row.text}\n  {settings.SITE_URL}/tickets/{row.ticket.number}" for row in rows[:LINES]]
    body = "\n".join([f"{count}:", "", *lines, "", f"All of them: {settings.SITE_URL}/", ""])
    return {
        "kind": DeliveryKind.DIGEST,
        "agent": agent,
        "address": agent.email,
        "subject": f"{count} at the desk",
        "body": body,
        "made_at": now,
        "due_at": now,
    }
