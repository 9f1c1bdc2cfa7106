"""Counting: facts in SQL, cut by a key and filtered, each figure a named part, so that its rows can be listed again.

A source's SQL ends in a table expression `facts` with the columns `ticket_id, at, team_id, agent_id, category_id,
channel, priority, customer_id`; its parts are conditions on them and on what else it has.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import sql

from followups import errors
from followups.reports import daily, kept, reading, windows
from followups.reports.rows import TOTAL

KEYS = {
    None: "'total'",
    "channel": "facts.channel",
    "category": "category.path",
    "family": "category.family",
    "team": "coalesce(team.name, '')",
    "site": "coalesce(team.kind, '')",
    "priority": "facts.priority",
    "agent": "CASE WHEN facts.agent_id = ANY(%(named)s) "
    "THEN (SELECT username FROM followups_agent WHERE id = facts.agent_id) ELSE '' END",
    "week": """to_char(facts.at AT TIME ZONE %(zone)s, 'IYYY-"W"IW')""",
    "month": "to_char(facts.at AT TIME ZONE %(zone)s, 'YYYY-MM')",
    "pair": "facts.pair",
}

CHOSEN = """
    SELECT facts.*, {keys}
    FROM facts
    JOIN followups_category category ON category.id = facts.category_id
    LEFT JOIN followups_team team ON team.id = facts.team_id
    WHERE (%(scope_teams)s::bigint[] IS NULL OR facts.team_id = ANY(%(scope_teams)s)
            OR (%(scope_pool)s AND facts.team_id IS NULL))
        AND (%(scope_agent)s::bigint IS NULL OR facts.agent_id = %(scope_agent)s)
        AND (%(team)s::bigint IS NULL OR facts.team_id = %(team)s)
        AND (%(channel)s::text IS NULL OR facts.channel = %(channel)s)
        AND (%(category)s::text IS NULL OR category.path = %(category)s
            OR starts_with(category.path, %(category)s || '/'))
        AND (%(family)s::text IS NULL OR category.family = %(family)s)
        AND (%(priority)s::text IS NULL OR facts.priority = %(priority)s)
        AND (%(customer)s::uuid IS NULL OR facts.customer_id = %(customer)s)
"""

TALLY = """
    WITH {facts}, chosen AS MATERIALIZED ({chosen})
    SELECT {names}{level} AS level, {figures}
    FROM chosen GROUP BY GROUPING SETS ({sets})
"""

# Facts that are kept need no fence: each row is looked at once, by several workers where there are many, and the cuts are
# sums of what they counted.
SUMMED = """
    WITH {facts}, chosen AS ({chosen}), counted AS (SELECT {names}{figures} FROM chosen {grouped})
    SELECT {names}{level} AS level, {sums} FROM counted GROUP BY GROUPING SETS ({sets})
"""

LISTED = """
    WITH {facts}, chosen AS ({chosen})
    SELECT ticket_id, {follow_up} AS follow_up_id, at, count(*) OVER () AS found
    FROM chosen
    WHERE ({part}) AND (%(key)s::text IS NULL OR key = %(key)s)
    ORDER BY at DESC, ticket_id DESC
    LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True)
class Source:
    """`parts` name conditions, `sums` whole numbers that are added up, `measures` other aggregates; `follow_up` is the column
    of one, where units are follow-ups. `given` says what else of a question goes in as parameters; `by` is the key of a source
    that has one of its own, and is never cut otherwise.
    """

    facts: str
    parts: Mapping[str, str]
    keeps: kept.Keeps | None = None
    by_day: daily.Daily | None = None
    sums: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, str] = field(default_factory=dict)
    follow_up: str = "NULL::uuid"
    by: str | None = None
    given: Callable[[windows.Question], dict[str, Any]] = lambda question: {}


@dataclass(frozen=True)
class Tally:
    """Figures by name: of everything, and by key."""

    total: dict[str, Any]
    rows: dict[str, dict[str, Any]]


