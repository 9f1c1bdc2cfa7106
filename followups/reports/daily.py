"""Counts by day, for the questions that are asked most: of everything or of some keys of one cut, by whole days.

Days are those of the desk's zone. A day is whole where all of it lies within the period and neither the end of the days watched
nor as_of falls into it; the rest of the period, and whoever was touched, is counted from the facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from followups.reports import kept, windows

WINDOWS = (7, 14, 30)
HORIZONS = (1, 3, 7, 30)
ONE = timedelta(days=1)

# The cuts that are counted, with the column of each and its key as text; a family is many categories, a site many teams.
CUTS = {
    "channel": ("channel", "channel"),
    "priority": ("priority", "priority"),
    "team": ("team_id", "coalesce(team_id::text, '')"),
    "category": ("category_id", "category_id::text"),
}
# What is shown: the cut that has it, what its days are summed up by, and how each sum `d` is called.
TEAM = "FROM followups_team WHERE id = nullif(d.key, '')::bigint"
CATEGORY = "FROM followups_category WHERE id = d.key::bigint"
PLACES = {
    "channel": ("channel", "d.key", "d.key"),
    "priority": ("priority", "d.key", "d.key"),
    "team": ("team", "d.key", f"coalesce((SELECT name {TEAM}), '')"),
    "site": ("team", "d.key", f"coalesce((SELECT kind {TEAM}), '')"),
    "category": ("category", "d.key", f"(SELECT path {CATEGORY})"),
    "family": ("category", "d.key", f"(SELECT family {CATEGORY})"),
    "week": ("total", """to_char(d.day, 'IYYY-"W"IW')""", "d.key"),
    "month": ("total", "to_char(d.day, 'YYYY-MM')", "d.key"),
    None: ("total", "'total'", "d.key"),
}
# What is asked for, as a cut and its keys.
NARROWED = {
    "channel": ("channel", "d.key = %(channel)s"),
    "priority": ("priority", "d.key = %(priority)s"),
    "team": ("team", "d.key = %(team)s::text"),
    "category": (
        "category",
        """d.key IN (SELECT id::text FROM followups_category
            WHERE path = %(category)s OR starts_with(path, %(category)s || '/'))""",
    ),
    "family": ("category", "d.key IN (SELECT id::text FROM followups_category WHERE family = %(family)s)"),
}
IN_SCOPE = ("team", "(d.key = ANY(%(scope_teams)s::bigint[]::text[]) OR (%(scope_pool)s AND d.key = ''))")


@dataclass(frozen=True)
class Daily:
    """How a source is counted by days: each part as a sum over the days `d`, and how many facts of a key there are at all.

    `fresh` makes the facts of the touched anew, in the shape of `table`; `columns` and `where` turn either into what the
    source counts. `days` are those watched after a fact, none: as many as are asked for. `final`: stands only where nothing
    happened after as_of. `ahead`: facts may lie after as_of, as what is due later does.
    """

    of: str
    table: str
    fresh: str
    columns: str
    parts: Mapping[str, str]
    present: str
    where: str = "true"
    days: tuple[int, ...] = ()
    final: bool = False
    ahead: bool = False


@dataclass(frozen=True)
class Split:
    """The whole days as dates, the edges as spans of instants, and by days watched the first day not over."""

    first: date
    last: date
    edges: list[date]
    lows: list[datetime]
    highs: list[datetime]
    over: dict[str, date]

    @property
    def parameters(self) -> dict[str, Any]:
        given = {"first": self.first, "last": self.last, "edges": self.edges, "lows": self.lows, "highs": self.highs}
        return given | self.over


def fits(question: windows.Question, daily: Daily) -> bool:
    """Whether one cut has all that is asked, in the zone of the days; and where a later turn would change what was,
    whether nothing happened after as_of.
    """
    if cut_of(question) is None or (not daily.days and question.window_days not in WINDOWS):
        return False
    return kept.state().zone == question.zone and not (daily.final and kept.looks_back(question))


def cut_of(question: windows.Question) -> str | None:
    """The one cut by whose keys it is cut and filtered; None where it takes two, or what no cut has."""
    if question.by not in PLACES or question.filters.customer is not None or question.scope.agent_id is not None:
        return None
    cuts = {cut for cut, _ in narrowed(question)} | {PLACES[question.by][0]} - {"total"}
    return None if len(cuts) > 1 else next(iter(cuts), "total")


def narrowed(question: windows.Question) -> list[tuple[str, str]]:
    asked = [of for name, of in NARROWED.items() if getattr(question.filters, name) is not None]
    return asked if question.scope.team_ids is None else [*asked, IN_SCOPE]


def split(question: windows.Question, daily: Daily) -> Split:
    zone, as_of = ZoneInfo(question.zone), question.as_of.astimezone(UTC)
    watched = daily.days or (question.window_days,)
    over = {f"over_{days}": on(as_of - days * ONE, zone) for days in watched}
    until = question.end if daily.ahead else min(question.end, question.as_of + timedelta(microseconds=1))
    first, last = on(question.start, zone), on(until, zone)
    edges = {day for day in (first, last, on(question.as_of, zone), *over.values()) if first <= day <= last}
    if question.start == windows.midnight(first, zone) and first not in (
        last,
        on(question.as_of, zone),
        *over.values(),
    ):
        edges.discard(first)
    spans = [
        (max(question.start, windows.midnight(day, zone)), min(until, windows.midnight(day + ONE, zone)))
        for day in sorted(edges)
    ]
    lows, highs = [low for low, high in spans if low < high], [high for low, high in spans if low < high]
    over["over"] = on(as_of - question.window_days * ONE, zone)
    return Split(first, last, sorted(edges), lows, highs, over)


def on(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


WHOLE = "d.day >= %(first)s AND d.day < %(last)s AND d.day <> ALL(%(edges)s::date[])"
ON = "(f.at AT TIME ZONE %(zone)s)::date"
TALLY = """
    WITH {marked}
    facts AS (SELECT {columns}, 1 AS weight FROM {table} f WHERE ({edges}) AND {untouched} AND {where} {touched}),
    few AS (SELECT {key} AS key, {on} AS day, {few}, sum(weight) AS present FROM facts f GROUP BY 1, 2),
    summed AS (
        SELECT {by} AS key, {names}, present FROM few d WHERE {keys}
        UNION ALL
        SELECT {by}, {many}, {present} FROM followups_daycount d WHERE d.cut = '{cut}' AND {of} AND {whole} AND {keys}
        GROUP BY 1
    ),
    counted AS (SELECT {place} AS key, {names}, present FROM summed d)
    SELECT key, grouping(key) = 1 AS whole, {sums} FROM counted GROUP BY GROUPING SETS ((key), ())
    HAVING grouping(key) = 1 OR sum(present) > 0
