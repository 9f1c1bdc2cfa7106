"""Imports: the uploaded files, the saved maps, and how each run went."""

import uuid

from django.db import models
from django.db.models import Q

from followups.models.agents import Agent


class ImportState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class ImportMap(models.Model):
    """Where each field comes from, words for open / resolved / ended, rows to skip.

    `map` is the JSON of the definitions.
    """

    name = models.CharField(max_length=120, unique=True)
    map = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """`counts` and `errors` are what the page and the API show: errors are `{line, column, code, message}`, the first
    1,000.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.CharField(max_length=60)
    file_name = models.CharField(max_length=200)
    file = models.BinaryField(null=True, blank=True)
    events_name = models.CharField(max_length=200, blank=True)
    events = models.BinaryField(null=True, blank=True)
    map = models.JSONField(default=dict, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.WAITING)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")
    by_name = models.CharField(max_length=200)
    progress = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True)
    errors = models.JSONField(default=list, blank=True)
    error_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-made_at",)
        indexes = [
            models.Index(fields=["made_at"], name="import_run_waiting", condition=Q(state__in=["waiting", "running"]))
        ]
