"""M8: how many resolutions the customers themselves confirm, as a band between what is known and what is not refuted."""

from dataclasses import replace
from typing import Any

from followups.reports import answers, cuts, kept, recontact, rows, windows
from followups.reports.ends import ALL, Tables
from followups.reports.recontact import REASONS

NAME = "confirmed"
DEFINITION = (
    "Of the resolutions in the period, at least the share that customers confirmed, and at most the share that "
    "nobody refuted: neither a no from her nor another contact about the same thing within {days} days."
)
COUNTED = (
    "Each resolution is a unit once its {days} days are over. Confirmed is the last thing she said of it, yes or no (of "
    "both in one instant the no), until it was reopened. Low: confirmed yes of all. High: one less the share that was "
    "refuted, by her no or by a contact about the same family within the days. Claimed: known from another system's "
    "reference alone. "
    "Duplicates, spam, tickets without a customer and shared accounts are left out and counted."
)


# An end that was reopened is confirmed no more by what she says later.
def said(of: Tables = ALL) -> str:
    """The last thing that she said of each resolution (of `recontact.happened`) until as_of."""
    return f"""
    said AS (
        SELECT DISTINCT ON (u.end_id) u.end_id, c.at, c.confirmed
        FROM units u JOIN {of.confirmation} c ON c.ticket_id = u.ticket_id
        WHERE u.resolved AND c.at >= u.start AND c.at <= %(as_of)s AND (u.until IS NULL OR c.at <= u.until)
        ORDER BY u.end_id, c.at DESC, c.confirmed
    )
    """


FACTS = f"""
    {recontact.HAPPENED}, {said()}, counted AS ({recontact.COUNTED_ENDS}),
    facts AS (
        SELECT counted.*, coalesce(said.confirmed, false) AS yes,
            coalesce(NOT said.confirmed, counted.same_issue) AS refuted
        FROM counted LEFT JOIN said ON said.end_id = counted.end_id
    )
"""

# The facts of ends, in the order of their columns.
FRESH = """
    SELECT u.ticket_id, u.start AS at, u.team_id, u.agent_id, u.category_id, u.channel, u.priority, u.customer_id,
        u.resolved, u.claimed, u.out AS left_out, followed.next_any, followed.next_same, said.at AS said_at, said.confirmed
    FROM units u
    LEFT JOIN followed ON followed.is_end AND followed.end_id = u.end_id
    LEFT JOIN said ON said.end_id = u.end_id
"""
FRESHLY = f"{recontact.happened(kept.TOUCHED)}, {said(kept.TOUCHED)}, fresh AS ({FRESH})"
COLUMNS = "resolved, claimed, left_out, next_any, next_same, said_at, confirmed"
OVER = "f.at + make_interval(secs => %(seconds)s)"
CAME = f"coalesce(f.next_same <= {OVER}, false)"
RESOLVED = "(f.resolved OR f.left_out IN ('duplicate', 'spam'))"
# Of one of whom she said something after as_of too, what she had said by then: the end was not reopened in between.
BY_THEN = """
    CASE WHEN f.said_at <= %(as_of)s THEN f.confirmed WHEN f.said_at IS NOT NULL THEN (
        SELECT c.confirmed FROM followups_confirmation c
        WHERE c.ticket_id = f.ticket_id AND c.at >= f.at AND c.at <= %(as_of)s
        ORDER BY c.at DESC, c.confirmed LIMIT 1) END
"""
KEPT = kept.Kept(
    had=f"SELECT {kept.PLACED}, {COLUMNS} FROM followups_endfact f WHERE {{untouched}}",
    fresh=FRESHLY,
    shown=f"""
        SELECT f.*, coalesce(f.word, false) AS yes, coalesce(NOT f.word, {CAME}) AS refuted
        FROM (
            SELECT f.*, f.left_out IS NULL AND f.at <= %(as_of)s - %(seconds)s * interval '1 second' AS mature,
                {BY_THEN} AS word
            FROM known f
            WHERE f.at >= %(start)s AND f.at < %(end)s AND f.at <= %(as_of)s AND {RESOLVED}
        ) f
    """,
)
# The columns of a day follow those of recontact: confirmed, refuted within 7, 14 and 30 days, claimed.
DAILY = replace(
    recontact.DAILY,
    fresh=FRESHLY,
    columns=f"""{kept.of("f")}, f.left_out, f.claimed, f.left_out IS NULL AND {OVER} <= %(as_of)s AS mature,
            coalesce(f.confirmed, false) AS yes, coalesce(NOT f.confirmed, {CAME}) AS refuted""",
    where=RESOLVED,
    parts={name: part for name, part in recontact.DAILY.parts.items() if name not in ("any_issue", "same_issue")}
    | {
        name: f"sum(d.counts[{at}]) FILTER (WHERE {recontact.MATCHES} AND d.day < %(over)s)"
        for name, at in {"num": "12", "refuted": f"12 + {recontact.WHICH}", "claimed": "16"}.items()
    },
    final=True,
)

# Of resolutions alone, whichever ends the question names.
SOURCE = cuts.Source(
    facts=FACTS,
    keeps=KEPT,
    by_day=DAILY,
    given=lambda question: {"of": "resolved"},
    parts={
        "den": "mature",
        "num": "mature AND yes",
        "refuted": "mature AND refuted",
        "claimed": "mature AND claimed",
        "immature": "left_out IS NULL AND NOT mature",
        **cuts.excluding(REASONS),
    },
)
SOURCES = (SOURCE,)


def report(question: windows.Question) -> rows.Report:
    return answers.tallied(question, ABOUT, SOURCE, row=row)


def row(key: str, figures: dict[str, Any]) -> rows.Confirmed:
    left_out = {"immature": figures["immature"], "excluded": cuts.excluded(figures, REASONS)}
    den = figures["den"]
    return rows.Confirmed(
        **rows.parts(key, figures["num"], den, **left_out),
        low=figures["num"] / den if den else None,
        high=(den - figures["refuted"]) / den if den else None,
        refuted=figures["refuted"],
        claimed=figures["claimed"],
    )


def headline(total: rows.Confirmed, question: windows.Question) -> str:
    if not total.den:
        return f"No resolution in the period has its {question.window_days} days behind it yet."
    return (
        f"Between {rows.percent(total.low)} and {rows.percent(total.high)} of {rows.number(total.den)} resolutions held: "
        f"{rows.number(total.num)} customers said yes, {rows.number(total.refuted)} were refuted."
    )


ABOUT = answers.About(NAME, DEFINITION, COUNTED, headline)
