"""Cadence plans: how many working days after each contact we come back, with what, and who does."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent, Team
from followups.models.ladders import Rota


class Bringer(models.TextChoices):
    PROMISER = "promiser", "Who promised it, in person"
    TEAM = "team", "The team, who promised it first"
    PERSON = "person", "A named person"
    ROTA = "rota", "Who is on duty"


class Plan(models.Model):
    """Written once and never changed: an edit makes a new one and marks the old as replaced, so that a ticket goes on
    by the one it began with.

    The row without a team is the desk's own. Of a team's plans the first by `position` that names the ticket's
    priority or family holds; the one that names neither holds for the rest. Without rows three steps hold, after 2, 3
    and 5 working days.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="plans")
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    families = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    priorities = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")
        indexes = [models.Index(fields=["team", "position"], name="plan_in_force", condition=Q(replaced_at=None))]

    def __str__(self) -> str:
        return self.name


class PlanStep(models.Model):
    """Due `gap_days` working days after the last contact; `will_bring` hints at what to bring."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    gap_days = models.PositiveSmallIntegerField()
    will_bring = models.CharField(max_length=300, blank=True)
    who = models.CharField(max_length=8, choices=Bringer, default=Bringer.TEAM)
    person = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    rota = models.ForeignKey(Rota, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="plan_step_position_once"),
            models.CheckConstraint(condition=Q(who__in=Bringer.values), name="plan_step_who_known"),
            models.CheckConstraint(condition=Q(gap_days__gte=1), name="plan_step_gap_positive"),
            models.CheckConstraint(
                condition=(Q(who="person") & Q(person__isnull=False)) | ~Q(who="person"),
                name="plan_step_names_person",
            ),
            models.CheckConstraint(
                condition=(Q(who="rota") & Q(rota__isnull=False)) | ~Q(who="rota"), name="plan_step_names_rota"
            ),
        ]
