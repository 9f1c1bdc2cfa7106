"""What a team promises by default: working hours, windows, budgets and limits.

The row without a team is the desk's own.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import time
from functools import lru_cache

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, Q

from followups import worktime
from followups.models.agents import Team
from followups.models.ladders import Ladder
from followups.models.targets import Target


def monday_to_friday() -> list[int]:
    """The default of a column that the first releases had."""
    return [0, 1, 2, 3, 4]


def office_week() -> list[list[list[str]]]:
    """Seven lists, Monday first, of pairs like 09:00 and 17:00; a period that ends no later than it began ends on
    the next day.
    """
    return [[["09:00", "17:00"]] if day < 5 else [] for day in range(7)]


@lru_cache(maxsize=512)
def _calendar(zone: str, week: str, special_days: str) -> worktime.Calendar:
    return worktime.calendar_of(zone, json.loads(week), json.loads(special_days))


def calendar_of(zone: str, week: Sequence, special_days: Sequence[Mapping]) -> worktime.Calendar:
    """The calendar of these columns; one for equal ones, so that its days are worked out once."""
    return _calendar(zone, json.dumps(week), json.dumps(special_days))


def forget_calendars() -> None:
    """For when the rules of zones have changed."""
    _calendar.cache_clear()


def follow_zone_data() -> None:
    """Forget what this process has read of zones where their data on this machine were replaced since it last looked:
    for whoever begins something, a request or a sweep.
    """
    _forget_before(worktime.zone_data())


@lru_cache(maxsize=1)
def _forget_before(_data: tuple[int, ...]) -> None:
    """Kept for the last argument alone, so that it runs when that changes."""
    worktime.forget_zones()
    forget_calendars()


def monday_to_saturday() -> list[int]:
    return [0, 1, 2, 3, 4, 5]


def high_priorities() -> list[str]:
    return ["high", "urgent", "critical", "1 - critical", "2 - high"]


SENTENCE = "We will call you {window} with what we know, even if we are still waiting."


class PolicyQuerySet(models.QuerySet["Policy"]):
    def of(self, team_id: int | None) -> "Policy":
        """The team's policy, else the desk's own, else the defaults."""
        theirs = Q(team_id=team_id) | Q(team_id__isnull=True)
        ladders = Ladder.objects.filter(theirs, replaced_at__isnull=True)
        rules = Target.objects.filter(theirs, replaced_at__isnull=True, is_on=True).exclude(template="")
        asked = self.filter(theirs).annotate(has_ladders=Exists(ladders), has_rules=Exists(rules))
        rows = {row.team_id: row for row in asked}
        return rows.get(team_id) or rows.get(None) or Policy()


@pghistory.track()
class Policy(models.Model):
    """Defaults are the desk policy of the definitions. Days count 0 = Monday; times are local to `zone`.

    `special_days` are rows of `on` (ISO date), `name` and `hours`: pairs as in `week`, none where it is a day off.
    A team's row is whole, so that who reads it needs no other: of what is not its own, hours or rules, it holds what the
    desk's own row holds, written into it by the act that changes that.
    """

    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="policy")
    zone = models.CharField(max_length=64, blank=True, help_text="IANA zone; empty: the desk's own.")
    week = models.JSONField(default=office_week, db_default=office_week())
    special_days = models.JSONField(default=list, db_default=[], blank=True)
    own_hours = models.BooleanField(default=True, db_default=True)
    own_rules = models.BooleanField(default=True, db_default=True)

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
    # Whether the team or the desk has any ladder, and a rule by name that is on: where `of` has looked.
    has_ladders = True
    has_rules = False

    class Meta:
        verbose_name_plural = "policies"
        constraints = [
            models.UniqueConstraint(fields=["team"], name="policy_one_a_team", nulls_distinct=False),
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
        return calendar_of(self.local_zone, self.week, self.special_days)

    def window_of(self, customer) -> worktime.ContactWindow:
        """When `customer` may be called: her own hours and zone where known, else the team's."""
        return worktime.ContactWindow(
            zone=(customer.zone if customer else "") or self.local_zone,
            start=(customer.contact_from if customer else None) or self.contact_from,
            end=(customer.contact_until if customer else None) or self.contact_until,
            days=frozenset((customer.contact_days if customer else None) or self.contact_days),
        )

    def is_high(self, priority: str) -> bool:
        return priority.casefold() in {word.casefold() for word in self.high_priorities}


class HoursChange(models.Model):
    """Hours that changed, of a team or the desk's own, while what waits is still being moved along; then it goes.

    What fell due after `since` is looked at again before it is said. `climbing`: what climbs already moves too. A pass
    goes through the open follow-ups by `promised_by`, through the running targets by when they are due; `step_at`,
    `step_id`, `clock_at` and `clock_id` are the last ones seen. `boundary` is the first transaction that can only have
    read the new hours; `settled`: the pass began after all those before it had ended.
    """

    team = models.OneToOneField(Team, models.CASCADE, null=True, blank=True, related_name="+")
    since = models.DateTimeField()
    climbing = models.BooleanField(default=True)
    boundary = models.BigIntegerField(null=True, blank=True)
    settled = models.BooleanField(default=False)
    passed = models.BooleanField(default=False)
    step_at = models.DateTimeField(null=True, blank=True)
    step_id = models.UUIDField(null=True, blank=True)
    clock_at = models.DateTimeField(null=True, blank=True)
    clock_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team"], name="hours_change_one_a_team", nulls_distinct=False),
        ]
