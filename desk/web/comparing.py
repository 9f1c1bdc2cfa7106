"""Shares beside others, in words: against an earlier period, and at the mix of channels and families of all together."""

from collections.abc import Callable
from typing import Any

from desk.templatetags.desk import number, rate
from desk.web.columns import CUTS, Column
from followups.models import TargetKind
from followups.reports import against, mix, rows, shares, windows, wording

AGAINST = (("before", "the period before"), ("year", "the same dates a year before"))
LABELS = {
    "resolution": {("horizons", days): f"Resolved {days} d after the first contact" for days in ("1", "3", "7", "30")},
    "recontact": {("any_issue",): "Came back, any issue", ("same_issue",): "Came back, same issue"},
    "first-contact": {(): "Solved at the first contact"},
    "promises": {(): "Promises kept"},
    "chase": {(): "Asked after before we came back"},
    "dead-ends": {(): "Dead ends of all closings", ("tangible",): "Got something in her hands"},
    "silent": {(): "Silent for 90 days"},
    "confirmed": {(): "Confirmed by the customer"},
    "targets": {(): "Targets met in time"} | {("kinds", kind): str(label) for kind, label in TargetKind.choices},
}
NAMED = 8
UNDATED = "Resolved as it stood"
OLD_MIX = "{} with channels and families as then"
# What is said of a share of which more is better, worse, or neither.
MORE = {
    shares.BETTER: ("done", "better"),
    shares.WORSE: ("overdue", "worse"),
    shares.NEITHER: ("info", "more than then"),
}
FEWER = {
    shares.BETTER: ("overdue", "worse"),
    shares.WORSE: ("done", "better"),
    shares.NEITHER: ("info", "fewer than then"),
}
PLAIN = {
    against.ALIKE: ("info", "no clear change"),
    against.FEW: ("info", "too few to compare"),
    against.NONE: ("info", "nothing to compare"),
    against.UNFINISHED: ("info", "not over yet"),
}
# Why nothing is said of any row, the stronger reason last.
SILENT = {
    against.NONE: "Nothing to compare: none of them had anything in both periods.",
    against.FEW: "Too few to compare: none of them had 30 in both periods.",
    against.UNFINISHED: "Not compared with the earlier period yet: this one is not over.",
}


def points(share: float) -> str:
    """A difference of shares in percentage points with its sign: `−4.1`."""
    text = f"{share * 100:+.1f}".replace("-", "\u2212")
    return "0.0" if text[1:] == "0.0" else text


def sign(verdict: str, more: str) -> tuple[str, str]:
    """The look and the words of a verdict."""
    if verdict in against.FOR_MIX:
        _, said = (MORE if verdict == against.MIX_MORE else FEWER)[more]
        return "warn", f"not {said}: other cases"
    return {against.MORE: MORE[more], against.FEWER: FEWER[more]}.get(verdict) or PLAIN[verdict]


def beside(
    name: str, total: Any, question: windows.Question, linked: Callable[..., Callable[..., str]]
) -> dict[str, Any] | None:
    """The shares of the whole against the earlier period; nothing where none was asked for, or none can stand beside.
    `linked` gives what leads to the rows of a part, for changed words of the address.
    """
    found = list(shares.compared(name, total))
    if not found or question.against is None:
        return None
    earlier = against.earlier(question, lagging=shares.SHARES[name].lagging)
    period = {"from": earlier.start.isoformat(), "to": earlier.end.isoformat(), "as_of": earlier.as_of.isoformat()}
    now, then = linked(), linked(**period if shares.SHARES[name].lagging else {k: period[k] for k in ("from", "to")})
    return {
        "rows": [
            line(LABELS[name][share.at], row, share.more) | {"links": links(share, now, then)}
            for share, row in found
            if row.den or row.against.den
        ],
        "now": (question.start, question.end),
        "then": (earlier.start, earlier.end),
        "mixed": any(row.against.verdict in against.FOR_MIX for _, row in found),
    }


