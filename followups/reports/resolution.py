"""M3: what was resolved, as it stood at an instant."""

from dataclasses import replace
from typing import Any

from followups.reports import cuts, late, rows, windows
from followups.reports.ends import COUNTED_TICKET, ENDS, STANDING

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
TICKETS = f"""
    ends AS MATERIALIZED ({ENDS}),
    standing AS ({STANDING}),
    tickets AS MATERIALIZED (
        SELECT t.id AS ticket_id, t.opened_at AS at, t.opened_team_id AS team_id,
            coalesce(t.opened_agent_id, t.agent_id) AS agent_id,
            t.category_id, t.channel, t.priority, t.customer_id, k.family, s.start AS ended_at, s.resolved, s.left_out,
            {ALONE} AS alone
        FROM followups_ticket t
        JOIN followups_category k ON k.id = t.category_id
        LEFT JOIN followups_customer c ON c.id = t.customer_id
        LEFT JOIN standing s ON s.ticket_id = t.id
        WHERE t.opened_at < %(as_of)s AND ({IN_PERIOD} OR NOT ({ALONE})) AND {COUNTED_TICKET}
    )
"""

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

FACTS = f"""
    {TICKETS}, {EPISODES},
    facts AS (
        SELECT t.*, m.episode IS NOT NULL AS is_first, h.by_1, h.by_3, h.by_7, h.by_30,
            t.left_out IS NULL AND EXISTS (
                SELECT FROM followups_reopening r WHERE r.ticket_id = t.ticket_id AND r.at <= %(as_of)s) AS reopened
        FROM tickets t
        LEFT JOIN members m ON m.episode = t.ticket_id AND m.ticket_id = t.ticket_id
        LEFT JOIN horizons h ON h.episode = t.ticket_id
        WHERE t.at >= %(start)s AND t.at < %(end)s
    )
"""

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
        f"{days}.immature": f"is_first AND by_{days} IS NULL",
    }


STATES = {
    "den": "left_out IS NULL",
    "num": "left_out IS NULL AND resolved",
    "open": "ended_at IS NULL",
    "ended_unresolved": "left_out IS NULL AND NOT resolved",
    **cuts.excluding(REASONS),
}
SOURCE = cuts.Source(
    facts=FACTS,
    parts=STATES
    | {"reopened": "reopened"}
    | {name: part for days in HORIZONS for name, part in _horizon(days).items()},
)
THROUGHPUT = cuts.Source(facts=CLOSED, parts={"closed": "true", "closed_resolved": "resolved"})
SOURCES = (SOURCE, THROUGHPUT)


def report(question: windows.Question) -> rows.Report:
    tally = cuts.tally(question, SOURCE)
    closed = cuts.tally(replace(question, by=None), THROUGHPUT).total
    total = row(rows.TOTAL, tally.total)
    return rows.Report(
        name=NAME,
        headline=headline(total),
        definition=DEFINITION,
        counted=COUNTED,
        entered_after_as_of=late.entered_after_as_of(question),
        total=total,
        rows=cuts.ordered(
            question, [row(key, figures) for key, figures in tally.rows.items()], size=lambda it: it.as_of_rate.den
        ),
        familiar=rows.share(rows.TOTAL, closed["closed_resolved"], closed["closed"]),
    )


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


def headline(total: rows.Resolution) -> str:
    rate = total.as_of_rate
    if not rate.den:
        return "No ticket was opened in the period."
    return (
        f"{rows.percent(rate.rate)} of {rows.number(rate.den)} tickets stand resolved; "
        f"{rows.number(total.open)} are still open and counted, "
        f"{rows.number(total.ended_unresolved)} ended without a resolution."
    )
