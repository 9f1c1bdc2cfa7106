"""Liveness: when each sweep last finished, what the watch found, and the desk's own switches."""

from django.db import models


class Site(models.Model):
    """The desk itself: one row. `clock_suspect_at`: the database's clock leapt ahead then, by `clock_ahead_seconds`, and
    nothing is sent until it is believed again; `clock_believed_at` is when it last was.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    sending_held = models.BooleanField(default=False, help_text="After a restore nothing is sent until it is released.")
    channels_off = models.BooleanField(
        default=False, db_default=False, help_text="Nobody is told anything outside the app but by mail of the desk."
    )
    started_at = models.DateTimeField(null=True, blank=True)
    demo_loaded_at = models.DateTimeField(null=True, blank=True)
    zone_rules = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What the rules of each zone in use were when last looked at.",
    )
    clock_suspect_at = models.DateTimeField(null=True, blank=True)
    clock_ahead_seconds = models.FloatField(default=0, db_default=0)
    clock_believed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="site_one_row")]


class Sweep(models.Model):
    """One row per sweep by name; `finished_at` is by the database's clock."""

    name = models.CharField(max_length=40, primary_key=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    handled = models.PositiveIntegerField(default=0)
    took_ms = models.PositiveIntegerField(default=0)
    host = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=300, blank=True)


class Sleeper(models.Model):
    """A loop that rests, until `wakes_at` at most: whoever writes a reminder due before that wakes it."""

    name = models.CharField(max_length=160, primary_key=True)
    wakes_at = models.DateTimeField()


class Finding(models.Model):
    """What the watch found out of order, and whether its one repair helped. `subject` names the row; `told_at` is when
    the supervisors last heard of it.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    found_at = models.DateTimeField()
    repaired_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-found_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"], name="finding_one_open", condition=models.Q(cleared_at__isnull=True)
            ),
        ]
