"""Mailings: reports that people have sent to themselves, at an hour of theirs, over days that are asked anew each time."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from followups.models.agents import Agent


class Rhythm(models.TextChoices):
    WORKING_DAY = "working_day", "Each working day"
    WEEK = "week", "Each week"
    MONTH = "month", "Each month"


class Period(models.TextChoices):
    """Whole days of the desk's zone, over when the mail leaves."""

    DAYS_7 = "days_7", "the last 7 days"
    DAYS_30 = "days_30", "the last 30 days"
    DAYS_90 = "days_90", "the last 90 days"
    WEEK = "week", "the last week, Monday to Sunday"
    MONTH = "month", "the last month"


class MailingQuerySet(models.QuerySet["Mailing"]):
    def due(self, now):
        """Those that the clock has to look at."""
        return self.filter(paused_at__isnull=True, look_at__lte=now)

    def managed_by(self, actor):
        """One's own; an administrator may hold back anybody's."""
        return self.all() if actor.role == "admin" else self.filter(agent=actor.agent)


class Mailing(models.Model):
    """A report (`report` and `asked`: the words of its address, without its dates) sent to `agent` at the wall time `at`
    of `zone`: each working day, on `weekday` (0 is Monday), or on `day` of the month (past its end: on its last day).

    `settled_at`: what fell due up to then is written down, or was passed over. `look_at`: when the clock looks at it
    next, no later than it falls due. Paused by a person, or by the desk, which then says `why`.
    """

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="mailings")
    report = models.CharField(max_length=40)
    asked = models.JSONField(default=dict, blank=True)
    period = models.CharField(max_length=8, choices=Period)
    rhythm = models.CharField(max_length=12, choices=Rhythm)
    weekday = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)])
    day = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(31)])
    at = models.TimeField()
    zone = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField()
    look_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=300, blank=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        ordering = ("made_at", "id")
        indexes = [models.Index(fields=["look_at"], name="mailing_look_at", condition=Q(paused_at__isnull=True))]
        constraints = [
            models.UniqueConstraint(
                fields=["agent", "report", "asked", "period", "rhythm", "weekday", "day", "at", "zone"],
                name="mailing_once",
            ),
            models.CheckConstraint(condition=Q(rhythm__in=Rhythm.values), name="mailing_rhythm_known"),
            models.CheckConstraint(condition=Q(period__in=Period.values), name="mailing_period_known"),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, day__gte=1, day__lte=31), name="mailing_days_of_the_calendar"
            ),
            models.CheckConstraint(condition=Q(why="") | Q(paused_at__isnull=False), name="mailing_why_it_rests"),
        ]
