"""Better or worse than before: the same bad ends, as shares of two months that both have their days behind them.

Every measure here is a share of what went wrong, so that fewer is always better. The two spans are 30 days long and lie
end to end; the later one ends a week before as_of, because what was opened since then is not known yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from followups.reports import against, cuts, dead_ends, mix, promises, recontact, resolution, rows, statistics, windows

SPAN = timedelta(days=30)
RIPE = timedelta(days=7)
SHOWN = 5
WHERE = ("family", "team", "channel")


@dataclass(frozen=True)
class Measure:
    """`bad` gives (what went wrong, of how many) from the figures of a tally of `source`; `report` leads to its page."""

    name: str
    report: str
    source: cuts.Source
    bad: Any


MEASURES = (
    Measure("unsolved", resolution.NAME, resolution.SOURCE, lambda it: (it["7.den"] - it["7.num"], it["7.den"])),
    Measure("came_back", recontact.NAME, recontact.SOURCE, lambda it: (it["same_issue"], it["den"])),
    Measure("broken", promises.NAME, promises.SOURCE, lambda it: (it["den"] - it["num"], it["den"])),
    Measure("untold", dead_ends.NAME, dead_ends.SAID, lambda it: (it["num"] - it["told"], it["den"])),
)


@dataclass(frozen=True)
class Change:
    """`difference` is now less before, with Newcombe's interval; `at_old_mix` is now's share if as many had come by each
    channel as before, None where that cannot be said.
    """

    name: str
    report: str
    now: rows.Row
    before: rows.Row
    difference: statistics.Difference | None
    at_old_mix: float | None
    verdict: str


@dataclass(frozen=True)
class Look:
    """`spans` are [start, end) of now and before; `unknown` were opened too lately to say."""

    now: tuple[datetime, datetime]
    before: tuple[datetime, datetime]
    changes: list[Change]
    unknown: int
    where: dict[str, list[Change]] = field(default_factory=dict)


def spans(as_of: datetime) -> tuple[tuple[datetime, datetime], tuple[datetime, datetime]]:
    end = as_of - RIPE
    return (end - SPAN, end), (end - 2 * SPAN, end - SPAN)


def look(question: windows.Question) -> Look:
    """The desk of the question's filters and scope as it stood at its as_of; its own period is not looked at."""
    now, before = spans(question.as_of)
    asked = replace(question, of="resolved", window_days=RIPE.days)
    lately = replace(asked, start=question.as_of - RIPE, end=question.as_of, by="channel")
    return Look(
        now=now,
        before=before,
        changes=[_change(measure, asked, now, before) for measure in MEASURES],
        unknown=cuts.tally(lately, resolution.SOURCE).total["7.immature"],
        where={by: _where(asked, by, now, before) for by in WHERE},
    )


def _tally(measure: Measure, question: windows.Question, span: tuple[datetime, datetime], by: str) -> cuts.Tally:
    return cuts.tally(replace(question, start=span[0], end=span[1], by=by), measure.source)


def _change(measure: Measure, question: windows.Question, *both: tuple[datetime, datetime]) -> Change:
    now, before = (_tally(measure, question, span, "channel") for span in both)
    strata, old_mix = _strata(measure, now), {key: den for key, (_, den) in _strata(measure, before).items() if den}
    common = statistics.standardise(strata, old_mix)
    at_old_mix = common.rate if common and common.covered >= mix.COVERED else None
    return _compared(measure, measure.name, measure.bad(now.total), measure.bad(before.total), at_old_mix)


def _strata(measure: Measure, tally: cuts.Tally) -> dict[str, tuple[int, int]]:
    return {key: measure.bad(figures) for key, figures in tally.rows.items()}


def _where(question: windows.Question, by: str, *both: tuple[datetime, datetime]) -> list[Change]:
    """Where most are left without a solution: the largest counts of now, with what became of them since before."""
    measure = MEASURES[0]
    now, before = (_strata(measure, _tally(measure, question, span, by)) for span in both)
    largest = sorted(now, key=lambda key: (-now[key][0], key))[:SHOWN]
    found = [_compared(measure, key, now[key], before.get(key, (0, 0)), None) for key in largest]
    return [change for change in found if change.now.num]


def _compared(
    measure: Measure, name: str, now: tuple[int, int], before: tuple[int, int], at_old_mix: float | None
) -> Change:
    difference = statistics.newcombe(*now, *before)
    return Change(
        name=name,
        report=measure.report,
        now=rows.share(name, *now),
        before=rows.share(name, *before),
        difference=difference,
        at_old_mix=at_old_mix,
        verdict=against.verdict(now, before, at_old_mix),
    )


def next_place(found: Mapping[str, list[Change]]) -> tuple[str, Change] | None:
    """Where to look next: (cut, change). First where more are left than before, else where most are."""
    every = [(by, change) for by in WHERE for change in found.get(by, [])]
    worse = [one for one in every if one[1].verdict == against.MORE]
    return max(worse or every, key=lambda one: one[1].now.num, default=None)
