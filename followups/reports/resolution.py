"""M3: what was resolved, as it stood at an instant."""

from dataclasses import replace
from typing import Any

from followups.reports import answers, cuts, daily, kept, rows, windows
from followups.reports.ends import ALL, COUNTED_TICKET, ENDS, STANDING, Tables, ends

NAME = "resolution"
REASONS = ("duplicate", "spam")
HORIZONS = ("1", "3", "7", "30")
DEFINITION = (
    "Of the tickets opened in the period, the share that stood resolved at the end of the recorded history (as "
    "of). A ticket that was reopened is not resolved; one that ended in another way, or is open, counts against "
    "us. Beside it the share resolved 1, 3, 7 and 30 days after the problem was first brought."
)
COUNTED = (
    "As of: every ticket opened in the period and before as_of. By days: one unit per episode, a customer's "
    "tickets of one family while one of them is open or within 30 days after the last closing (an imported ticket"
    " is an episode of its own); it counts once its days are over, and is resolved when at that instant none of "
    "its tickets is open and the last end was a resolution. Duplicates and spam are left out and counted. "
    "Intervals are Wilson's, 95 %."
)

ALONE = "t.import_digest <> '' OR t.imported_closed_at IS NOT NULL OR t.customer_id IS NULL OR c.shared_account"
IN_PERIOD = "(t.opened_at >= %(start)s AND t.opened_at < %(end)s)"


# Tickets before the period matter only where they may share an episode.
def tickets(of: Tables = ALL) -> str:
    return f"""
    ends AS MATERIALIZED ({ends(of)}),
    standing AS ({STANDING}),
    tickets AS MATERIALIZED (
        SELECT t.id AS ticket_id, t.opened_at AS at, t.opened_team_id AS team_id,
            coalesce(t.opened_agent_id, t.agent_id) AS agent_id,
            t.category_id, t.channel, t.priority, t.customer_id, k.family, s.start AS ended_at, s.resolved, s.left_out,
            {ALONE} AS alone
        FROM {of.ticket} t
        JOIN followups_category k ON k.id = t.category_id
        LEFT JOIN {of.customer} c ON c.id = t.customer_id
        LEFT JOIN standing s ON s.ticket_id = t.id
        WHERE t.opened_at < %(as_of)s AND ({IN_PERIOD} OR NOT ({ALONE})) AND {of.counted}
    )
"""


TICKETS = tickets()

# An episode lasts until 30 days after the last end of those that joined it; one that is open never ends.
EPISODES = """
    spans AS (
        SELECT *, max(coalesce(ended_at + interval '720 hours', 'infinity')) OVER (
            PARTITION BY customer_id, family ORDER BY at, ticket_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS lasts
        FROM tickets WHERE NOT alone AND left_out IS NULL
    ),
    islands AS (
        SELECT *, count(*) FILTER (WHERE lasts IS NULL OR at > lasts) OVER (
            PARTITION BY customer_id, family ORDER BY at, ticket_id) AS island
        FROM spans
    ),
    members AS (
        SELECT ticket_id, at, first_value(ticket_id) OVER island AS episode, first_value(at) OVER island AS episode_at
        FROM islands WINDOW island AS (PARTITION BY customer_id, family, island ORDER BY at, ticket_id)
        UNION ALL
        SELECT ticket_id, at, ticket_id, at FROM tickets WHERE alone AND left_out IS NULL
    ),
    states AS (
        SELECT m.episode, d.days,
            bool_and(e.ticket_id IS NOT NULL)
                AND coalesce(max(e.start) FILTER (WHERE e.resolved) >= max(e.start), false) AS resolved
        FROM members m
        CROSS JOIN (VALUES (1), (3), (7), (30)) AS d (days)
        LEFT JOIN ends e ON e.ticket_id = m.ticket_id AND e.start <= m.episode_at + make_interval(hours => 24 * d.days)
            AND (e.until IS NULL OR e.until > m.episode_at + make_interval(hours => 24 * d.days))
        WHERE m.episode_at >= %(start)s AND m.episode_at < %(end)s
            AND m.at <= m.episode_at + make_interval(hours => 24 * d.days)
            AND m.episode_at + make_interval(hours => 24 * d.days) <= %(as_of)s
        GROUP BY m.episode, d.days
    ),
    horizons AS (
        SELECT episode,
            bool_or(resolved) FILTER (WHERE days = 1) AS by_1, bool_or(resolved) FILTER (WHERE days = 3) AS by_3,
            bool_or(resolved) FILTER (WHERE days = 7) AS by_7, bool_or(resolved) FILTER (WHERE days = 30) AS by_30
        FROM states GROUP BY episode
    )
"""


