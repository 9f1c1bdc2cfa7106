"""Marks: what changed the meaning of figures, and when; one row for each change, written by the act that made it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent


class MarkKind(models.TextChoices):
    CATEGORY = "category", "Categories"
    SHARED = "shared", "Shared accounts"
    TEAM = "team", "Teams"
    HOURS = "hours", "Working time"
    POLICY = "policy", "Rules of a team"
    TARGET = "target", "Targets"
    PLAN = "plan", "Plans"
    DISCLOSURE = "disclosure", "Figures per agent"


class Mark(models.Model):
    """`what` is a sentence without the person, who stands in `by_name`. Of `teams` and `families`, without any of all;
    `spared` are the teams to which the desk's own does not apply, as they have theirs.
    """

    kind = models.CharField(max_length=12, choices=MarkKind)
    at = models.DateTimeField()
    what = models.CharField(max_length=1000)
    by = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    by_name = models.CharField(max_length=200)
    teams = ArrayField(models.BigIntegerField(), default=list, blank=True)
    spared = ArrayField(models.BigIntegerField(), default=list, blank=True)
    families = ArrayField(models.CharField(max_length=120), default=list, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes = [
            models.Index(fields=["at", "id"], name="mark_at"),
            models.Index(fields=["by"], name="mark_by", condition=Q(by__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MarkKind.values), name="mark_kind_known"),
            models.CheckConstraint(condition=~Q(what=""), name="mark_says_what"),
        ]

    def __str__(self) -> str:
        return self.what
