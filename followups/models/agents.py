"""People of the desk and their teams."""

from functools import cached_property

import pghistory
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    AGENT = "agent", "Agent"
    SUPERVISOR = "supervisor", "Supervisor"
    ADMIN = "admin", "Administrator"
    AUDITOR = "auditor", "Auditor"
    INTEGRATION = "integration", "Integration"


class TeamKind(models.TextChoices):
    IN_HOUSE = "in_house", "In-house"
    OUTSOURCED = "outsourced", "Outsourced"


@pghistory.track()
class Team(models.Model):
    """A group that owns tickets together. `separate` teams (outsourcers) see of others only that a promise exists."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=TeamKind, default=TeamKind.IN_HOUSE)
    separate = models.BooleanField(default=False)
    lead = models.ForeignKey("followups.Agent", models.SET_NULL, null=True, blank=True, related_name="+")
    manager = models.ForeignKey("followups.Agent", models.SET_NULL, null=True, blank=True, related_name="+")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["password", "last_login"])
class Agent(AbstractUser):
    """Whoever signs in. Agents made by an import have no usable password."""

    role = models.CharField(max_length=12, choices=Role, default=Role.AGENT)
    teams = models.ManyToManyField(Team, related_name="agents", blank=True)
    zone = models.CharField(max_length=64, blank=True, help_text="IANA zone; empty: the desk's own.")
    started_on = models.DateField(null=True, blank=True)
    credit_limit = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    week = models.JSONField(null=True, blank=True, help_text="Own shifts, as in a policy; null: the team's hours.")
    pushes = models.BooleanField(default=False, db_default=False, help_text="Has set up a channel outside the app.")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ("username",)
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="agent_role_known"),
            models.CheckConstraint(
                condition=Q(credit_limit__isnull=True) | Q(credit_limit__gte=0), name="agent_credit_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def team_ids(self) -> frozenset[int]:
        return frozenset(self.teams.through.objects.filter(agent_id=self.pk).values_list("team_id", flat=True))

    def away_until(self, now):
        """When the absence of this instant ends; None where the person is not away. One query, none where `absences`
        were read along.
        """
        ends = [row.until_at for row in self.absences.all() if row.from_at <= now < row.until_at]
        return max(ends, default=None)

    def is_away(self, now) -> bool:
        return self.away_until(now) is not None

    @property
    def supervises(self) -> bool:
        return self.role in (Role.SUPERVISOR, Role.ADMIN)


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def at(self, now):
        """Who is away at this instant."""
        return self.filter(from_at__lte=now, until_at__gt=now)

    def between(self, start, end):
        """Touching `[start, end)`."""
        return self.filter(from_at__lt=end, until_at__gt=start)


class Absence(models.Model):
    """Away in `[from_at, until_at)`; meanwhile `stand_in`, where one is named, hears and does what is theirs."""

    agent = models.ForeignKey(Agent, models.CASCADE, related_name="absences")
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    stand_in = models.ForeignKey(Agent, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=120, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ("from_at", "id")
        indexes = [models.Index(fields=["agent", "until_at"], name="absence_agent")]
        constraints = [
            models.CheckConstraint(condition=Q(from_at__lt=models.F("until_at")), name="absence_from_before_until"),
            models.CheckConstraint(
                condition=Q(stand_in__isnull=True) | ~Q(stand_in=models.F("agent")), name="absence_stand_in_other"
            ),
        ]