def facts(of: Tables = ALL, name: str = "facts") -> str:
    return f"""
    {tickets(of)}, {EPISODES},
    {name} AS (
        SELECT t.ticket_id, t.at, t.team_id, t.agent_id, t.category_id, t.channel, t.priority, t.customer_id,
            t.ended_at, t.resolved, t.left_out, m.episode IS NOT NULL AS is_first, h.by_1, h.by_3, h.by_7, h.by_30,
            t.left_out IS NULL
                AND t.ticket_id IN (SELECT ticket_id FROM {of.reopening} r WHERE r.at <= %(as_of)s) AS reopened
        FROM tickets t
        LEFT JOIN members m ON m.episode = t.ticket_id AND m.ticket_id = t.ticket_id
        LEFT JOIN horizons h ON h.episode = t.ticket_id
        WHERE t.at >= %(start)s AND t.at < %(end)s
    )
"""


FACTS = facts()


def _over(days: str) -> str:
    return f"CASE WHEN at + interval '{24 * int(days)} hours' <= %(as_of)s THEN by_{days} END AS by_{days}"


KEPT = kept.Kept(
    fresh=facts(kept.TOUCHED, "fresh"),
    had=f"""
        SELECT {kept.PLACED}, CASE WHEN ended_at <= %(as_of)s THEN ended_at END AS ended_at,
            CASE WHEN ended_at <= %(as_of)s THEN resolved END AS resolved, left_out, is_first,
            {", ".join(_over(days) for days in HORIZONS)},
            left_out IS NULL AND coalesce(reopened_at <= %(as_of)s, false) AS reopened
        FROM followups_ticketfact f
        WHERE at >= %(start)s AND at < %(end)s AND at < %(as_of)s AND {{untouched}}
    """,
    final=True,
)

# What many desks show: of what was closed, how much was closed as resolved.
CLOSED = f"""
    ends AS ({ENDS}),
    facts AS (
        SELECT ends.*, ends.start AS at, t.customer_id
        FROM ends JOIN followups_ticket t ON t.id = ends.ticket_id
        WHERE ends.start >= %(start)s AND ends.start < %(end)s AND ends.left_out IS NULL AND {COUNTED_TICKET}
    )
"""


def _horizon(days: str) -> dict[str, str]:
    return {
        f"{days}.den": f"is_first AND by_{days} IS NOT NULL",
        f"{days}.num": f"is_first AND by_{days}",
        f"{days}.unsolved": f"is_first AND NOT by_{days}",
        f"{days}.immature": f"is_first AND by_{days} IS NULL",
    }


STATES = {
    "den": "left_out IS NULL",
    "num": "left_out IS NULL AND resolved",
    "open": "ended_at IS NULL",
    "ended_unresolved": "left_out IS NULL AND NOT resolved",
    **cuts.excluding(REASONS),
}


# The columns of a day: those that count, resolved, open, ended otherwise, duplicates, spam, reopened, first of an episode,
# resolved after 1, 3, 7 and 30 days.
def _day(at: int, condition: str = "true") -> str:
    return f"sum(d.counts[{at}]) FILTER (WHERE {condition})"


