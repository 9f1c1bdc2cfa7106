"""M4: how long until it was resolved, with those still waiting counted in."""

from collections import defaultdict
from dataclasses import dataclass, field

from followups.reports import answers, cuts, reading, resolution, rows, statistics, windows

NAME = "time-to-resolution"
DEFINITION = (
    "From the opening of a ticket to the resolution that stands, in calendar time, over the tickets opened in the"
    " period. Tickets that are still open count with the time they have waited so far; nobody is left out because"
    " she is still waiting."
)
COUNTED = (
    "Median and 90th percentile: Kaplan-Meier, open tickets right-censored at as_of, tickets that ended "
    "unresolved censored at their end; the smallest time by which the share still unresolved is at most one half,"
    " or one tenth. Shares resolved by 1, 3, 7 and 30 days: Aalen-Johansen, with ending unresolved as a competing"
    " event; none where no ticket was watched that long. Duplicates and spam are left out and counted."
)
HOUR = 3600

FACTS = f"""
    {resolution.TICKETS},
    facts AS (
        SELECT t.*, extract(epoch FROM coalesce(ended_at, %(as_of)s) - at)::float8 AS seconds
        FROM tickets t WHERE t.at >= %(start)s AND t.at < %(end)s
    )
"""
KEPT = resolution.KEPT._replace(
    shown="SELECT *, extract(epoch FROM coalesce(ended_at, %(as_of)s) - at)::float8 AS seconds FROM known"
)
SOURCE = cuts.Source(
    facts=FACTS,
    keeps=KEPT,
    parts={
        "n": resolution.STATES["den"],
        "events": resolution.STATES["num"],
        "open": resolution.STATES["open"],
        "ended_unresolved": resolution.STATES["ended_unresolved"],
        **cuts.excluding(resolution.REASONS),
    },
)
SOURCES = (SOURCE,)

DURATIONS = """
    WITH {facts}, chosen AS ({chosen})
    SELECT key, left_out, seconds, count(*) AS n, count(*) FILTER (WHERE resolved) AS resolved,
        count(*) FILTER (WHERE NOT resolved) AS ended, count(*) FILTER (WHERE ended_at IS NULL) AS open
    FROM chosen GROUP BY key, left_out, seconds
"""


@dataclass
class Ages:
    """Ages in seconds: how many were resolved, ended unresolved or were still open at each; and who is left out."""

    times: list[tuple[float, int, int, int]] = field(default_factory=list)
    excluded: dict[str, int] = field(default_factory=lambda: dict.fromkeys(resolution.REASONS, 0))


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
        listed = cuts.fetch(question, DURATIONS, {"facts": cuts.facts_of(question, SOURCE)})
    for it in listed:
        for some in (found[it["key"]], found[None]):
            if it["left_out"]:
                some.excluded[it["left_out"]] += it["n"]
            else:
                some.times.append((it["seconds"], it["resolved"], it["ended"], it["open"]))
    return found


def survival(some: Ages) -> list[statistics.Step]:
    """The share still unresolved over time (seconds)."""
    return statistics.kaplan_meier((at, resolved, ended + open_) for at, resolved, ended, open_ in some.times)


def row(key: str, some: Ages) -> rows.TimeToResolution:
    steps = survival(some)
    resolved, ended, open_ = (sum(column) for column in list(zip(*some.times, strict=True))[1:] or ((), (), ()))
    return rows.TimeToResolution(
        key=key,
        n=resolved + ended + open_,
        events=resolved,
        median_hours=hours(statistics.quantile(steps, 0.5)),
        p90_hours=hours(statistics.quantile(steps, 0.9)),
        resolved_by=resolved_by(some),
        open=open_,
        ended_unresolved=ended,
        excluded=some.excluded,
    )


def hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / HOUR, 4)


def resolved_by(some: Ages) -> dict[str, float | None]:
    """The share resolved by each horizon; None beyond what was watched, unless nobody was left waiting."""
    incidence = statistics.aalen_johansen(some.times)
    watched = max((at for at, *_ in some.times), default=0.0)
    all_ended = bool(some.times) and not any(open_ for at, _, _, open_ in some.times if at == watched)
    limits = {days: int(days) * 24 * HOUR for days in resolution.HORIZONS}
    return {
        days: statistics.incidence_at(incidence, limit)[0] if some.times and (all_ended or watched >= limit) else None
        for days, limit in limits.items()
    }


def spoken(hours_: float) -> str:
    """Hours in words: "25 h", "45 min", "12 days"."""
    if hours_ < 1:
        return f"{hours_ * 60:.0f}\u00a0min"
    return f"{hours_:.0f}\u00a0h" if hours_ < 96 else f"{hours_ / 24:.0f}\u00a0days"


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
