"""Reminders: one row for each stage of a follow-up's present date, made in the transaction that makes the date."""

from django.db import models
from django.db.models import Q

from followups.models.followups import FollowUp, Stage


class ReminderState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    PASSED_OVER = "passed_over", "Passed over"
    DROPPED = "dropped", "Dropped"


class Reminder(models.Model):
    """`due_at` is when the stage falls due; `version` that of the follow-up's due instant.

    `dropped`: ended or moved before.
    """

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="reminders")
    stage = models.CharField(max_length=10, choices=Stage)
    repeat = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=ReminderState, default=ReminderState.WAITING)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at", "id"], name="reminder_waiting", condition=Q(state="waiting"))]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "stage", "repeat", "version"], name="reminder_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="reminder_stage_known"),
            models.CheckConstraint(condition=Q(state__in=ReminderState.values), name="reminder_state_known"),
        ]