"""
# Whoever was touched leaves the whole days as kept, and is counted anew.
TOUCHED = """
        UNION ALL
        SELECT {columns}, -1 FROM {table} f
        WHERE (f.ticket_id = ANY((SELECT tickets FROM who)::bigint[])
            OR f.customer_id = ANY((SELECT customers FROM who)::uuid[]))
            AND f.at >= %(start)s AND f.at < %(end)s AND {seen}
            AND {on} >= %(first)s AND {on} < %(last)s AND {on} <> ALL(%(edges)s::date[]) AND {where}
        UNION ALL
        SELECT {columns}, 1 FROM fresh f
        WHERE f.at >= %(start)s AND f.at < %(end)s AND {seen} AND {where}
"""


def at_edges(split: Split) -> str:
    """The edges as conditions of their own, so that each is a look into the index."""
    spans = (
        f"f.at >= (%(lows)s::timestamptz[])[{n}] AND f.at < (%(highs)s::timestamptz[])[{n}]"
        for n in range(1, len(split.lows) + 1)
    )
    return " OR ".join(spans) or "false"


def pieces(question: windows.Question, daily: Daily, split: Split) -> dict[str, str]:
    """What fills the statement, but for the conditions of the parts."""
    seen = "true" if daily.ahead else "f.at <= %(as_of)s"
    touched = TOUCHED.format(columns=daily.columns, table=daily.table, where=daily.where, on=ON, seen=seen)
    anybody, cut = kept.state().touched, cut_of(question) or "total"
    return {
        "marked": f"{kept.who(kept.MARKS)}, {daily.fresh}," if anybody else "",
        "touched": touched if anybody else "",
        "untouched": kept.UNTOUCHED if anybody else "true",
        "edges": at_edges(split),
        "table": daily.table,
        "columns": daily.columns,
        "where": daily.where,
        "whole": WHOLE,
        "of": daily.of,
        "cut": cut,
        "key": CUTS[cut][1] if cut in CUTS else "''",
        "on": ON,
        "names": ", ".join(f'"{name}"' for name in daily.parts),
        "keys": " AND ".join(["true", *(condition for _, condition in narrowed(question))]),
        "by": PLACES[question.by][1],
        "place": PLACES[question.by][2],
        "present": daily.present,
        "many": ", ".join(f"coalesce({count}, 0)" for count in daily.parts.values()),
    }


def few(parts: Mapping[str, str], sums: Mapping[str, str]) -> str:
    """The parts and sums of a source, counted from facts that have a weight."""
    count = "sum(weight)" if kept.state().touched else "count(*)"
    counts = {name: f"{count} FILTER (WHERE {part})" for name, part in parts.items()}
    whole = counts | {name: f"sum(weight * ({each}))" for name, each in sums.items()}
    return ", ".join(f'coalesce({each}, 0) AS "{name}"' for name, each in whole.items())


def added(parts: Mapping[str, str], sums: Mapping[str, str]) -> str:
    """What was counted in pieces, as one. Sums may outgrow the numbers that count."""
    whole = dict.fromkeys(parts, "::bigint") | dict.fromkeys(sums, "")
    return ", ".join(f'coalesce(sum("{name}"), 0){kind} AS "{name}"' for name, kind in whole.items())
