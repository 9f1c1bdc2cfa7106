"""Deliveries: what leaves the desk, once per key.

At least once with a stable key; leased, fenced and counted in the row.
"""

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent, Team
from followups.models.channels import Channel
from followups.models.customers import Customer
from followups.models.mailings import Mailing
from followups.models.tickets import Ticket


class DeliveryKind(models.TextChoices):
    TOLD = "told", "Promise told"
    MOVED = "moved", "Promise moved"
    KEPT = "kept", "Promise kept"
    CLOSED = "closed", "Ticket closed"
    DIGEST = "digest", "Digest of overdue promises"
    NOTICE = "notice", "Notice"
    YOUR_DAY = "your_day", "Your day"
    TEST = "test", "Test of a channel"
    REPORT = "report", "Report by mail"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Dropped"
    DEAD = "dead", "Given up"
    BOUNCED = "bounced", "Came back"


class MessagingQuerySet(models.QuerySet["Messaging"]):
    def of(self, team_id: int | None) -> "Messaging":
        """The team's own, else the desk's, else the defaults."""
        rows = {row.team_id: row for row in self.filter(Q(team_id=team_id) | Q(team_id__isnull=True))}
        return rows.get(team_id) or rows.get(None) or Messaging()


class Messaging(models.Model):
    """Which messages a team writes to its customers by itself, and in which language where hers is not known.

    The row without a team is the desk's own. `told`: also where a step was planned and nobody has told her yet; asked
    for by a person it is written in any case.
    """

    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="messaging")
    told = models.BooleanField(default=False)
    moved = models.BooleanField(default=True)
    kept = models.BooleanField(default=False)
    closed = models.BooleanField(default=True)
    language = models.CharField(max_length=2, default="en")

    objects = MessagingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team"], name="messaging_one_a_team", nulls_distinct=False),
        ]


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def undelivered(self):
        return self.filter(state__in=[DeliveryState.DEAD, DeliveryState.BOUNCED])

    def led_by(self, actor):
        """About tickets that the actor leads; those to the desk's own people are for who sees all."""
        return self if actor.sees_all else self.filter(ticket__in=Ticket.objects.workable_by(actor))


class Delivery(models.Model):
    """`key` names the act and never repeats; the Message-ID is made of it, so a repeat after a crash carries the same
    one.

    `route` names what is sent through, so that one that hangs holds up no other: `mail`, or the host of a chat or of
    an SMS service. `mailing` is that of a report by mail, `channel` that of one's own people; `gathered` are the notices
    that its message tells, looked up again before it leaves. `message_id` is the one under which a bounce names a
    message that was sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=10, choices=DeliveryKind)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="deliveries")
    customer = models.ForeignKey(Customer, models.PROTECT, null=True, blank=True, related_name="deliveries")
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, blank=True, related_name="deliveries")
    follow_up = models.ForeignKey(
        "followups.FollowUp", models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    channel = models.ForeignKey(Channel, models.SET_NULL, null=True, blank=True, related_name="deliveries")
    mailing = models.ForeignKey(
        Mailing, models.SET_NULL, null=True, blank=True, related_name="deliveries", db_index=False
    )
    gathered = ArrayField(models.UUIDField(), default=list, db_default=[], blank=True)
    route = models.CharField(max_length=60, default="mail", db_default="mail")
    message_id = models.CharField(max_length=120, default="", db_default="", blank=True)
    address = models.CharField(max_length=254)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.WAITING)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)
    # What was composed for it, with its file, while it is being sent.
    enclosed: Any = None

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["due_at", "id"], name="delivery_waiting", condition=Q(state="waiting")),
            models.Index(
                fields=["due_at", "id"], name="delivery_waiting_push", condition=Q(state="waiting") & ~Q(route="mail")
            ),
            models.Index(fields=["message_id"], name="delivery_message_id", condition=~Q(message_id="")),
            models.Index(
                fields=["-made_at", "-id"], name="delivery_undelivered", condition=Q(state__in=["dead", "bounced"])
            ),
            models.Index(fields=["mailing", "-made_at"], name="delivery_mailing", condition=Q(mailing__isnull=False)),
            models.Index(fields=["ticket", "made_at"], name="delivery_ticket", condition=Q(ticket__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent"), name="delivery_sent_has_sent_at"
            ),
        ]