def links(share: shares.Share, now: Callable[..., str], then: Callable[..., str]) -> dict[str, str]:
    num, den, _ = share.parts
    return {"now_num": now(num), "now_den": now(den), "before_num": then(num), "before_den": then(den)}


def line(label: str, row: rows.Row, more: str) -> dict[str, Any]:
    then = row.against
    look, said = sign(then.verdict, more)
    known = then.difference is not None and then.verdict != against.FEW
    return {
        "label": label,
        "now": row,
        "before": then,
        "sign": look,
        "said": said,
        "shift": points(then.difference) if known else "",
        "shift_range": f"{points(then.ci_low)} to {points(then.ci_high)}" if known else "",
        "mix": OLD_MIX.format(rate(then.at_old_mix)) if then.verdict in against.FOR_MIX else "",
        "young": young(row.immature, then.immature),
    }


def young(now: int, then: int) -> str:
    """What is too recent to count, in either period."""
    if not now + then:
        return ""
    return f"too recent to count: {number(now)}" + (f" now, {number(then)} then" if then else "")


def notes(column: Column, row: Any) -> list[str]:
    """The lines under a share in a cell: short ones, a table has many columns. Where nothing can be said there is none."""
    then = column.share(row).against if column.share else None
    if then is None or then.difference is None or then.verdict in (against.FEW, against.UNFINISHED):
        return []
    said = [f"{points(then.difference)} points", f"{points(then.ci_low)} to {points(then.ci_high)}"]
    return [*said, OLD_MIX.format(rate(then.at_old_mix))] if then.verdict in against.FOR_MIX else said


def unsaid(name: str, found: list[Any], question: windows.Question) -> str:
    """Why no row of a cut stands against the earlier period, where none does."""
    if question.against is None or question.by in (None, *windows.TIMES) or name not in shares.SHARES:
        return ""
    verdicts = {row.against.verdict for each in found for _, row in shares.compared(name, each)}
    if not verdicts or not verdicts <= set(SILENT):
        return ""
    return SILENT[against.UNFINISHED if against.UNFINISHED in verdicts else max(verdicts, key=list(SILENT).index)]


def at_common_mix(name: str, question: windows.Question, found: list[Any]) -> dict[str, Any] | None:
    """Each share had all the same cases, of the rows of which that can be said; `left` are the others by name."""
    if name not in shares.SHARES or question.by not in shares.WHO:
        return None
    each = [share for share in shares.SHARES[name].each if any(shares.get(row, share.at).den for row in found)]
    enough = [row for row in found if not shares.is_few(name, question, row)]
    lines = [
        {"label": wording.label(question, row.key), "cells": [mixed(shares.get(row, share.at)) for share in each]}
        for row in enough
    ]
    told = [line for line in lines if any(line["cells"])]
    said = {line["label"] for line in told}
    return {
        "columns": [LABELS[name].get(share.at, UNDATED) for share in each],
        "rows": told,
        "left": named([label for row in found if (label := wording.label(question, row.key)) not in said]),
        "is_partly": any(cell and cell["part"] for line in told for cell in line["cells"]),
        "who": CUTS[str(question.by)].lower(),
        "least": f"{mix.COVERED * 100:.0f}\u00a0%",
        "enough": against.ENOUGH,
    }


def named(labels: list[str]) -> str:
    """The first of them by name, and how many more."""
    more = len(labels) - NAMED
    return ", ".join(labels[:NAMED]) + (f" and {more} more" if more > 0 else "")


def mixed(row: rows.Row) -> dict[str, str] | None:
    it = row.at_common_mix
    if it is None or it.rate is None:
        return None
    part = "" if it.covered in (1, None) else f"covers {it.covered * 100:.0f}\u00a0%"
    return {"rate": rate(it.rate), "own": rate(row.rate), "part": part}