# What a tally is cut by: names of `KEYS`, more than one for each pair of them, none for the whole.
Cut = tuple[str, ...]
Crossed = dict[Cut, dict[tuple[str, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Listed:
    ticket_id: int
    follow_up_id: Any
    at: datetime


def fetch(
    question: windows.Question, text: str, pieces: Mapping[str, str], *, names: Iterable[str] = (), **more: Any
) -> list[dict[str, Any]]:
    """Run SQL made of the reports' own pieces; everything asked for goes in as parameters. `names` are further keys."""
    keys = [f"{KEYS[question.by]} AS key", *(f"{KEYS[name]} AS key_{name}" for name in names)]
    chosen = sql.SQL(CHOSEN).format(keys=sql.SQL(", ".join(keys)))
    query = sql.SQL(text).format(chosen=chosen, **{name: sql.SQL(piece) for name, piece in pieces.items()})
    with reading.whole(), connection.cursor() as cursor:
        cursor.execute(query.as_string(), question.parameters | more)
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def tally(question: windows.Question, source: Source) -> Tally:
    with reading.whole():
        return reading.once((question, id(source)), lambda: _tally(question, source))


def together(question: windows.Question, source: Source, bys: Iterable[str | None]) -> None:
    """Counts the whole and these cuts in one statement, so that in this look each of their tallies is there already."""
    asked = [replace(question, by=by) for by in dict.fromkeys((None, *bys))]
    with reading.whole():
        slow = [each for each in asked if not counted_by_days(each, source)]
        found = crossed(question, source, (), *(cut_of(each) for each in slow)) if slow else {}
        for each in slow:
            reading.once((each, id(source)), lambda each=each: _told(found, each))


def _tally(question: windows.Question, source: Source) -> Tally:
    by_day = counted_by_days(question, source)
    return (
        _by_days(question, by_day, source)
        if by_day
        else _told(crossed(question, source, (), cut_of(question)), question)
    )


def cut_of(question: windows.Question) -> Cut:
    return (question.by,) if question.by else ()


def _told(found: Crossed, question: windows.Question) -> Tally:
    rows = found[cut_of(question)] if question.by else {}
    return Tally(total=found[()][()], rows={key: figures for (key,), figures in rows.items()})


def crossed(question: windows.Question, source: Source, *cuts: Cut) -> Crossed:
    """Several cuts in one statement: the figures of each by its keys, in the order of its names."""
    names = sorted({name for cut in cuts for name in cut})
    columns = [f"key_{name}" for name in names]
    pieces = {
        "facts": facts_of(question, source),
        "figures": figures_of(source),
        "names": "".join(f"{column}, " for column in columns),
        "level": f"grouping({', '.join(columns)})" if columns else "0",
        "sets": ", ".join(f"({', '.join(f'key_{name}' for name in cut)})" for cut in sorted(set(cuts))),
        "grouped": f"GROUP BY {', '.join(columns)}" if columns else "",
        "sums": daily.added(source.parts, source.sums),
    }
    text = SUMMED if from_kept(source) else TALLY
    found: Crossed = {cut: {} for cut in cuts}
    ones = {level_of(cut, names): cut for cut in found}
    for row in fetch(question, text, pieces, names=names, **source.given(question)):
        cut, keys = ones[row.pop("level")], {name: row.pop(f"key_{name}") for name in names}
        found[cut][tuple(keys[name] for name in cut)] = row
    return found


def level_of(cut: Cut, names: list[str]) -> int:
    """What PostgreSQL's `grouping` says of a cut: a bit for each name that it is not by, the last name's the lowest."""
    return sum(1 << place for place, name in enumerate(reversed(names)) if name not in cut)


def figures_of(source: Source) -> str:
    counts = {name: f"count(*) FILTER (WHERE {part})" for name, part in source.parts.items()}
    sums = {name: f"coalesce(sum({each}), 0)" for name, each in source.sums.items()}
    return ", ".join(f'{aggregate} AS "{name}"' for name, aggregate in (counts | sums | dict(source.measures)).items())


def counted_by_days(question: windows.Question, source: Source) -> daily.Daily | None:
    return source.by_day if source.by_day and kept.ready() and daily.fits(question, source.by_day) else None


def _by_days(question: windows.Question, by_day: daily.Daily, source: Source) -> Tally:
    split = daily.split(question, by_day)
    pieces = daily.pieces(question, by_day, split) | {
        "few": daily.few(source.parts, source.sums),
        "sums": daily.added(source.parts, source.sums),
    }
    found = fetch(question, daily.TALLY, pieces, **split.parameters, **source.given(question))
    ones = [(row.pop("whole"), row.pop("key"), row) for row in found]
    total = next(row for whole, _, row in ones if whole)
    return Tally(total=total, rows={key: row for whole, key, row in ones if not whole} if question.by else {})


def facts_of(question: windows.Question, source: Source) -> str:
    return source.keeps.facts(question) if source.keeps and from_kept(source) else source.facts


def from_kept(source: Source) -> bool:
    return source.keeps is not None and kept.ready()


def nothing(source: Source) -> dict[str, Any]:
    """The figures of a key that has no facts of this source."""
    return dict.fromkeys([*source.parts, *source.sums], 0) | dict.fromkeys(source.measures)


def ordered(question: windows.Question, rows: list[Any], *, size: Any) -> list[Any]:
    """Weeks and months in their order, people by name and never by rank; other keys by size, then by name."""
    if question.by in (*windows.TIMES, "agent"):
        return sorted(rows, key=lambda row: row.key)
    return sorted(rows, key=lambda row: (-size(row), row.key))


def excluded(figures: Mapping[str, Any], reasons: tuple[str, ...]) -> dict[str, int]:
    return {reason: figures[f"excluded.{reason}"] for reason in reasons}


def excluding(reasons: tuple[str, ...]) -> dict[str, str]:
    """The parts of what is left out: all, and by reason (the column `left_out`)."""
    return {"excluded": "left_out IS NOT NULL"} | {f"excluded.{reason}": f"left_out = '{reason}'" for reason in reasons}


def listed(
    question: windows.Question, sources: tuple[Source, ...], *, part: str, key: str | None, limit: int, offset: int
) -> tuple[int, list[Listed]]:
    """Exactly the rows of one figure, latest first, and how many there are."""
    if key and "\x00" in key:
        raise errors.Invalid("key", "Not a word.", code="forbidden-character")
    source = next((source for source in sources if part in source.parts), None)
    if source is None:
        raise errors.Invalid("part", "No such figure in this report.", code="unknown")
    question = replace(question, by=source.by or question.by)
    asked: dict[str, Any] = {"key": None if key == TOTAL else key, "limit": limit, "offset": offset}
    with reading.whole():
        pieces = {"facts": facts_of(question, source), "part": source.parts[part], "follow_up": source.follow_up}
        found = fetch(question, LISTED, pieces, **asked, **source.given(question))
    return (found[0]["found"] if found else 0), [
        Listed(row["ticket_id"], row["follow_up_id"], row["at"]) for row in found
    ]
