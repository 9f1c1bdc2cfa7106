"""The product's figures in the oracle's shape."""

from typing import Any

from followups.reports import dead_ends, promises, recontact, resolution, time_to_resolution, windows
from tests.oracle import raw
from tests.oracle.answers import Asked


def asked(question: windows.Question) -> Asked:
    instants = (raw.micros(question.start), raw.micros(question.end), raw.micros(question.as_of))
    return Asked(*instants, question.window_days, question.of)


def of_recontact(question: windows.Question) -> dict[str, dict[str, int]]:
    report = recontact.report(question)
    return {
        row.key: {
            "den": row.any_issue.den,
            "any_issue": row.any_issue.num,
            "same_issue": row.same_issue.num,
            "immature": row.any_issue.immature,
        }
        for row in [report.total, *report.rows]
    }


def of_resolution(question: windows.Question) -> dict[str, int]:
    total = resolution.report(question).total
    return {"den": total.as_of_rate.den, "num": total.as_of_rate.num, "open": total.open, "reopened": total.reopened}


def of_horizon(question: windows.Question, days: int) -> dict[str, int]:
    row = resolution.report(question).total.horizons[str(days)]
    return {"num": row.num, "den": row.den, "immature": row.immature}


def of_times(question: windows.Question) -> dict[str, Any]:
    total = time_to_resolution.report(question).total
    names = ("n", "events", "median_hours", "p90_hours", "resolved_by")
    return {name: getattr(total, name) for name in names}


def of_promises(question: windows.Question) -> dict[str, int]:
    """Without the figures that are nought: the oracle counts only what there is."""
    total = promises.report(question).total
    names = ("num", "den", "tried_in_time", "empty_handed", "kept_late", "never_done", "moved_by_us", "due", "immature")
    counts = {name: getattr(total, name) for name in names} | {"excluded": total.excluded["called_off"]}
    return {name: count for name, count in counts.items() if count}


def of_dead_ends(question: windows.Question) -> dict[str, int]:
    total = dead_ends.report(question).total
    return {name: getattr(total, name) for name in ("den", "num", "replaced", "told", "waived")}
