"""What is overdue now, whose it is and how long; what comes due soon with nobody there for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, CharField, Count, Q, QuerySet, Value, When

from followups import worktime
from followups.models import Absence, Actor, FollowUp
from followups.models.followups import FollowUpQuerySet

BANDS = {"hours": "under 2 h", "today": "today", "days": "1 to 3 days", "older": "older"}
SOON = timedelta(hours=2)


@dataclass
class Owner:
    """How much of one owner is overdue, by band; `key` is the owner's id, "none" for what a team holds together."""

    key: str
    name: str
    away: bool = False
    bands: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BANDS, 0))

    @property
    def total(self) -> int:
        return sum(self.bands.values())


@dataclass(frozen=True)
class Board:
    bands: dict[str, int]
    owners: list[Owner]
    away: frozenset[int] = frozenset()

    @property
    def total(self) -> int:
        return sum(self.bands.values())


def rows(actor: Actor) -> FollowUpQuerySet:
    """Open follow-ups that the actor leads or reads."""
    return FollowUp.objects.open().led_by(actor)


def edges(now: datetime, zone: str) -> tuple[datetime, datetime, datetime]:
    """Where the bands part, latest first: two hours ago, midnight in `zone`, three days before it."""
    midnight = datetime.combine(worktime.to_wall(now, zone).date(), datetime.min.time())
    today = worktime.to_instant(midnight, zone)
    before = worktime.to_instant(midnight - timedelta(days=3), zone)
    return now - SOON, min(today, now - SOON), before


def band_of(due: datetime, *, now: datetime, zone: str) -> str:
    limits = zip(("hours", "today", "days"), edges(now, zone), strict=True)
    return next((band for band, limit in limits if due > limit), "older")


def in_band(found: QuerySet[FollowUp], band: str, *, now: datetime, zone: str) -> QuerySet[FollowUp]:
    hours, today, days = edges(now, zone)
    limits = {
        "hours": Q(promised_by__gt=hours),
        "today": Q(promised_by__gt=today, promised_by__lte=hours),
        "days": Q(promised_by__gt=days, promised_by__lte=today),
        "older": Q(promised_by__lte=days),
    }
    return found.filter(limits[band])


def board(actor: Actor, *, now: datetime, zone: str) -> Board:
    """Counts by age band and owner, in one query that reads what is overdue and one of who is away."""
    hours, today, days = edges(now, zone)
    band = Case(
        When(promised_by__gt=hours, then=Value("hours")),
        When(promised_by__gt=today, then=Value("today")),
        When(promised_by__gt=days, then=Value("days")),
        default=Value("older"),
        output_field=CharField(),
    )
    names = ("owner__username", "owner__first_name", "owner__last_name")
    counted = rows(actor).overdue(now).annotate(band=band).values("band", "owner_id", *names).annotate(n=Count("pk"))
    return _board(counted.order_by(), away(now))


def away(now: datetime) -> frozenset[int]:
    """Who is away now, by key."""
    return frozenset(Absence.objects.at(now).values_list("agent_id", flat=True))


def _board(counted: Iterable[dict], absent: frozenset[int]) -> Board:
    bands = dict.fromkeys(BANDS, 0)
    owners: dict[str, Owner] = {}
    for row in counted:
        owner = owners.setdefault(_key(row), Owner(_key(row), _name(row), row["owner_id"] in absent))
        owner.bands[row["band"]] += row["n"]
        bands[row["band"]] += row["n"]
    return Board(bands, sorted(owners.values(), key=lambda owner: (-owner.total, owner.name)), absent)


def _key(row: dict) -> str:
    return str(row["owner_id"] or "none")


def _name(row: dict) -> str:
    if row["owner_id"] is None:
        return "nobody yet"
    return f"{row['owner__first_name']} {row['owner__last_name']}".strip() or row["owner__username"]


def unattended(actor: Actor, *, now: datetime) -> QuerySet[FollowUp]:
    """Due in the next two hours, and its owner is nobody, away or gone; not what somebody has taken in hand."""
    soon = rows(actor).due_before(now + SOON, after=now)
    absent = Q(owner__isnull=True) | Q(owner__is_active=False) | Q(owner__in=Absence.objects.at(now).values("agent_id"))
    free = Q(taken_until__isnull=True) | Q(taken_until__lte=now)
    return soon.filter(absent, free)
