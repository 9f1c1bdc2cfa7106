"""Working time between instants, counted where the rows are: `worktime` says when the teams work, SQL looks it up.

All calendars lie one behind the other on one line of microseconds, so that one sorted array serves them all: an instant is
found on it by its calendar's number and the time since `origin`. How much was worked before it changes only between the
start and the end of a working span, and there as time itself does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from followups import worktime
from followups.models import Policy, Ticket

ONE_DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

# Which team works by which calendar; a team without hours of its own by the desk's.
CALENDARS = """
    calendars AS MATERIALIZED (
        SELECT * FROM unnest(%(calendar_teams)s::bigint[], %(calendar_numbers)s::bigint[]) AS c (of_team, calendar)
    )
"""
OF_TEAM = "LEFT JOIN calendars ON calendars.of_team = {team}"


@dataclass(frozen=True)
class Line:
    """`edges` begins each calendar's part with an edge before which nothing was worked. From an edge on, what was worked is
    `base` plus the place itself where it is `open`, and `base` alone where it is not.
    """

    origin: datetime
    length: int
    numbers: dict[int | None, int]
    edges: list[int] = field(default_factory=list)
    base: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    @property
    def parameters(self) -> dict[str, Any]:
        """For the pieces of SQL of this module. Without a policy of its own the desk's calendar has the number 0."""
        teams = {team: number for team, number in self.numbers.items() if team is not None}
        return {
            "origin": self.origin,
            "length": self.length,
            "calendar_teams": list(teams),
            "calendar_numbers": list(teams.values()),
            "edges": self.edges,
            "base": self.base,
            "open": self.open,
        }


def before(instant: str) -> str:
    """The SQL of how many microseconds were worked from the origin to an instant, by the row's `calendar`; before the origin
    none were.
    """
    since = f"greatest(0, date_part('epoch', {instant} - %(origin)s::timestamptz) * 1000000)::bigint"
    place = f"(coalesce(calendar, 0) * %(length)s::bigint + {since})"
    edge = f"width_bucket({place}, %(edges)s::bigint[])"
    return f"((%(base)s::bigint[])[{edge}] + (%(open)s::bigint[])[{edge}] * {place})"


def line(start: datetime, end: datetime) -> Line:
    """The calendars of all teams as they are now, from the first opening in `[start, end]` on, up to `end`."""
    rows = Policy.objects.only("team_id", "zone", "week", "special_days")
    calendars = {None: Policy().calendar} | {row.team_id: row.calendar for row in rows}
    opened = Ticket.objects.filter(opened_at__gte=start).order_by("opened_at").values_list("opened_at", flat=True)
    return laid(calendars, min(opened.first() or end, end), end)


def laid(calendars: dict[int | None, worktime.Calendar], start: datetime, end: datetime) -> Line:
    """None is the desk's own. Equal calendars share one part of the line."""
    places: dict[int, int] = {}
    numbers = {team: places.setdefault(id(each), len(places)) for team, each in calendars.items()}
    found = Line(start, (end - start) // MICROSECOND + 2, numbers)
    for number, calendar in sorted({numbers[team]: each for team, each in calendars.items()}.items()):
        _lay(found, number * found.length, spans(calendar, start, end))
    return found


def _lay(found: Line, offset: int, worked: Iterable[worktime.Span]) -> None:
    _edge(found, offset, 0, 0)
    total = 0
    for opens, closes in worked:
        since, until = (offset + (at - found.origin) // MICROSECOND for at in (opens, closes))
        _edge(found, since, total - since, 1)
        total += until - since
        _edge(found, until, total, 0)


def _edge(found: Line, at: int, base: int, is_open: int) -> None:
    found.edges.append(at)
    found.base.append(base)
    found.open.append(is_open)


def spans(calendar: worktime.Calendar, start: datetime, end: datetime) -> Iterator[worktime.Span]:
    """Working spans within `[start, end]`, in order and disjoint."""
    day, last = (worktime.to_wall(at, calendar.zone).date() for at in (start, end))
    day, reached = day - ONE_DAY, start
    while day <= last:
        for opens, closes in worktime.spans_on(day, calendar):
            since, until = max(opens, reached), min(closes, end)
            if since < until:
                yield since, until
                reached = until
        day += ONE_DAY