FRESH = f"""
    {facts(kept.TOUCHED, "stood")},
    fresh AS (
        SELECT {kept.PLACED}, ended_at, resolved, left_out, is_first, by_1, by_3, by_7, by_30,
            CASE WHEN reopened THEN at END AS reopened_at
        FROM stood
    )
"""
DAILY = daily.Daily(
    of="d.of = 'tickets'",
    table="followups_ticketfact",
    fresh=FRESH,
    columns=f"""{kept.of("f")}, f.ended_at, f.resolved, f.left_out, f.is_first, {", ".join(_over(d) for d in HORIZONS)},
            f.left_out IS NULL AND f.reopened_at IS NOT NULL AS reopened""",
    parts={
        "den": _day(1),
        "num": _day(2),
        "open": _day(3),
        "ended_unresolved": _day(4),
        "excluded": f"{_day(5)} + {_day(6)}",
        "excluded.duplicate": _day(5),
        "excluded.spam": _day(6),
        "reopened": _day(7),
        **{f"{days}.den": _day(8, f"d.day < %(over_{days})s") for days in HORIZONS},
        **{f"{days}.num": _day(9 + at, f"d.day < %(over_{days})s") for at, days in enumerate(HORIZONS)},
        **{
            f"{days}.unsolved": f"{_day(8, f'd.day < %(over_{days})s')} - {_day(9 + at, f'd.day < %(over_{days})s')}"
            for at, days in enumerate(HORIZONS)
        },
        **{f"{days}.immature": _day(8, f"d.day > %(over_{days})s") for days in HORIZONS},
    },
    present=f"coalesce({_day(1)} + {_day(5)} + {_day(6)}, 0)",
    days=daily.HORIZONS,
    final=True,
)
SOURCE = cuts.Source(
    facts=FACTS,
    keeps=KEPT,
    by_day=DAILY,
    parts=STATES
    | {"reopened": "reopened"}
    | {name: part for days in HORIZONS for name, part in _horizon(days).items()},
)
# Which ends there were does not hang on what came after them.
FRESH_CLOSED = f"""
    these AS ({ends(kept.TOUCHED)}),
    fresh AS (
        SELECT these.ticket_id, these.start AS at, these.team_id, these.agent_id, these.category_id, these.channel,
            these.priority, t.customer_id, these.resolved, these.left_out
        FROM these JOIN {kept.TOUCHED.ticket} t ON t.id = these.ticket_id WHERE NOT t.is_demo
    )
"""
KEPT_CLOSED = kept.Kept(
    fresh=FRESH_CLOSED,
    had=f"SELECT {kept.PLACED}, resolved, left_out FROM followups_endfact f WHERE {{untouched}}",
    shown="""
        SELECT * FROM known WHERE at >= %(start)s AND at < %(end)s AND at <= %(as_of)s
            AND (left_out IS NULL OR left_out NOT IN ('duplicate', 'spam'))
    """,
)
DAILY_CLOSED = daily.Daily(
    of="d.of IN ('won', 'lost')",
    table="followups_endfact",
    fresh=FRESH_CLOSED,
    columns=f"{kept.of('f')}, f.resolved",
    where="(f.left_out IS NULL OR f.left_out NOT IN ('duplicate', 'spam'))",
    parts={
        "closed": "sum(d.counts[1] + d.counts[10] + d.counts[11])",
        "closed_resolved": "sum(d.counts[1] + d.counts[10] + d.counts[11]) FILTER (WHERE d.of = 'won')",
    },
    present="sum(d.counts[1] + d.counts[10] + d.counts[11])",
)
THROUGHPUT = cuts.Source(
    facts=CLOSED, keeps=KEPT_CLOSED, by_day=DAILY_CLOSED, parts={"closed": "true", "closed_resolved": "resolved"}
)
SOURCES = (SOURCE, THROUGHPUT)


def report(question: windows.Question) -> rows.Report:
    tally = cuts.tally(question, SOURCE)
    closed = cuts.tally(replace(question, by=None), THROUGHPUT).total
    by_key = [row(key, figures) for key, figures in tally.rows.items()]
    familiar = rows.share(rows.TOTAL, closed["closed_resolved"], closed["closed"])
    return answers.answered(question, ABOUT, row(rows.TOTAL, tally.total), by_key, familiar=familiar)


def row(key: str, figures: dict[str, Any]) -> rows.Resolution:
    left_out = cuts.excluded(figures, REASONS)
    return rows.Resolution(
        key=key,
        as_of_rate=rows.share(key, figures["num"], figures["den"], excluded=left_out),
        horizons={
            days: rows.share(
                key,
                figures[f"{days}.num"],
                figures[f"{days}.den"],
                immature=figures[f"{days}.immature"],
                excluded=left_out,
            )
            for days in HORIZONS
        },
        reopened=figures["reopened"],
        open=figures["open"],
        ended_unresolved=figures["ended_unresolved"],
    )


def headline(total: rows.Resolution, question: windows.Question) -> str:
    rate = total.as_of_rate
    if not rate.den:
        return "No ticket was opened in the period."
    return (
        f"{rows.percent(rate.rate)} of {rows.number(rate.den)} tickets stand resolved; "
        f"{rows.number(total.open)} are still open and counted, "
        f"{rows.number(total.ended_unresolved)} ended without a resolution."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline, size=lambda it: it.as_of_rate.den)
