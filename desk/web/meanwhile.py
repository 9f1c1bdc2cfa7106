"""What changed meanwhile, for the charts over time and as text below them."""

from collections import Counter
from typing import Any

from desk.web import weeks
from followups.reports import marks, windows


def context(question: windows.Question) -> dict[str, Any]:
    """`meanwhile` are the marks by week or month, each with its place on the charts: one statement for the page."""
    by = weeks.pace(question)
    groups: dict[str, list[marks.Mark]] = {}
    found = marks.found(question)
    for mark in found:
        groups.setdefault(weeks.key_of(mark.at, by, question.zone), []).append(mark)
    shown = [{"key": key, "n": len(some), "rows": rows_of(some)} for key, some in groups.items()]
    for group in shown:
        group["words"] = f"{group['key']}: " + "; ".join(row["what"] for row in group["rows"])
    return {"meanwhile": shown, "meanwhile_cut": len(found) == marks.MOST}


def rows_of(some: list[marks.Mark]) -> list[dict[str, Any]]:
    """What was done several times stands once, where it was done first."""
    times = Counter(mark.what for mark in some)
    firsts = {what: next(mark.at for mark in some if mark.what == what) for what in times}
    return [
        {"at": at, "what": f"{what} ({times[what]} times)" if times[what] > 1 else what} for what, at in firsts.items()
    ]
