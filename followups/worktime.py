"""Working time and contact windows: pure arithmetic on instants, no database, no clock.

Instants are aware datetimes and come back in UTC; wall times are naive. Nothing here adds hours to
a wall time: local working periods become UTC spans first, so a day has 23, 24 or 25 h as its zone
says. A wall time that does not exist means the first valid instant after it, an ambiguous one the
first of the two. A period belongs to the day on which it starts; where its end is not after its
start, it ends on the next day (22:00-06:00, or 00:00-00:00 for a whole day).
"""

import hashlib
import importlib.util
import os
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

Period = tuple[time, time]
Span = tuple[datetime, datetime]

_ONE_DAY = timedelta(days=1)
_SEARCHED_DAYS = 3660
_DAYS_KEPT = 8000


class NoWorkingTime(ValueError):
    """Ten years from the instant asked for, the calendar holds too little working time."""


@dataclass(frozen=True)
class Calendar:
    """Working periods by weekday (0 is Monday) in one IANA zone.

    `half` gives a date periods of its own; a date in `closed` has none, whatever else is said. The spans of a day are
    worked out once for each calendar and kept with it.
    """

    zone: str
    periods: Mapping[int, tuple[Period, ...]]
    closed: frozenset[date] = frozenset()
    half: Mapping[date, tuple[Period, ...]] = field(default_factory=dict)
    _kept: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(frozen=True)
class ContactWindow:
    """The hours `[start, end)` in which a customer may be called, on weekdays of her zone."""

    zone: str
    start: time = time(9)
    end: time = time(20)
    days: frozenset[int] = frozenset(range(6))


def periods_of(pairs: Iterable[Sequence[str]]) -> tuple[Period, ...]:
    """Periods out of pairs like `["09:00", "17:00"]`, as calendars are stored."""
    return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in pairs)


def calendar_of(zone: str, week: Sequence[Sequence[Sequence[str]]], special_days: Iterable[Mapping] = ()) -> Calendar:
    """A calendar as it is stored: seven lists of pairs, and days of their own, closed where they have no hours."""
    days = {date.fromisoformat(day["on"]): periods_of(day["hours"]) for day in special_days}
    return Calendar(
        zone=zone,
        periods={number: periods_of(pairs) for number, pairs in enumerate(week)},
        closed=frozenset(on for on, hours in days.items() if not hours),
        half={on: hours for on, hours in days.items() if hours},
    )


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def to_wall(instant: datetime, zone: str) -> datetime:
    """What a clock in `zone` shows at `instant`: a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs an offset.")
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def to_instant(wall: datetime, zone: str) -> datetime:
    """The first instant, in UTC, at which a clock in `zone` shows `wall` or later."""
    if wall.tzinfo is not None:
        raise ValueError("A wall time has no offset.")
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    instant = local.astimezone(UTC)
    if to_wall(instant, zone) == wall.replace(fold=0):
        return instant
    return _end_of_gap(local, instant)


def _end_of_gap(local: datetime, after: datetime) -> datetime:
    """The transition that skipped `local`; it lies between its readings by the two offsets."""
    zone = local.tzinfo
    before = local.replace(fold=1).astimezone(UTC).replace(microsecond=0)
    low, high = 0, int((after - before).total_seconds()) + 1
    offset = before.astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def periods_on(day: date, calendar: Calendar) -> tuple[Period, ...]:
    """The working periods that start on a local date; empty on a day off."""
    if day in calendar.closed:
        return ()
    if day in calendar.half:
        return tuple(calendar.half[day])
    return tuple(calendar.periods.get(day.weekday(), ()))


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether any working period starts on the local date."""
    return bool(periods_on(day, calendar))


def spans_on(day: date, calendar: Calendar) -> tuple[Span, ...]:
    """What is worked of the periods that start on a local date, in UTC: in order and disjoint."""
    found = calendar._kept.get(day)
    if found is None:
        if len(calendar._kept) >= _DAYS_KEPT:
            calendar._kept.clear()
        found = calendar._kept[day] = tuple(_disjoint(_converted(day, calendar)))
    return found


def _converted(day: date, calendar: Calendar) -> Iterator[Span]:
    for start, end in sorted(periods_on(day, calendar)):
        last_day = day if end > start else day + _ONE_DAY
        begin = to_instant(datetime.combine(day, start), calendar.zone)
        yield begin, to_instant(datetime.combine(last_day, end), calendar.zone)


def _disjoint(spans: Iterable[Span]) -> Iterator[Span]:
    reached = datetime.min.replace(tzinfo=UTC)
    for start, end in spans:
        begin = max(start, reached)
        if begin < end:
            yield begin, end
            reached = end


def _spans(calendar: Calendar, first: date, days: int) -> Iterator[Span]:
    """Working spans, in order and disjoint; the night before `first` may reach in."""
    days_from = (first + timedelta(days=number) for number in range(-1, days))
    return _disjoint(span for day in days_from for span in spans_on(day, calendar))


