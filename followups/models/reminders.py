"""Reminders: one row for each stage of a follow-up's present date, made in the transaction that makes the date."""

from django.db import models
from django.db.models import Q

from followups.models.followups import FollowUp, Stage
from followups.models.ladders import LadderStep


class ReminderState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    PASSED_OVER = "passed_over", "Passed over"
    DROPPED = "dropped", "Dropped"
    DEAD = "dead", "Given up"


class Reminder(models.Model):
    """`due_at` is when the stage falls due; `version` that of the follow-up's due instant.

    `dropped`: ended or moved before. `ladder_step` is the step of the ladder on which it climbs; without one the
    desk's own holds. Of the escalations `repeat` counts all, over steps and their repeats, from 0. `attempts` counts
    how often the clock failed at it; each time it waits longer, and in the end it is `dead`.
    """

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="reminders", db_index=False)
    stage = models.CharField(max_length=10, choices=Stage)
    repeat = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField()
    ladder_step = models.ForeignKey(LadderStep, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=ReminderState, default=ReminderState.WAITING)
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["due_at", "id"], name="reminder_waiting", condition=Q(state="waiting")),
            models.Index(fields=["id"], name="reminder_set_aside", condition=Q(attempts__gt=0)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["follow_up", "stage", "repeat", "version"], name="reminder_once"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="reminder_stage_known"),
            models.CheckConstraint(condition=Q(state__in=ReminderState.values), name="reminder_state_known"),
        ]
