"""M4: how long until it was resolved, with those still waiting counted in."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from followups.reports import answers, cuts, reading, resolution, rows, statistics, windows, worked
from followups.reports.ends import Tables, ends

NAME = "time-to-resolution"
DEFINITION = (
    "From the opening of a ticket to the resolution that stands, in calendar time, over the tickets opened in the"
    " period. Tickets that are still open count with the time they have waited so far; nobody is left out because"
    " she is still waiting. Beside it the same in working hours, and the time until somebody first said that it was"
    " solved, whatever was opened again later."
)
COUNTED = (
    "Median and 90th percentile: Kaplan-Meier, open tickets right-censored at as_of, tickets that ended "
    "unresolved censored at their end; the smallest time by which the share still unresolved is at most one half,"
    " or one tenth. Shares resolved by 1, 3, 7 and 30 days: Aalen-Johansen, with ending unresolved as a competing"
    " event; none where no ticket was watched that long. Working time: what of the same time lies in the hours of the"
    " team in which the ticket was opened (else the desk's), days off left out, by the calendars as they are now."
    " First said solved: Kaplan-Meier up to the first closing as resolved, or the first such state in an imported log; all"
    " others are censored as above. It did not hold where the ticket does not stand resolved at as_of, or was opened"
    " again in between. Duplicates and spam are left out and counted."
)
HOUR = 3_600_000_000
DAY = 24 * HOUR
SHARES = (0.5, 0.9)

RETURNED = "(SELECT tickets FROM returned)::bigint[]"
# Whoever was reopened may have been resolved before, and an imported log may say so earlier than its ticket; all others
# were at most once.
REOPENED = Tables(
    ticket=f"(SELECT * FROM followups_ticket WHERE id = ANY({RETURNED}))",
    closure=f"(SELECT * FROM followups_closure WHERE ticket_id = ANY({RETURNED}))",
    waiver="(SELECT * FROM followups_waiver WHERE false)",
)
FIRST = f"""
    back AS MATERIALIZED (
        SELECT ticket_id, max(at) AS back_at FROM followups_reopening
        WHERE at >= %(start)s AND at <= %(as_of)s GROUP BY ticket_id
    ),
    returned AS MATERIALIZED (SELECT ARRAY(SELECT ticket_id FROM back) AS tickets),
    said AS MATERIALIZED (
        SELECT ticket_id, min(start) AS said_at FROM (
            SELECT ticket_id, start FROM ({ends(REOPENED)}) e WHERE resolved
            UNION ALL
            SELECT ticket_id, at FROM followups_loggedresolution WHERE at >= %(start)s AND at <= %(as_of)s
        ) each_time GROUP BY ticket_id
    ),
    {worked.CALENDARS}
"""
SAID = "least(said_at, CASE WHEN resolved THEN ended_at END)"
TIMED = f"""
    SELECT known.*, {SAID} AS first_at,
        coalesce(resolved, false) AND coalesce(back_at < {SAID}, true) AS held, calendar
    FROM known
    LEFT JOIN back USING (ticket_id)
    LEFT JOIN said USING (ticket_id)
    {worked.OF_TEAM.format(team="known.team_id")}
"""
FACTS = f"""
    {resolution.TICKETS}, {FIRST},
    known AS (SELECT * FROM tickets t WHERE t.at >= %(start)s AND t.at < %(end)s),
    facts AS ({TIMED})
"""
KEPT = resolution.KEPT._replace(shown=TIMED, beside=FIRST)


def given(question: windows.Question) -> dict[str, Any]:
    return worked.line(question.start, question.as_of).parameters


SOURCE = cuts.Source(
    facts=FACTS,
    keeps=KEPT,
    parts={
        "n": resolution.STATES["den"],
        "events": resolution.STATES["num"],
        "open": resolution.STATES["open"],
        "ended_unresolved": resolution.STATES["ended_unresolved"],
        "first": "left_out IS NULL AND first_at IS NOT NULL",
        "not_held": "left_out IS NULL AND first_at IS NOT NULL AND NOT held",
        **cuts.excluding(resolution.REASONS),
    },
    given=given,
)
SOURCES = (SOURCE,)

# By the hand of each clock: up to when it runs, and what stops it; whatever else ended is only watched so long.
UNTIL = "coalesce(ended_at, %(as_of)s)"
FIRST_UNTIL = "coalesce(first_at, ended_at, %(as_of)s)"
ELAPSED = "(date_part('epoch', {until} - at) * 1000000)::bigint"
WORKED = f"{worked.before('{until}')} - {worked.before('at')}"
DURATIONS = f"""
    WITH {{facts}}, chosen AS ({{chosen}}), waits AS (
        SELECT key, left_out, resolved, ended_at IS NULL AS open, first_at IS NOT NULL AS is_said, held,
            {ELAPSED.format(until=UNTIL)} AS elapsed, {ELAPSED.format(until=FIRST_UNTIL)} AS said,
            {WORKED.format(until=UNTIL)} AS worked
        FROM chosen
    )
    SELECT key, left_out, count(*) AS n, count(*) FILTER (WHERE is_said AND NOT held) AS not_held,
        array_agg(elapsed) FILTER (WHERE resolved) AS resolved,
        array_agg(elapsed) FILTER (WHERE NOT resolved) AS ended,
        array_agg(elapsed) FILTER (WHERE open) AS open,
        array_agg(worked) FILTER (WHERE resolved) AS worked,
        array_agg(worked) FILTER (WHERE resolved IS NOT TRUE) AS worked_at_least,
        array_agg(said) FILTER (WHERE is_said) AS said,
        array_agg(said) FILTER (WHERE NOT is_said) AS said_at_least
    FROM waits GROUP BY key, left_out
