"""Which slot to promise: the policy's working day, the hour of her call, her window, and what the team can carry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate

from followups import worktime
from followups.actions import capacity
from followups.models import Customer, FollowUp, Policy, Team
from followups.models.policies import SENTENCE

WRITTEN = "We will write to you {window} with what we know, even if we are still waiting."
QUARTER = 15
SEARCHED_DAYS = 60


@dataclass(frozen=True)
class Proposal:
    """A free slot `[from_at, by_at]` (UTC), the sentence to read aloud, and what stood in the way of an earlier one.

    `load_minutes` and `budget_minutes` are those of the slot's day; `skipped_days` were full.
    """

    from_at: datetime
    by_at: datetime
    zone: str
    sentence: str
    load_minutes: int
    budget_minutes: int
    skipped_days: tuple[date, ...] = ()
    her_zone_known: bool = True
    channel: str = "phone"


@dataclass(frozen=True)
class Room:
    """What a team can carry on a day, and the minutes that each day has promised already. Asked once for any number of
    looks.
    """

    policy: Policy
    crew: capacity.Crew
    load: dict[date, int]


def words(from_at: datetime, by_at: datetime, zone: str) -> str:
    """`on Thursday 26 November between 14:00 and 16:00`, in `zone`; across midnight both days are named."""
    start, end = worktime.to_wall(from_at, zone), worktime.to_wall(by_at, zone)
    day = f"on {start:%A} {start.day} {start:%B}"
    if start == end:
        return f"{day} at {start:%H:%M}"
    if start.date() == end.date():
        return f"{day} between {start:%H:%M} and {end:%H:%M}"
    return f"{day} {start:%H:%M} to {end:%A} {end.day} {end:%B} {end:%H:%M}"


def by_words(by_at: datetime, zone: str) -> str:
    end = worktime.to_wall(by_at, zone)
    return f"by {end:%A} {end.day} {end:%B} {end:%H:%M}"


def sentence(policy: Policy, *, from_at: datetime | None, by_at: datetime, zone: str, channel: str = "phone") -> str:
    """The policy's sentence with the window put in. It promises contact and news, never an outcome.

    The desk's own words speak of a call; where she is not called they speak of writing.
    """
    window = words(from_at, by_at, zone) if from_at else by_words(by_at, zone)
    said = WRITTEN if channel != "phone" and policy.sentence == SENTENCE else policy.sentence
    return said.replace("{window}", window)


def load_by_day(team: Team | None, policy: Policy, *, now: datetime) -> dict[date, int]:
    """Minutes already promised on each local day of the team's zone, from `now` on."""
    rows = (
        FollowUp.objects.open()
        .filter(team=team, promised_by__gte=now, promised_by__lt=now + timedelta(days=SEARCHED_DAYS + 31))
        .annotate(day=TruncDate("promised_by", tzinfo=ZoneInfo(policy.local_zone)))
        .values_list("day")
        .annotate(n=Count("*"))
    )
    return {day: n * policy.minutes_each for day, n in rows}


def room(team: Team | None, policy: Policy, *, now: datetime) -> Room:
    """Two queries."""
    return Room(policy, capacity.crew(team, policy, now=now), load_by_day(team, policy, now=now))


def propose(
    *,
    customer: Customer | None,
    team: Team | None,
    policy: Policy,
    now: datetime,
    priority: str = "",
    first_update: bool = False,
    count: int = 1,
) -> list[Proposal]:
    """The next `count` free slots of a team: those of its room as it is now."""
    given = room(team, policy, now=now)
    return free(given, customer=customer, now=now, priority=priority, first_update=first_update, count=count)


def free(
    room: Room,
    *,
    customer: Customer | None,
    now: datetime,
    priority: str = "",
    first_update: bool = False,
    count: int = 1,
) -> list[Proposal]:
    """The next `count` free slots, day by day; the first of each is at the hour of her call. Empty only where the
    windows never meet within two months.
    """
    policy = room.policy
    days = policy.first_update_days if first_update else policy.proposal_days
    if not first_update and policy.is_high(priority):
        days = policy.high_proposal_days
    first = _nth_day(policy, now, days)
    return list(islice(from_day(first, room, customer=customer, now=now, like=now), count))