def _spans_after(at: datetime, calendar: Calendar) -> Iterator[Span]:
    """What of the working spans lies after `at`; raises rather than search for ever."""
    for begin, end in _spans(calendar, to_wall(at, calendar.zone).date(), _SEARCHED_DAYS):
        if end > at:
            yield max(begin, at), end
    raise NoWorkingTime("The calendar holds too little working time in the next ten years.")


def working_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """Working time in `[start, end)`; zero where the end is not after the start."""
    first = to_wall(start, calendar.zone).date()
    days = (to_wall(end, calendar.zone).date() - first).days + 1
    total = timedelta()
    for opens, closes in _spans(calendar, first, days):
        total += max(min(closes, end) - max(opens, start), timedelta())
    return total


def add_working(start: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    """The earliest instant by which `amount` of working time has passed since `start`."""
    if amount < timedelta():
        raise ValueError("Working time is added, never taken away.")
    if not amount:
        return start.astimezone(UTC)
    return _reach(start, amount, calendar)


def _reach(start: datetime, amount: timedelta, calendar: Calendar) -> datetime:
    left = amount
    for begin, end in _spans_after(start, calendar):
        if left <= end - begin:
            return (begin + left).astimezone(UTC)
        left -= end - begin
    raise AssertionError("unreachable: the search raises first")


def next_working_instant(at: datetime, calendar: Calendar) -> datetime:
    """`at` itself inside working time, else the start of the next working span."""
    begin, _ = next(_spans_after(at, calendar))
    return begin.astimezone(UTC)


def add_working_days(at: datetime, days: int, calendar: Calendar) -> datetime:
    """The n-th working day after the local date of `at`, at the same hour on the wall.

    The hour is kept even where it lies outside that day's periods.
    """
    wall = to_wall(at, calendar.zone)
    day = nth_working_day(wall.date(), days, calendar)
    return to_instant(datetime.combine(day, wall.time()), calendar.zone)


def nth_working_day(after: date, days: int, calendar: Calendar) -> date:
    """The n-th working day after a local date; the date itself for 0."""
    if days < 0:
        raise ValueError("Working days are counted forward.")
    day, left = after, days
    for _ in range(_SEARCHED_DAYS):
        if not left:
            return day
        day += _ONE_DAY
        left -= is_working_day(day, calendar)
    raise NoWorkingTime("The calendar holds too few working days in the next ten years.")


@lru_cache(maxsize=1024)
def _as_calendar(window: ContactWindow) -> Calendar:
    hours = ((window.start, window.end),)
    return Calendar(zone=window.zone, periods=dict.fromkeys(window.days, hours))


def next_contactable(at: datetime, window: ContactWindow) -> datetime:
    """`at` itself inside the window, else the instant at which the window opens next."""
    return next_working_instant(at, _as_calendar(window))


def inside(at: datetime, window: ContactWindow) -> bool:
    """Whether the customer may be called at `at`; the end of the window is outside."""
    try:
        return next_contactable(at, window) == at
    except NoWorkingTime:
        return False


def rules_of(zone: str, first: int, last: int) -> str:
    """The zone's offsets over the years `[first, last)`, as a short digest; read anew from the zone data every time."""
    where, day = ZoneInfo.no_cache(zone), datetime(first, 1, 1, tzinfo=UTC)
    end, offset = datetime(last, 1, 1, tzinfo=UTC), day.astimezone(where).utcoffset()
    said = [f"{offset}"]
    while day < end:
        following = day + _ONE_DAY
        if (changed := following.astimezone(where).utcoffset()) != offset:
            said.append(f"{_first_instant(where, day, following)} {changed}")
            offset = changed
        day = following
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def _first_instant(where: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """To the second, when the offset of `high` began to hold after `low`."""
    offset = high.astimezone(where).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low).total_seconds() // 2)
        low, high = (low, middle) if middle.astimezone(where).utcoffset() == offset else (middle, high)
    return high


def forget_zones() -> None:
    """Read the zone data anew from now on. Calendars made before keep what they worked out."""
    ZoneInfo.clear_cache()
    _as_calendar.cache_clear()


def zone_data() -> tuple[int, ...]:
    """What tells one state of the zone data on this machine from another: a package that brings new ones replaces files
    at the top of its folder. Some microseconds.
    """
    return tuple(_changed_at(folder) for folder in _folders(zoneinfo.TZPATH))


def _changed_at(folder: str) -> int:
    """Nothing while it is being replaced."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


@cache
def _folders(path: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the path that are there, and that of the `tzdata` package."""
    packaged = importlib.util.find_spec("tzdata")
    places = (packaged and packaged.submodule_search_locations) or ()
    return tuple(filter(os.path.isdir, (*path, *(os.path.join(place, "zoneinfo") for place in places))))
