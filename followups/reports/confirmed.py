"""M8: how many resolutions the customers themselves confirm, as a band between what is known and what is not refuted."""

from typing import Any

from followups.reports import answers, cuts, rows, windows
from followups.reports.recontact import COUNTED_ENDS, HAPPENED, REASONS

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

FACTS = f"""
    {HAPPENED}, counted AS ({COUNTED_ENDS}),
    said AS (
        SELECT DISTINCT ON (counted.end_id) counted.end_id, c.confirmed
        FROM counted JOIN followups_confirmation c ON c.ticket_id = counted.ticket_id
        WHERE c.at >= counted.at AND c.at <= %(as_of)s AND (counted.until IS NULL OR c.at <= counted.until)
        ORDER BY counted.end_id, c.at DESC, c.confirmed
    ),
    facts AS (
        SELECT counted.*, said.confirmed, coalesce(k.evidence = 'other_system', false) AS claimed,
            coalesce(NOT said.confirmed, false) OR (said.confirmed IS NULL AND counted.same_issue) AS refuted
        FROM counted
        LEFT JOIN said ON said.end_id = counted.end_id
        LEFT JOIN followups_closure k ON k.id::text = counted.end_id
        WHERE counted.resolved OR counted.left_out IS NOT NULL
    )
"""

# Of resolutions alone, whichever ends the question names.
SOURCE = cuts.Source(
    facts=FACTS,
    given=lambda question: {"of": "resolved"},
    parts={
        "den": "mature",
        "num": "mature AND coalesce(confirmed, false)",
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
