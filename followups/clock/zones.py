"""Zones: where the rules of one in use have changed, promised times and what waits are derived from the wall anew."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction

from followups import worktime
from followups.actions import rehearing, rezoning
from followups.models import Actor, FollowUp, Policy, Site
from followups.models.policies import forget_calendars

CLOCK = Actor(door="clock")
YEARS_AHEAD = 3


def sweep(*, now: datetime) -> int:
    """How many promised times moved. What was found is kept only once all is done: an interrupted look begins again."""
    rules = {zone: worktime.rules_of(zone, now.year, now.year + YEARS_AHEAD) for zone in _in_use(now)}
    known = Site.objects.values_list("zone_rules", flat=True).get(id=1)
    changed = {zone for zone, said in rules.items() if known.get(zone, said) != said}
    if rules == known:
        return 0
    moved = _rederived(changed, now) if changed else 0
    Site.objects.filter(id=1).update(zone_rules=rules)
    return moved


def _in_use(now: datetime) -> Iterable[str]:
    """Zones of promises to come and of calendars."""
    promised = FollowUp.objects.open().filter(promised_by__gt=now).order_by().values_list("zone", flat=True).distinct()
    hours = Policy.objects.values_list("zone", flat=True)
    return {settings.DESK_ZONE, *filter(worktime.is_zone, {*promised, *hours})}


def _rederived(changed: set[str], now: datetime) -> int:
    worktime.forget_zones()
    forget_calendars()
    rows = FollowUp.objects.open().filter(promised_by__gt=now, zone__in=changed).order_by("promised_by", "pk")
    wrong = [row for row in rows if rezoning.derived(row) != (row.promised_from, row.promised_by)]
    moved = sum(rezoning.rederive(follow_up=row, by=CLOCK, now=now) for row in wrong)
    for policy in Policy.objects.filter(own_hours=True).select_related("team"):
        if policy.local_zone in changed:
            with transaction.atomic():
                rehearing.begin(team=policy.team, now=now)
    return moved
