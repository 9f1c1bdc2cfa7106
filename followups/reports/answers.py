"""A report as it leaves this room: its words, the whole, and the rows of the cut in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from followups.reports import cuts, late, rows, windows


def _den(row: Any) -> int:
    return row.den


@dataclass(frozen=True)
class About:
    """The words of a report, with `{days}` where they speak of the days asked; `size` orders the rows of a cut."""

    name: str
    definition: str
    counted: str
    headline: Callable[[Any, windows.Question], str]
    size: Callable[[Any], int] = _den


def tallied(
    question: windows.Question, about: About, source: cuts.Source, *, row: Callable[[str, dict[str, Any]], Any]
) -> rows.Report:
    """The answer of a report that is one tally; `row` says what a key's figures mean."""
    tally = cuts.tally(question, source)
    by_key = [row(key, figures) for key, figures in tally.rows.items()]
    return answered(question, about, row(rows.TOTAL, tally.total), by_key)


def answered(
    question: windows.Question, about: About, total: Any, by_key: list[Any], *, familiar: rows.Row | None = None
) -> rows.Report:
    return rows.Report(
        name=about.name,
        headline=about.headline(total, question),
        definition=about.definition.format(days=question.window_days),
        counted=about.counted.format(days=question.window_days),
        entered_after_as_of=late.entered_after_as_of(question),
        total=total,
        rows=cuts.ordered(question, by_key, size=about.size),
        familiar=familiar,
    )
