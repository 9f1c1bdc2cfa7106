"""Better or worse than before: the same bad ends, as shares of two months that both have their days behind them.

Every measure here is a share of what went wrong, so that fewer is always better. The two spans are 30 whole days long and
lie end to end; the later one ends a week before as_of, because what was opened since then is not known yet. Where the desk
itself began within the earlier one, its figures stand, and nothing is said of better or worse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from followups.reports import (
    against,
    cuts,
    daily,
    dead_ends,
    mix,
    promises,
    reading,
    recontact,
    resolution,
    rows,
    statistics,
    windows,
)
from followups.reports.ends import COUNTED_TICKET

SPAN = timedelta(days=30)
RIPE = timedelta(days=7)
DAY = timedelta(days=1)
SHOWN = 5
WHERE = ("family", "team", "channel")
# What more of may have come by, on which it takes longer.
MIXES = ("channel", "family")
WORSE, STANDS_OUT, MOST = "worse", "stands_out", "most"
# The earlier month is not whole.
BEGUN = "begun_since"

FIRST = f"SELECT min(t.opened_at) FROM followups_ticket t WHERE {COUNTED_TICKET}"

Span = tuple[datetime, datetime]
# What went wrong, of how many.
Counts = tuple[int, int]


@dataclass(frozen=True)
class Measure:
    """`bad` of `of` are the parts of `source` that are counted; `report` leads to its page."""

    name: str
    report: str
    source: cuts.Source
    bad: str
    of: str

    def counts(self, figures: Mapping[str, int]) -> Counts:
        return figures[self.bad], figures[self.of]


MEASURES = (
    Measure("unsolved", resolution.NAME, resolution.SOURCE, "7.unsolved", "7.den"),
    Measure("came_back", recontact.NAME, recontact.SOURCE, "same_issue", "den"),
    Measure("broken", promises.NAME, promises.COUNTED_ALONE, "broken", "den"),
    Measure("untold", dead_ends.NAME, dead_ends.SAID, "untold", "den"),
)
UNSOLVED = MEASURES[0]


@dataclass(frozen=True)
class Change:
    """`difference` is now less before, with Newcombe's interval; `at_old_mix` is now's share if as many had come by each
    `mix` (channel or family) as before, None where that cannot be said.
    """

    name: str
    measure: Measure
    now: rows.Row
    before: rows.Row
    difference: statistics.Difference | None
    at_old_mix: float | None
    mix: str
    verdict: str


@dataclass(frozen=True)
class Place:
    """Where to look next, and why: `worse` than before, `stands_out` against the rest (its share: `rest`), or `most`."""

    by: str
    change: Change
    why: str
    rest: float | None = None


@dataclass(frozen=True)
class Look:
    """`spans` are [start, end) of now and before; `unknown` were opened too lately to say; `began` is the first opening of the
    desk, where it lies within the earlier span.
    """

    now: Span
    before: Span
    changes: list[Change]
    unknown: int
    began: datetime | None = None
    where: dict[str, list[Change]] = field(default_factory=dict)


def spans(as_of: datetime, zone: str) -> tuple[Span, Span]:
    """Now and before, both of whole days in this zone."""
    there = ZoneInfo(zone)
    last = daily.on(as_of - RIPE, there)
    start, middle, end = (windows.midnight(last - back, there) for back in (2 * SPAN, SPAN, 0 * SPAN))
    return (middle, end), (start, middle)


def look(question: windows.Question) -> Look:
    """The desk of the question's filters and scope as it stood at its as_of; its own period is not looked at."""
    with reading.whole():
        return _look(
            replace(question, of="resolved", window_days=RIPE.days, against=None), *spans(question.as_of, question.zone)
        )


def _look(asked: windows.Question, now: Span, before: Span) -> Look:
    lately = replace(asked, start=now[1], end=asked.as_of, by=None)
    for measure in MEASURES:
        for span in (now, before):
            cuts.together(_during(asked, span), measure.source, MIXES if measure is not UNSOLVED else WHERE)
    changes = [_change(measure, asked, now, before) for measure in MEASURES]
    where = {by: _doubted(by, _where(asked, by, now, before), changes[0]) for by in WHERE}
    began = _began(asked, before)
    return Look(
        now=now,
        before=before,
        changes=_unsaid(changes) if began else changes,
        unknown=cuts.tally(lately, resolution.SOURCE).total["7.immature"],
        began=began,
        where={by: _unsaid(found) if began else found for by, found in where.items()},
    )


