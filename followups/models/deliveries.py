"""Deliveries: what leaves the desk, once per key.

At least once with a stable key; leased, fenced and counted in the row.
"""

import uuid

from django.db import models
from django.db.models import Q

from followups.models.agents import Agent
from followups.models.customers import Customer
from followups.models.tickets import Ticket


class DeliveryKind(models.TextChoices):
    TOLD = "told", "Promise told"
    MOVED = "moved", "Promise moved"
    CLOSED = "closed", "Ticket closed"
    DIGEST = "digest", "Digest of overdue promises"


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    DROPPED = "dropped", "Dropped"
    DEAD = "dead", "Given up"


class Delivery(models.Model):
    """`key` names the act and never repeats; the Message-ID is made of it, so a repeat after a crash carries the same
    one.
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

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], name="delivery_waiting", condition=Q(state="waiting")),
            models.Index(fields=["ticket", "made_at"], name="delivery_ticket", condition=Q(ticket__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | ~Q(state="sent"), name="delivery_sent_has_sent_at"
            ),
        ]
