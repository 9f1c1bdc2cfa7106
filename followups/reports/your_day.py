"""Your day: what is promised today hour by hour, what is overdue, what came overnight, whom one stands in for, and
what is free in one's teams. One answer for the page and for the morning's mail.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from followups import numbers, worktime
from followups.models import Absence, Agent, FollowUp, Notice

SHOWN = 50
FREE_SHOWN = 20
NOW = "Now"
NIGHT = timedelta(hours=16)  # a notice of yesterday evening came overnight too


@dataclass(frozen=True)
class Promised:
    """A follow-up as a line: `hour` in the reader's zone, `by` the end of its window."""

    key: UUID
    at: datetime
    by: datetime
    hour: str
    subject: str
    customer: str
    number: str
    told: bool
    owner: str


@dataclass(frozen=True)
class StandingIn:
    name: str
    until: str
    count: int
    overdue: int


@dataclass
class Day:
    """Counts are of all, lists of the first ones."""

    on: date
    promised: list[Promised]
    promised_count: int
    overdue: list[Promised]
    overdue_count: int
    overnight: list[Notice]
    standing_in: list[StandingIn]
    free: list[Promised]
    free_count: int
    hours: list[tuple[str, list[Promised]]] = field(default_factory=list)


def of(agent: Agent, *, zone: str, now: datetime) -> Day:
    """Of the local day of `now`; eight queries, whatever there is."""
    today = worktime.to_wall(now, zone).date()
    midnight = worktime.to_instant(datetime.combine(today + timedelta(days=1), time(0)), zone)
    away = list(Absence.objects.filter(stand_in=agent, from_at__lt=midnight, until_at__gt=now).select_related("agent"))
    mine = own(agent, [row.agent_id for row in away if row.from_at <= now])
    counts = mine.aggregate(
        overdue=Count("pk", filter=Q(promised_by__lte=now)),
        promised=Count("pk", filter=Q(promised_by__gt=now, promised_by__lt=midnight)),
    )
    free = of_teams(agent).filter(promised_by__lt=midnight).exclude(promiser=agent)
    promised = _lines(mine.filter(promised_by__gt=now, promised_by__lt=midnight), zone, today)
    return Day(
        on=today,
        promised=promised,
        promised_count=counts["promised"],
        overdue=_lines(mine.filter(promised_by__lte=now), zone, today),
        overdue_count=counts["overdue"],
        overnight=_overnight(agent, zone, today, now),
        standing_in=_standing_in(away, zone, now, midnight),
        free=_lines(free, zone, today, FREE_SHOWN),
        free_count=free.count(),
        hours=_by_hour(promised, zone, now),
    )


def own(agent: Agent, stood_in_for: list[int]) -> QuerySet[FollowUp]:
    """In one's own name, in the name of those whom one stands in for now, or promised by oneself for the team."""
    promised = Q(owner__isnull=True, promiser=agent) & (Q(team__in=agent.team_ids) | Q(team__isnull=True))
    return FollowUp.objects.open().filter(Q(owner__in=[agent.pk, *stood_in_for]) | promised)


def of_teams(agent: Agent) -> QuerySet[FollowUp]:
    return FollowUp.objects.open().filter(owner__isnull=True).filter(Q(team__in=agent.team_ids) | Q(team__isnull=True))


def _lines(rows: QuerySet[FollowUp], zone: str, today: date, most: int = SHOWN) -> list[Promised]:
    found = rows.select_related("ticket__customer", "owner").order_by("promised_by", "pk")[:most]
    return [_line(row, zone, today) for row in found]


def _line(row: FollowUp, zone: str, today: date) -> Promised:
    at = row.promised_from or row.promised_by
    return Promised(
        key=row.pk,
        at=at,
        by=row.promised_by,
        hour=_hour(row, zone, today),
        subject=" ".join(row.ticket.subject.split()),
        customer=str(row.ticket.customer or "unknown caller"),
        number=numbers.read_aloud(row.ticket.number),
        told=row.is_told,
        owner=row.owner.display_name if row.owner else "",
    )


def _hour(row: FollowUp, zone: str, today: date) -> str:
    """`14:00-16:00`, `by 16:00`, and with the day where it is another one."""
    end = worktime.to_wall(row.promised_by, zone)
    if end.date() != today:
        return f"{end:%a} {end.day} {end:%b} {end:%H:%M}"
    start = worktime.to_wall(row.promised_from, zone) if row.promised_from else None
    return f"{start:%H:%M}-{end:%H:%M}" if start and start.date() == today else f"by {end:%H:%M}"


def _by_hour(rows: list[Promised], zone: str, now: datetime) -> list[tuple[str, list[Promised]]]:
    """In the order in which they begin; those whose window is open stand first."""
    found: dict[str, list[Promised]] = {}
    for row in sorted(rows, key=lambda each: each.at):
        hour = NOW if row.at <= now else f"{worktime.to_wall(row.at, zone):%H}:00"
        found.setdefault(hour, []).append(row)
    return list(found.items())


def _overnight(agent: Agent, zone: str, today: date, now: datetime) -> list[Notice]:
    """Unread, since the afternoon before."""
    since = worktime.to_instant(datetime.combine(today, time(8)), zone) - NIGHT
    rows = Notice.objects.filter(recipient=agent, read_at__isnull=True, at__gte=since, at__lte=now)
    return list(rows.select_related("ticket").order_by("-at", "-id")[:FREE_SHOWN])


def _standing_in(away: list[Absence], zone: str, now: datetime, midnight: datetime) -> list[StandingIn]:
    """Whom one stands in for today, with what is theirs until midnight."""
    counted = (
        FollowUp.objects.open()
        .filter(owner__in=[row.agent_id for row in away], promised_by__lt=midnight)
        .values_list("owner")
        .annotate(n=Count("pk"), late=Count("pk", filter=Q(promised_by__lte=now)))
    )
    counts = {owner: (n, late) for owner, n, late in counted}
    return [StandingIn(row.agent.display_name, _until(row, zone), *counts.get(row.agent_id, (0, 0))) for row in away]


def _until(row: Absence, zone: str) -> str:
    end = worktime.to_wall(row.until_at, zone)
    return f"{end:%a} {end.day} {end:%b} {end:%H:%M}"
