"""The answer of the overview, in words: are fewer customers left without an answer than a month ago, and where."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from desk.templatetags.desk import rate
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
    against.MIX_MORE: ("warn", "not worse: other channels"),
    against.MIX_FEWER: ("warn", "not better: other channels"),
}
ANSWERS = {
    against.FEWER: "Yes, fewer: {now} were still without a solution a week later, {before} in the month before.",
    against.MORE: "No, more: {now} were still without a solution a week later, {before} in the month before.",
    against.ALIKE: "No clear change: {now} were still without a solution a week later, {before} in the month before.",
    against.FEW: "Too few to say: {num} of {den} were still without a solution a week later, {old_num} of {old_den} in the "
    "month before.",
    against.NONE: "Not known yet: it takes two months of tickets to compare.",
    against.MIX_MORE: "Not worse, though {now} were still without a solution a week later and {before} in the month before: "
    "more came by channels on which it takes longer. Had as many come by each as before, it were {mix}.",
    against.MIX_FEWER: "Not better, though {now} were still without a solution a week later and {before} in the month "
    "before: more came by channels on which it is quick. Had as many come by each as before, it were {mix}.",
}


def context(request: HttpRequest, question: windows.Question, asked: dict[str, str]) -> dict[str, Any]:
    """What the top of the overview shows. `asked` are the words of the address, kept in every link."""
    found = change.look(question)
    kept = {name: text for name, text in asked.items() if name in windows.FILTERS}
    return {
        "answer": _answer(found.changes[0]),
        "measures": [_measure(one, found, kept) for one in found.changes],
        "where": [_cut(by, rows, found, kept) for by, rows in found.where.items() if len(rows) > 1],
        "next_place": _next(change.next_place(found.where), found, kept),
        "unknown": found.unknown,
        "unknown_url": _report("resolution", (question.as_of - change.RIPE, question.as_of), kept),
        "now_span": found.now,
        "before_span": found.before,
    }


def _answer(one: change.Change) -> str:
    words = {"now": rate(one.now.rate), "before": rate(one.before.rate), "mix": rate(one.at_old_mix)}
    counts = {"num": one.now.num, "den": one.now.den, "old_num": one.before.num, "old_den": one.before.den}
    return ANSWERS[one.verdict].format(**words, **counts)


def _measure(one: change.Change, found: change.Look, kept: dict[str, str]) -> dict[str, Any]:
    label, of = LABELS[one.name]
    return {"label": label, "of": of} | _shown(one) | {"url": _report(one.report, found.now, kept)}


def _shown(one: change.Change) -> dict[str, Any]:
    sign, said = SIGNS[one.verdict]
    shift = one.difference
    return {
        "now": one.now,
        "before": one.before,
        "sign": sign,
        "said": said,
        "shift": points(shift.value) if shift else "",
        "shift_range": f"{points(shift.low)} to {points(shift.high)}" if shift else "",
        "mix": rate(one.at_old_mix) if one.verdict in (against.MIX_MORE, against.MIX_FEWER) else "",
    }


def _cut(by: str, rows: list[change.Change], found: change.Look, kept: dict[str, str]) -> dict[str, Any]:
    shown = [
        {"label": one.name or "none", "url": _place(by, one, found, kept) if one.name else ""} | _shown(one)
        for one in rows
    ]
    return {"title": CUTS[by], "rows": shown}


def _place(by: str, one: change.Change, found: change.Look, kept: dict[str, str]) -> str:
    return _report("resolution", found.now, kept | {by: one.name})


def _next(place: tuple[str, change.Change] | None, found: change.Look, kept: dict[str, str]) -> dict[str, str] | None:
    if place is None or not place[1].name:
        return None
    by, one = place
    why = "more are left than before" if one.verdict == against.MORE else "most are left there"
    return {"name": f"{CUTS[by]} {one.name}", "why": why, "url": _place(by, one, found, kept)}


def _report(name: str, span: tuple[Any, Any], kept: dict[str, str]) -> str:
    period = {"from": span[0].isoformat(), "to": span[1].isoformat()}
    return f"{reverse('report', args=[name])}?{urlencode(kept | period)}"