def from_day(
    first: date, room: Room, *, customer: Customer | None, now: datetime, like: datetime
) -> Iterator[Proposal]:
    """The free slots from a local day on, at the hour of `like` where both windows allow it; never one that began."""
    policy = room.policy
    window, skipped = policy.window_of(customer), []
    for day in _working_days(policy, first):
        taken, budget = room.load.get(day, 0), room.crew.budget(day)
        if taken + policy.minutes_each > budget:
            skipped.append(day)
            continue
        for from_at, by_at in _of_day(day, policy, window, now=now, like=like):
            yield Proposal(
                from_at=from_at,
                by_at=by_at,
                zone=window.zone,
                sentence=sentence(policy, from_at=from_at, by_at=by_at, zone=window.zone),
                load_minutes=taken,
                budget_minutes=budget,
                skipped_days=tuple(skipped),
                her_zone_known=bool(customer and customer.zone),
            )


def _nth_day(policy: Policy, now: datetime, days: int) -> date:
    today = worktime.to_wall(now, policy.local_zone).date()
    return worktime.nth_working_day(today, days, policy.calendar) if days else today


def _working_days(policy: Policy, first: date) -> Iterator[date]:
    for offset in range(SEARCHED_DAYS):
        candidate = first + timedelta(days=offset)
        if worktime.is_working_day(candidate, policy.calendar):
            yield candidate


def _of_day(
    day: date, policy: Policy, window: worktime.ContactWindow, *, now: datetime, like: datetime
) -> list[tuple[datetime, datetime]]:
    """At most two slots of a day: at the hour of her call as near as both windows allow, and in the other half of the
    day.
    """
    spans = meeting(day, policy, window)
    length = timedelta(minutes=policy.window_minutes)
    wished = worktime.to_wall(like, policy.local_zone).time()
    first = _nearest(spans, _at(day, wished, policy.local_zone), length)
    if first is None:
        return []
    noon = _at(day, time(12), policy.local_zone)
    other_half = _at(day, time(14 if first[0] < noon else 9, 30), policy.local_zone)
    second = _nearest(spans, other_half, length)
    pairs = [first] + ([second] if second and abs(second[0] - first[0]) >= timedelta(hours=1) else [])
    return [pair for pair in pairs if pair[0] > now]


def at_hour(day: date, hour: time, policy: Policy, window: worktime.ContactWindow) -> tuple[datetime, datetime] | None:
    """The slot of `day` nearest to a local hour, or None where her hours and the team's do not meet."""
    length = timedelta(minutes=policy.window_minutes)
    return _nearest(meeting(day, policy, window), _at(day, hour, policy.local_zone), length)


def _at(day: date, hour: time, zone: str) -> datetime:
    quarter = (hour.hour * 60 + hour.minute + QUARTER - 1) // QUARTER * QUARTER
    wall = datetime.combine(day, time(0)) + timedelta(minutes=min(quarter, 24 * 60 - QUARTER))
    return worktime.to_instant(wall, zone)


def meeting(day: date, policy: Policy, window: worktime.ContactWindow) -> list[tuple[datetime, datetime]]:
    """Where the team's hours of `day` and her calling hours overlap, as UTC spans."""
    at_work = worktime.spans_on(day, policy.calendar)
    spans = []
    for offset in (-1, 0, 1):
        her_day = day + timedelta(days=offset)
        if her_day.weekday() not in window.days:
            continue
        start = worktime.to_instant(datetime.combine(her_day, window.start), window.zone)
        end = worktime.to_instant(datetime.combine(her_day, window.end), window.zone)
        spans += [
            (max(start, opens), min(end, closes)) for opens, closes in at_work if max(start, opens) < min(end, closes)
        ]
    return spans


def _nearest(
    spans: list[tuple[datetime, datetime]], wished: datetime, length: timedelta
) -> tuple[datetime, datetime] | None:
    """The window of at most `length` that starts nearest to `wished` inside one of the spans."""
    options = []
    for start, end in spans:
        from_at = min(max(wished, start), max(start, end - length))
        options.append((abs(from_at - wished), from_at.astimezone(UTC), min(from_at + length, end).astimezone(UTC)))
    return min(options)[1:] if options else None