"""
KINDS = ("resolved", "ended", "open", "worked", "worked_at_least", "said", "said_at_least")


@dataclass
class Ages:
    """Sorted, in microseconds: elapsed until resolved, until ended unresolved, until now of those open; the same in working
    time of those resolved, and of all others so far; until first resolved, and of all others so far. `not_held`: of those
    first resolved; and who is left out.
    """

    times: dict[str, list[int]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    not_held: int = 0
    excluded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(resolution.REASONS, 0))

    def add(self, counted: dict[str, Any]) -> None:
        if counted["left_out"]:
            self.excluded[counted["left_out"]] += counted["n"]
            return
        self.not_held += counted["not_held"]
        for kind, times in self.times.items():
            times.extend(counted[kind] or ())

    def sort(self) -> None:
        for times in self.times.values():
            times.sort()


Known = dict[str | None, Ages]


def report(question: windows.Question, *, known: Known | None = None) -> rows.Report:
    """`known`: the ages, where they were asked for already."""
    found = known or ages(question)
    by_key = [row(key, some) for key, some in found.items() if key is not None] if question.by else []
    return answers.answered(question, ABOUT, row(rows.TOTAL, found[None]), by_key)


def ages(question: windows.Question) -> Known:
    """By key, and under None of the whole."""
    found: Known = defaultdict(Ages, {None: Ages()})
    with reading.whole():
        facts = {"facts": cuts.facts_of(question, SOURCE)}
        listed = cuts.fetch(question, DURATIONS, facts, **given(question))
    for it in listed:
        for some in (found[it["key"]], found[None]):
            some.add(it)
    for some in found.values():
        some.sort()
    return found


def unresolved(some: Ages) -> list[int]:
    """How long all those were watched who were not resolved."""
    return sorted((*some.times["ended"], *some.times["open"]))


def row(key: str, some: Ages) -> rows.TimeToResolution:
    times = some.times
    resolved, ended, open_ = (len(times[kind]) for kind in ("resolved", "ended", "open"))
    median, p90 = middles(times["resolved"], unresolved(some))
    return rows.TimeToResolution(
        key=key,
        n=resolved + ended + open_,
        events=resolved,
        median_hours=median,
        p90_hours=p90,
        resolved_by=resolved_by(some),
        open=open_,
        ended_unresolved=ended,
        working=rows.Within(*middles(times["worked"], times["worked_at_least"])),
        first=rows.First(*middles(times["said"], times["said_at_least"]), n=len(times["said"]), not_held=some.not_held),
        excluded=some.excluded,
    )


def middles(events: list[int], censored: list[int]) -> tuple[float | None, float | None]:
    """Median and 90th percentile in hours."""
    half, most = statistics.quantiles(events, censored, SHARES)
    return hours(half), hours(most)


def hours(at: int | None) -> float | None:
    return None if at is None else round(at / HOUR, 4)


def resolved_by(some: Ages) -> dict[str, float | None]:
    """The share resolved by each horizon; None beyond what was watched, unless nobody was left waiting."""
    resolved, ended, open_ = (some.times[kind] for kind in ("resolved", "ended", "open"))
    watched = max((times[-1] for times in (resolved, ended, open_) if times), default=0)
    is_whole = bool(resolved or ended) and not (open_ and open_[-1] == watched)
    limits = {days: int(days) * DAY for days in resolution.HORIZONS}
    shares = statistics.aalen_johansen(resolved, ended, open_, limits.values())
    return {
        days: share.resolved if is_whole or watched >= limit else None
        for (days, limit), share in zip(limits.items(), shares, strict=True)
    }


def spoken(hours_: float) -> str:
    """Hours in words: "25 h", "45 min", "12 days"."""
    if hours_ < 1:
        return f"{hours_ * 60:.0f}\u00a0min"
    return f"{hours_:.0f}\u00a0h" if hours_ < 96 else f"{hours_ / 24:.0f}\u00a0days"


def spoken_work(hours_: float) -> str:
    """Working hours in words; days of work are of no one length."""
    return spoken(hours_) if hours_ < 96 else f"{rows.number(round(hours_))}\u00a0h"


def headline(total: rows.TimeToResolution, question: windows.Question) -> str:
    if not total.n:
        return "No ticket was opened in the period."
    half = (
        "Fewer than half were solved so far"
        if total.median_hours is None
        else f"Half were solved within {spoken(total.median_hours)}"
    )
    return f"{half}; {rows.number(total.open)} are still open and counted."


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline, size=lambda it: it.n)
