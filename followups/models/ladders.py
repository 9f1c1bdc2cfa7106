"""Ladders: who hears of a promise that was not kept in time, one step after the other, and who is on duty."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent, Team


class Audience(models.TextChoices):
    OWNER = "owner", "The owner, or who promised it"
    TEAM = "team", "Everybody of the team at work"
    STAND_IN = "stand_in", "The owner's stand-in"
    SUPERVISORS = "supervisors", "The team's supervisors"
    LEAD = "lead", "The team's lead"
    MANAGER = "manager", "The team's manager"
    ROTA = "rota", "Who is on duty"
    PERSON = "person", "A named person"


class Elapsing(models.TextChoices):
    WORKING = "working", "Working time"
    ELAPSED = "elapsed", "Any time"


class Rota(models.Model):
    """Members take turns of whole days; the first turn begins at `hands_over_at` on `starts_on`, in `zone`."""

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="rotas")
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, blank=True, help_text="IANA zone; empty: the desk's own.")
    starts_on = models.DateField()
    hands_over_at = models.TimeField()
    turn_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="rota_name", nulls_distinct=False),
            models.CheckConstraint(condition=Q(turn_days__gte=1), name="rota_turn_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class RotaMember(models.Model):
    rota = models.ForeignKey(Rota, models.CASCADE, related_name="members")
    agent = models.ForeignKey(Agent, models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=["rota", "position"], name="rota_position_once")]


class Ladder(models.Model):
    """Written once and never changed: an edit makes a new one and marks the old as replaced, so that what already
    climbs goes on climbing the one it began on.

    The row without a team is the desk's own. Of a team's ladders the first by `position` that names the ticket's
    priority or family holds; the one that names neither holds for the rest. Without rows `DEFAULT_STEPS` hold.
    `holds_minutes` is working time for which an acknowledgement stops the climb; `acknowledging` are the acts that
    count as one.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="ladders")
    name = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField(default=0)
    families = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    priorities = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    holds_minutes = models.PositiveIntegerField(default=240)
    acknowledging = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")
        indexes = [models.Index(fields=["team", "position"], name="ladder_in_force", condition=Q(replaced_at=None))]

    def __str__(self) -> str:
        return self.name


class LadderStep(models.Model):
    """Heard `after_minutes` after the promised time, in working or in any time; steps stand in the order of those.

    `repeat_minutes` 0: once. Else it is said again at that distance, `repeats` times, and from then on once every
    working day, until somebody acknowledges, the next step takes over or the follow-up ends: capped, never silent.
    `channels` are those beside the app, which always hears.
    """

    ladder = models.ForeignKey(Ladder, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    audience = models.CharField(max_length=12, choices=Audience)
    person = models.ForeignKey(Agent, models.PROTECT, null=True, blank=True, related_name="+")
    rota = models.ForeignKey(Rota, models.PROTECT, null=True, blank=True, related_name="+")
    after_minutes = models.PositiveIntegerField()
    elapsing = models.CharField(max_length=8, choices=Elapsing, default=Elapsing.WORKING)
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    repeat_minutes = models.PositiveIntegerField(default=0)
    repeats = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["ladder", "position"], name="ladder_step_position_once"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="ladder_step_audience_known"),
            models.CheckConstraint(condition=Q(elapsing__in=Elapsing.values), name="ladder_step_elapsing_known"),
            models.CheckConstraint(
                condition=(Q(audience="person") & Q(person__isnull=False)) | ~Q(audience="person"),
                name="ladder_step_names_person",
            ),
            models.CheckConstraint(
                condition=(Q(audience="rota") & Q(rota__isnull=False)) | ~Q(audience="rota"),
                name="ladder_step_names_rota",
            ),
        ]
