"""Which tickets want a second look: no next step, no news, many follow-ups, old, or closed against their own note."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.lookups import Exact

from followups import worktime
from followups.models import Actor, Brought, Closure, FollowUp, Policy, Ticket
from followups.models.followups import FollowUpQuerySet
from followups.models.tickets import TicketQuerySet

LISTS = {
    "no_next_step": "No next step",
    "no_news": "No news again and again",
    "many": "Many follow-ups",
    "old": "Open for long",
    "note": "Note contradicts the closing",
}
CONTRADICTS = "note-contradicts-outcome"
LOOKED_BACK = timedelta(days=90)
RESTED = timedelta(days=30)
MOST_IN_A_ROW = 10


def listed(name: str, actor: Actor, *, now: datetime) -> QuerySet[Ticket]:
    """The tickets of one list that the actor leads or reads. `at` in the order is the opening, oldest first."""
    led = Ticket.objects.all() if actor.sees_all else Ticket.objects.workable_by(actor)
    found = led.filter(_note(now)) if name == "note" else _open(name, led, now)
    return found.select_related("customer", "team", "agent", "category")


def _open(name: str, led: TicketQuerySet, now: datetime) -> QuerySet[Ticket]:
    if name == "no_next_step":
        # Those that were ever followed hold a step: the database sees to it, and the watch looks again.
        return led.filter(ever_followed=False).without_next_step()
    rules = {"no_news": _without_news, "many": _many, "old": _old}
    if name != "old":
        led = led.filter(pk__in=_touched(now))
    wanted = Q()
    for teams, policy in by_team(Policy.objects.all()):
        wanted |= teams & rules[name](policy, now)
    return led.open().filter(wanted)


def _touched(now: datetime) -> QuerySet[Any, Any]:
    """Tickets whose follow-ups changed of late: what rested for longer is on the list of the old, and this stays cheap."""
    return FollowUp.objects.filter(updated_at__gt=now - RESTED).values("ticket")


def by_team(policies: Iterable[Policy]) -> Iterator[tuple[Q, Policy]]:
    """Which tickets each policy rules: a team's own, and the desk's for all others."""
    own = {policy.team_id: policy for policy in policies}
    desk = own.pop(None, None) or Policy()
    for team_id, policy in own.items():
        yield Q(team_id=team_id), policy
    yield Q(team_id__isnull=True) | ~Q(team_id__in=list(own)), desk


def _own() -> FollowUpQuerySet:
    return FollowUp.objects.filter(ticket=OuterRef("pk"))


def _without_news(policy: Policy, now: datetime) -> Q:
    """The last follow-ups of the ticket, as many as the policy says, all ended without news."""
    last = _own().ended().exclude(brought="").order_by("-ended_at", "-pk").values("brought")
    found = Q()
    for place in range(min(policy.review_no_news, MOST_IN_A_ROW)):
        found &= Q(Exact(Subquery(last[place : place + 1]), Value(Brought.NO_NEWS)))
    return found


def _many(policy: Policy, now: datetime) -> Q:
    counted = FollowUp.objects.filter(ticket__in=_touched(now)).order_by().values("ticket").annotate(n=Count("pk"))
    return Q(pk__in=counted.filter(n__gte=policy.review_follow_ups).values("ticket"))


def _old(policy: Policy, now: datetime) -> Q:
    return Q(opened_at__lte=working_days_ago(now, policy.review_days, policy.calendar))


def working_days_ago(now: datetime, days: int, calendar: worktime.Calendar) -> datetime:
    """The start of the n-th working day before the local day of `now`."""
    day, left = worktime.to_wall(now, calendar.zone).date(), days
    for _ in range(3660):
        if not left:
            break
        day -= timedelta(days=1)
        left -= worktime.is_working_day(day, calendar)
    return worktime.to_instant(datetime.combine(day, datetime.min.time()), calendar.zone)


def _note(now: datetime) -> Q:
    closings = Closure.objects.filter(hint=CONTRADICTS, undone_at__isnull=True, reopened_at__isnull=True)
    return Q(pk__in=closings.filter(at__gt=now - LOOKED_BACK).values("ticket"))