def _began(question: windows.Question, before: Span) -> datetime | None:
    """The first opening, where it came after the first day of the earlier span."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST)
        (first,) = cursor.fetchone()
    second_day = windows.midnight(daily.on(before[0], zone := ZoneInfo(question.zone)) + DAY, zone)
    return first if first and second_day <= first < before[1] else None


def _unsaid(changes: list[Change]) -> list[Change]:
    """With nothing said of better or worse; what was too little to say anything of stays that."""
    return [
        one if one.verdict in (against.NONE, against.FEW) else replace(one, verdict=BEGUN, mix="", at_old_mix=None)
        for one in changes
    ]


def _during(question: windows.Question, span: Span, by: str | None = None) -> windows.Question:
    return replace(question, start=span[0], end=span[1], by=by)


def _change(measure: Measure, question: windows.Question, *both: Span) -> Change:
    tallies = {by: [cuts.tally(_during(question, span, by), measure.source) for span in both] for by in MIXES}
    now, before = (measure.counts(tally.total) for tally in tallies[MIXES[0]])
    found = {by: _at_old_mix(measure, *pair) for by, pair in tallies.items()}
    known = {by: rate for by, rate in found.items() if rate is not None}
    return _compared(measure, measure.name, now, before, known)


def _at_old_mix(measure: Measure, now: cuts.Tally, before: cuts.Tally) -> float | None:
    then = {key: measure.counts(figures)[1] for key, figures in before.rows.items()}
    common = statistics.standardise({key: measure.counts(figures) for key, figures in now.rows.items()}, then)
    return common.rate if common and common.covered >= mix.COVERED else None


def _where(question: windows.Question, by: str, *both: Span) -> list[Change]:
    """Where most are left without a solution: the largest counts of now, with what became of them since before. A desk
    that has but one place of a kind is not asked where.
    """
    tallies = [cuts.tally(_during(question, span, by), UNSOLVED.source) for span in both]
    now, before = ({key: UNSOLVED.counts(figures) for key, figures in tally.rows.items()} for tally in tallies)
    if len({key for key, (_, of) in (now | before).items() if of}) < 2:
        return []
    largest = sorted(now, key=lambda key: (-now[key][0], key))[:SHOWN]
    found = [_compared(UNSOLVED, key, now[key], before.get(key, (0, 0)), {}) for key in largest]
    return [change for change in found if change.now.num]


def _doubted(by: str, found: list[Change], whole: Change) -> list[Change]:
    """Where the mix alone explains the whole, a place of another kind is not called worse or better either."""
    if whole.verdict not in against.FOR_MIX or by == whole.mix:
        return found
    doubtful = {against.MORE: against.MIX_MORE, against.FEWER: against.MIX_FEWER}
    return [replace(one, mix=whole.mix, verdict=doubtful.get(one.verdict, one.verdict)) for one in found]


def _compared(measure: Measure, name: str, now: Counts, before: Counts, mixes: Mapping[str, float]) -> Change:
    """`mixes` are the shares of now at the old mixes: the one that says most against the raw difference counts."""
    difference = statistics.newcombe(*now, *before)
    grew = bool(difference and difference.value > 0)
    by = (min if grew else max)(mixes, key=lambda name: mixes[name], default="")
    at_old_mix = mixes.get(by)
    return Change(
        name=name,
        measure=measure,
        now=rows.share(name, *now),
        before=rows.share(name, *before),
        difference=difference,
        at_old_mix=at_old_mix,
        mix=by,
        verdict=against.verdict(now, before, at_old_mix),
    )


def next_place(found: Look) -> Place | None:
    """First where more are left than before, else where more are left than elsewhere, else where most are. Among several the
    one with the most that are surely too many: of a family and the one team in it that is at fault, the team.
    """
    every = [(by, one) for by in WHERE for one in found.where.get(by, [])]
    worse = [(one.difference, Place(by, one, WORSE)) for by, one in every if one.verdict == against.MORE]
    return (
        _most_surely(worse)
        or _most_surely([place for by, one in every if (place := _stands_out(by, one, found.changes[0].now))])
        or max((Place(by, one, MOST) for by, one in every), key=lambda it: it.change.now.num, default=None)
    )


def _most_surely(places: list[tuple[statistics.Difference | None, Place]]) -> Place | None:
    scored = [(it.low * place.change.now.den, place) for it, place in places if it]
    return max(scored, key=lambda pair: pair[0], default=(0, None))[1]


def _stands_out(by: str, one: Change, whole: rows.Row) -> tuple[statistics.Difference | None, Place] | None:
    rest = (whole.num - one.now.num, whole.den - one.now.den)
    if against.verdict((one.now.num, one.now.den), rest) != against.MORE:
        return None
    return statistics.newcombe(one.now.num, one.now.den, *rest), Place(by, one, STANDS_OUT, rest[0] / rest[1])
