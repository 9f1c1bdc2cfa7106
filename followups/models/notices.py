"""Notices: what the desk tells its own people, in the app."""

import uuid

from django.db import models
from django.db.models import Q

from followups.models.agents import Agent
from followups.models.followups import FollowUp, Stage
from followups.models.ladders import LadderStep
from followups.models.tickets import Ticket


class NoticeKind(models.TextChoices):
    REMINDER = "reminder", "Reminder"
    ASSIGNED = "assigned", "Assigned to you"
    ASKED = "asked", "Asked of you"
    ANSWERED = "answered", "Answered"
    CUSTOMER = "customer", "From the customer"
    REVIEW = "review", "For review"
    TARGET = "target", "About a target"
    DESK = "desk", "About the desk"


class Notice(models.Model):
    """Reminders are unique by (follow-up, stage, repeat, version of the due instant, recipient).

    `to_route`: still to be passed on to the recipient's channels outside the app.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(Agent, models.CASCADE, related_name="notices", db_index=False)
    kind = models.CharField(max_length=10, choices=NoticeKind)
    stage = models.CharField(max_length=10, choices=Stage, blank=True)
    repeat = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=0)
    follow_up = models.ForeignKey(FollowUp, models.CASCADE, null=True, blank=True, related_name="notices")
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, related_name="notices")
    text = models.CharField(max_length=600)
    at = models.DateTimeField()
    late_by_seconds = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)
    ladder_step = models.ForeignKey(LadderStep, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    to_route = models.BooleanField(default=False, db_default=False)
    digest = models.ForeignKey("followups.Delivery", models.SET_NULL, null=True, blank=True, related_name="notices")

    class Meta:
        ordering = ("-at", "-id")
        indexes = [
            models.Index(fields=["recipient", "-at", "-id"], name="notice_recipient"),
            models.Index(fields=["at", "id"], name="notice_to_route", condition=Q(to_route=True)),
            models.Index(fields=["recipient"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(
                fields=["recipient", "at"],
                name="notice_for_digest",
                condition=Q(digest__isnull=True, kind="reminder", stage__in=["overdue", "escalated"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up", "stage", "repeat", "version", "recipient"],
                name="notice_reminder_once",
                condition=Q(kind="reminder"),
            ),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
        ]
