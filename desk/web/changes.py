"""The answer of the overview, in words: are fewer customers left without an answer than a month ago, and where."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from desk.templatetags.desk import day, rate
from desk.web.columns import CUTS
from desk.web.comparing import points
from followups.reports import against, change, windows

# What went wrong, and of what.
LABELS = {
    "unsolved": ("Still without a solution a week later", "of the problems brought"),
    "came_back": ("Had to come back for the same thing", "of those solved, within 7 days"),
    "broken": ("Promises not kept", "of the promises that fell due"),
    "untold": ("Dead ends without a told next step", "of all closings"),
}
SIGNS = {
    against.FEWER: ("done", "fewer than before"),
    against.MORE: ("overdue", "more than before"),
    against.ALIKE: ("info", "no clear change"),
    against.FEW: ("info", "too few to compare"),
    against.NONE: ("info", "nothing to compare"),
    change.BEGUN: ("info", "not enough behind us yet"),
    against.MIX_MORE: ("warn", "not worse: other {kinds}"),
    against.MIX_FEWER: ("warn", "not better: other {kinds}"),
}
MIX = "{} with {} as before"
KINDS = {"channel": "channels", "family": "kinds of problems", "": ""}
ANSWERS = {
    against.FEWER: "Yes, fewer: {now} were still without a solution a week later, {before} in the month before.",
    against.MORE: "No, more: {now} were still without a solution a week later, {before} in the month before.",
    against.ALIKE: "No clear change: {now} were still without a solution a week later, {before} in the month before.",
    against.FEW: "Too few to say: {num} of {den} were still without a solution a week later, {old_num} of {old_den} in the "
    "month before.",
    against.NONE: "Not known yet: it takes two months of tickets to compare.",
    change.BEGUN: "Not enough behind us yet: the first ticket here is of {began}, within the earlier month. {now} were still "
    "without a solution a week later, {before} of those since that day.",
    against.MIX_MORE: "Not worse, though {now} were still without a solution a week later and {before} in the month before: "
    "more came {by} on which it takes longer. Had as many come by each as before, it would be {mix}.",
    against.MIX_FEWER: "Not better, though {now} were still without a solution a week later and {before} in the month "
    "before: more came {by} on which it is quick. Had as many come by each as before, it would be {mix}.",
}
BY = {"channel": "by channels", "family": "about problems", "": ""}
WHY = {
    change.WORSE: "{now} are left, {before} in the month before",
    change.STANDS_OUT: "{now} are left there, {rest} elsewhere",
    change.MOST: "most are left there, {num} of them",
}


def context(request: HttpRequest, question: windows.Question, asked: dict[str, str]) -> dict[str, Any]:
    """What the top of the overview shows. `asked` are the words of the address, kept in every link."""
    found = change.look(question)
    kept = {name: text for name, text in asked.items() if name in ("as_of", *windows.FILTERS)}
    lately = (found.now[1], question.as_of)
    return {
        "answer": _answer(found.changes[0], began=day(found.began)),
        "measures": [_measure(one, found, kept) for one in found.changes],
        "where": [_cut(by, rows, found, kept) for by, rows in found.where.items() if rows],
        "next_place": _next(change.next_place(found), found, kept),
        "unknown": found.unknown,
        "unknown_url": _rows("resolution", lately, kept, part="7.immature"),
        "now_span": found.now,
        "before_span": found.before,
    }


def _answer(one: change.Change, **said: str) -> str:
    words = {"now": rate(one.now.rate), "before": rate(one.before.rate), "mix": rate(one.at_old_mix), "by": BY[one.mix]}
    counts = {"num": one.now.num, "den": one.now.den, "old_num": one.before.num, "old_den": one.before.den}
    return ANSWERS[one.verdict].format(**words, **counts, **said)


def _measure(one: change.Change, found: change.Look, kept: dict[str, str]) -> dict[str, Any]:
    label, of = LABELS[one.name]
    page = {"label": label, "of": of, "url": _report(one.measure.report, found.now, kept)}
    return page | _shown(one, found, kept)


def _shown(one: change.Change, found: change.Look, kept: dict[str, str], **place: str) -> dict[str, Any]:
    """A line; `place` are the words that ask for its rows alone."""
    sign, said = SIGNS[one.verdict]
    shift = None if one.verdict == against.FEW else one.difference
    return {
        "now": one.now,
        "before": one.before,
        "sign": sign,
        "said": said.format(kinds=KINDS[one.mix]),
        "shift": points(shift.value) if shift else "",
        "shift_range": f"{points(shift.low)} to {points(shift.high)}" if shift else "",
        "mix": MIX.format(rate(one.at_old_mix), KINDS[one.mix]) if one.verdict in against.FOR_MIX else "",
        "links": {
            f"{when}_{count}": _rows(one.measure.report, span, kept, part=part, **place)
            for when, span in (("now", found.now), ("before", found.before))
            for count, part in (("num", one.measure.bad), ("den", one.measure.of))
        },
    }


def _cut(by: str, rows: list[change.Change], found: change.Look, kept: dict[str, str]) -> dict[str, Any]:
    shown = [
        {"label": one.name or "none", "url": _place(by, one, found, kept)}
        | _shown(one, found, kept, by=by, key=one.name)
        for one in rows
    ]
    return {"title": CUTS[by], "rows": shown}


def _place(by: str, one: change.Change, found: change.Look, kept: dict[str, str]) -> str:
    """The report of one place; of those without a team, which no filter names, the rows."""
    if not one.name:
        return _rows("resolution", found.now, kept, part=one.measure.bad, by=by, key="")
    return _report("resolution", found.now, kept | {by: one.name})


def _next(place: change.Place | None, found: change.Look, kept: dict[str, str]) -> dict[str, str] | None:
    if place is None:
        return None
    one = place.change
    words = {"now": rate(one.now.rate), "before": rate(one.before.rate), "rest": rate(place.rest), "num": one.now.num}
    name = f"{CUTS[place.by].lower()} {one.name}" if one.name else f"those without a {CUTS[place.by].lower()}"
    return {"name": name, "why": WHY[place.why].format(**words), "url": _place(place.by, one, found, kept)}


def _report(name: str, span: tuple[Any, Any], kept: dict[str, str]) -> str:
    period = {"from": span[0].isoformat(), "to": span[1].isoformat()}
    return f"{reverse('report', args=[name])}?{urlencode(kept | period)}"


def _rows(name: str, span: tuple[Any, Any], kept: dict[str, str], **which: str) -> str:
    """Exactly the rows of one count."""
    period = {"from": span[0].isoformat(), "to": span[1].isoformat()}
    return f"{reverse('report-rows', args=[name])}?{urlencode(kept | period | which)}"
