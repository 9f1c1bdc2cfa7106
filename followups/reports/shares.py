"""The shares of each report, and what may stand beside them: the same at a common mix, and against an earlier period."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

from followups.models import TargetKind
from followups.reports import (
    against,
    chase,
    confirmed,
    cuts,
    dead_ends,
    first_contact,
    mix,
    outreach,
    pairs,
    promises,
    recontact,
    resolution,
    rows,
    silent,
    targets,
    windows,
)

BETTER, WORSE, NEITHER = "better", "worse", "neither"
# Cuts by who did it: nobody is ranked on fewer than are enough.
WHO = ("team", "site", "agent")
PAIRED = (None, "family")


# The instant of the last one that is needed, counted back from the end.
NEEDED = """
    WITH {facts}, chosen AS ({chosen})
    SELECT at FROM chosen WHERE {part} ORDER BY at DESC OFFSET %(needed)s - 1 LIMIT 1
"""


@dataclass(frozen=True)
class Share:
    """`at` leads to the share in a row of the report; `more` is what more of it means. `parts` are the figures counted,
    of how many, and those too recent. One that is not `dated` goes on changing for ever: it is compared with no other
    period, because what is older had longer.
    """

    at: tuple[str, ...]
    more: str
    parts: tuple[str, str, str] = ("num", "den", "immature")
    dated: bool = True


@dataclass(frozen=True)
class Shares:
    """Of `source`, or of those `beside` it, are the parts. `lagging`: what becomes of a unit has no end, so that an earlier
    period is looked at from as long after it.
    """

    source: cuts.Source
    each: tuple[Share, ...]
    lagging: bool = False
    beside: tuple[cuts.Source, ...] = ()

    @property
    def counted(self) -> list[mix.Counted]:
        """The parts of each source; what none has is nowhere."""
        named = {name for share in self.each for name in share.parts}
        held = [(it, {name: it.parts[name] for name in sorted(named & it.parts.keys())}) for it in self.beside]
        rest = sorted(named.difference(*(parts for _, parts in held)))
        return [(self.source, {name: self.source.parts.get(name, "false") for name in rest}), *held]


def _parts(prefix: str) -> tuple[str, str, str]:
    return (f"{prefix}.num", f"{prefix}.den", f"{prefix}.immature")


SHARES = {
    resolution.NAME: Shares(
        resolution.SOURCE,
        (
            Share(("as_of_rate",), BETTER, dated=False),
            *(Share(("horizons", days), BETTER, _parts(days)) for days in resolution.HORIZONS),
        ),
    ),
    recontact.NAME: Shares(
        recontact.SOURCE,
        tuple(Share((name,), WORSE, (name, "den", "immature")) for name in ("any_issue", "same_issue")),
    ),
    first_contact.NAME: Shares(first_contact.SOURCE, (Share((), BETTER),)),
    promises.NAME: Shares(promises.SOURCE, (Share((), BETTER),)),
    chase.NAME: Shares(chase.SOURCE, (Share((), WORSE),)),
    dead_ends.NAME: Shares(
        dead_ends.SAID,
        (Share((), NEITHER), Share(("tangible",), BETTER, _parts("tangible"))),
        beside=(dead_ends.FIRST,),
    ),
    silent.NAME: Shares(silent.SOURCE, (Share((), WORSE),), lagging=True),
    confirmed.NAME: Shares(confirmed.SOURCE, (Share((), BETTER),), lagging=True),
    targets.NAME: Shares(
        targets.SOURCE,
        (Share((), BETTER), *(Share(("kinds", kind), BETTER, _parts(kind)) for kind in TargetKind.values)),
    ),
}


def report(module: ModuleType, question: windows.Question) -> rows.Report:
    return beside(module.report(question), question)


def beside(found: rows.Report, question: windows.Question) -> rows.Report:
    """The report with what was asked to stand beside its shares: at most one statement of a source for each period counted.
    Beside the silent always stands what reaching out does, beside those who came back what they asked next: of the whole,
    whatever it is cut by, so that only the report of the whole and that by family are made to wait for it.
    """
    found, shares = apart(found, question), SHARES.get(found.name)
    if found.name == silent.NAME:
        found = replace(found, outreach=outreach.compared(question))
    if found.name == recontact.NAME and question.by in PAIRED:
        found = replace(found, pairs=pairs.found(question, recontact.ELSEWHERE))
    by_who, compared = question.by in WHO, question.against is not None
    if shares is None or not (by_who or compared):
        return found
    strata = mix.strata(question, shares.counted)
    if by_who:
        found = _at_common_mix(found, shares, strata)
    return _against(found, shares, question, strata) if compared else found


def _at_common_mix(found: rows.Report, shares: Shares, strata: mix.Strata) -> rows.Report:
    by_key = found.rows
    whole = mix.whole(strata)
    for share in shares.each:
        num, den, _ = share.parts
        common = mix.weights(whole, den)
        by_key = [put(row, share.at, at_common_mix=mix.at(strata[row.key], common, num, den)) for row in by_key]
    return replace(found, rows=by_key)


def _against(found: rows.Report, shares: Shares, question: windows.Question, now: mix.Strata) -> rows.Report:
    earlier = against.earlier(question, lagging=shares.lagging)
    before = mix.strata(earlier, shares.counted)
    over = question.end <= question.as_of
    total, by_key = found.total, found.rows
    for share in shares.each:
        if not share.dated:
            continue
        whole = against.compared(mix.whole(now), mix.whole(before), share.parts, over=over)
        total = put(total, share.at, against=whole)
        if question.by not in (None, *windows.TIMES):
            by_key = [
                put(row, share.at, against=against.compared(now[row.key], before[row.key], share.parts, over=over))
                for row in by_key
            ]
    return replace(found, total=total, rows=by_key)


def get(row: Any, at: Iterable[str]) -> Any:
    """The share of a row: `("horizons", "7")` is `row.horizons["7"]`."""
    for name in at:
        row = row[name] if isinstance(row, dict) else getattr(row, name)
    return row


def put(row: Any, at: tuple[str, ...], **fields: Any) -> Any:
    """The row with fields of one of its shares set."""
    if not at:
        return replace(row, **fields)
    name, *rest = at
    if isinstance(row, dict):
        return row | {name: put(row[name], tuple(rest), **fields)}
    return replace(row, **{name: put(getattr(row, name), tuple(rest), **fields)})


def is_few(name: str, question: windows.Question, row: Any) -> bool:
    """Whether the row is of somebody and of too few to be compared with others."""
    return question.by in WHO and (size := counted(name, row)) is not None and size < against.ENOUGH


def counted(name: str, row: Any) -> int | None:
    """Of how many the first share of a row is, or the times; None of a report of neither."""
    return get(row, SHARES[name].each[0].at).den if name in SHARES else getattr(row, "n", None)


def shortest(name: str, question: windows.Question) -> datetime | None:
    """The local midnight at which the shortest period to the same end begins that holds enough; None where none does."""
    shares = SHARES[name]
    ever = replace(question, start=datetime(windows.YEARS[0], 1, 1, tzinfo=UTC), by=None)
    pieces = {"facts": cuts.facts_of(ever, shares.source), "part": shares.source.parts[shares.each[0].parts[1]]}
    found = cuts.fetch(ever, NEEDED, pieces, needed=against.ENOUGH, **shares.source.given(ever))
    if not found:
        return None
    zone = ZoneInfo(question.zone)
    return windows.midnight(found[0]["at"].astimezone(zone).date(), zone)


def apart(found: rows.Report, question: windows.Question) -> rows.Report:
    """Rows of too few stand behind all others, whatever they were sorted by."""
    return replace(found, rows=sorted(found.rows, key=lambda row: is_few(found.name, question, row)))


def compared(name: str, row: Any) -> Iterator[tuple[Share, rows.Row]]:
    """The shares of a row that stand against an earlier period."""
    for share in SHARES[name].each if name in SHARES else ():
        found = get(row, share.at)
        if found.against:
            yield share, found
