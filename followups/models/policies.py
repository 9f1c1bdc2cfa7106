"""What a team promises by default: working hours, windows, budgets and limits.

The row without a team is the desk's own.
"""

from datetime import time

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from followups import worktime
from followups.models.agents import Team


def monday_to_friday() -> list[int]:
    return [0, 1, 2, 3, 4]


def monday_to_saturday() -> list[int]:
    return [0, 1, 2, 3, 4, 5]


def high_priorities() -> list[str]:
    return ["high", "urgent", "critical", "1 - critical", "2 - high"]


SENTENCE = "We will call you {window} with what we know, even if we are still waiting."


class PolicyQuerySet(models.QuerySet["Policy"]):
    def of(self, team_id: int | None) -> "Policy":
        """The team's policy, else the desk's own, else the defaults."""
        rows = {row.team_id: row for row in self.filter(Q(team_id=team_id) | Q(team_id__isnull=True))}
        return rows.get(team_id) or rows.get(None) or Policy()


@pghistory.track()
class Policy(models.Model):
    """Defaults are the desk policy of the definitions. Days count 0 = Monday; times are local to `zone`."""

    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="policy")
    zone = models.CharField(max_length=64, blank=True, help_text="IANA zone; empty: the desk's own.")
    workdays = ArrayField(models.SmallIntegerField(), default=monday_to_friday)
    opens = models.TimeField(default=time(9))
    closes = models.TimeField(default=time(17))
    closed_on = ArrayField(models.DateField(), default=list, blank=True)

    first_update_days = models.PositiveSmallIntegerField(default=1)
    proposal_days = models.PositiveSmallIntegerField(default=2)
    high_proposal_days = models.PositiveSmallIntegerField(default=1)
    high_priorities = ArrayField(models.CharField(max_length=60), default=high_priorities, blank=True)
    window_minutes = models.PositiveSmallIntegerField(default=120)
    sentence = models.CharField(max_length=300, default=SENTENCE)

    daily_minutes = models.PositiveSmallIntegerField(default=90)
    minutes_each = models.PositiveSmallIntegerField(default=5)
    longest_days = models.PositiveSmallIntegerField(default=5)
    horizon_days = models.PositiveSmallIntegerField(default=30)

    contact_from = models.TimeField(default=time(9))
    contact_until = models.TimeField(default=time(20))
    contact_days = ArrayField(models.SmallIntegerField(), default=monday_to_saturday)
    calls_a_day = models.PositiveSmallIntegerField(default=3)
    calls_a_week = models.PositiveSmallIntegerField(default=7)

    review_no_news = models.PositiveSmallIntegerField(default=2)
    review_follow_ups = models.PositiveSmallIntegerField(default=3)
    review_days = models.PositiveSmallIntegerField(default=15)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["team"], name="policy_one_a_team", nulls_distinct=False),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="policy_opens_before_closes"),
            models.CheckConstraint(
                condition=Q(contact_from__lt=F("contact_until")), name="policy_contact_from_before_until"
            ),
            models.CheckConstraint(
                condition=Q(minutes_each__gte=1, window_minutes__gte=5, horizon_days__gte=1), name="policy_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"Policy of {self.team or 'the desk'}"

    @property
    def local_zone(self) -> str:
        return self.zone or settings.DESK_ZONE

    @property
    def calendar(self) -> worktime.Calendar:
        hours = ((self.opens, self.closes),)
        return worktime.Calendar(
            zone=self.local_zone, periods=dict.fromkeys(self.workdays, hours), closed=frozenset(self.closed_on)
        )

    def window_of(self, customer) -> worktime.ContactWindow:
        """When `customer` may be called: her own hours and zone where known, else the team's."""
        return worktime.ContactWindow(
            zone=(customer.zone if customer else "") or self.local_zone,
            start=(customer.contact_from if customer else None) or self.contact_from,
            end=(customer.contact_until if customer else None) or self.contact_until,
            days=frozenset(self.contact_days),
        )

    def is_high(self, priority: str) -> bool:
        return priority.casefold() in {word.casefold() for word in self.high_priorities}
