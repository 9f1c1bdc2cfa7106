"""What the charts of a report are made of: titles, points with the addresses of their rows, and the sentence below."""

import math
from dataclasses import replace
from typing import Any

from desk.web import captions, weeks
from desk.web.figures import Link
from followups.models import WaiverKind
from followups.reports import resolution, statistics, time_to_resolution, windows, wording

TITLES = {
    "promises": "Promises kept",
    "dead-ends": "Dead ends of all closings",
    "first-contact": "Solved at the first contact",
    "confirmed": "Confirmed by the customer",
    "targets": "Targets met in time",
    "chase": "Asked after before we came back",
    "silent": "Silent for 90 days",
}
HOUR, DAY = time_to_resolution.HOUR, time_to_resolution.DAY
DRAWN = 1000
UNDRAWN = ("time-to-resolution", "workload")
KINDS = {
    "promises": (
        "What became of the promises",
        (("Kept", "num"), ("Kept late", "kept_late"), ("Never done", "never_done"), ("Moved by us", "moved_by_us")),
    ),
    "dead-ends": (
        "Which dead ends",
        (("Nothing more can be done", "no_remedy"), ("Cannot be reached", "unreachable"), ("Gave up", "gave_up")),
    ),
    "silent": (
        "How they were left",
        (("Waived", "waived"), ("Gave up", "gave_up"), ("Imported", "imported"), ("Waiting", "waiting")),
    ),
}


def shares(name: str, row: Any) -> list[tuple[str, str, Any]]:
    """The shares of a row that are drawn: title, part, share."""
    if name == "recontact":
        return [
            ("Came back, any issue", "any_issue", row.any_issue),
            ("Came back, same issue", "same_issue", row.same_issue),
        ]
    if name == "resolution":
        return [("Resolved 7 days after the first contact", "7.num", row.horizons["7"])]
    return [(TITLES[name], "num", row)]


def course(name: str, question: windows.Question, rows: list[Any], link: Link) -> list[dict[str, Any]]:
    """One chart per share over time, a week or month without rows among them as a gap. `question` is by one of both."""
    if name in UNDRAWN or not rows:
        return []
    by_key = {row.key: row for row in rows}
    keys = weeks.all_between(by_key)
    return [
        {
            "title": title,
            "points": [moment(name, at, key, by_key.get(key), link(part, key)) for key in keys],
            "says": captions.course(name, part, question),
        }
        for at, (title, part, _) in enumerate(shares(name, rows[0]))
    ]


def moment(name: str, at: int, key: str, row: Any, url: str) -> dict[str, Any]:
    """The point of a week or month; without a row, a gap."""
    found = point(shares(name, row)[at][2], key, url) if row else {"label": key, "rate": None, "num": 0, "den": 0}
    return found | {"tick": weeks.tick(key)}


def bars(name: str, question: windows.Question, rows: list[Any], link: Link) -> list[dict[str, Any]]:
    """One chart per share over the rows of a cut."""
    if name in UNDRAWN or not rows:
        return []
    return [
        {
            "title": title,
            "points": [
                point(shares(name, row)[at][2], wording.label(question, row.key), link(part, row.key)) for row in rows
            ],
            "says": captions.bars(question),
        }
        for at, (title, part, _) in enumerate(shares(name, rows[0]))
    ]


def horizons(total: Any, link: Link) -> dict[str, Any] | None:
    """The share resolved by each number of days after the first contact."""
    found = [point(row, f"{days} d", link(f"{days}.num")) for days, row in total.horizons.items() if row.den]
    return {"points": found, "says": captions.HORIZONS} if found else None


def point(share: Any, label_: str, url: str) -> dict[str, Any]:
    names = ("rate", "ci_low", "ci_high", "num", "den", "immature")
    found = {name: getattr(share, name) for name in names} | {"label": label_, "url": url if share.num else ""}
    return found | {"up_to": getattr(share, "high", None)}


def parts(name: str, total: Any, link: Link) -> list[dict[str, Any]]:
    """Wholes in their kinds, for the stacked bars."""
    found = []
    whole = total.den if name == "promises" else getattr(total, "num", 0)
    if name in KINDS and whole:
        title, kinds = KINDS[name]
        counts = [(word, part, getattr(total, part)) for word, part in kinds]
        slices = [{"label": word, "value": n, "url": link(part) if n else ""} for word, part, n in counts]
        found.append({"title": title, "first_column": "Which", "parts": slices, "says": captions.PARTS[name]})
    return [*found, *waivers(total, link)]


def waivers(total: Any, link: Link) -> list[dict[str, Any]]:
    """Waivers by kind, where there are any."""
    kinds = [(str(WaiverKind(kind).label), kind, n) for kind, n in getattr(total, "waived_by_kind", {}).items() if n]
    slices = [{"label": word, "value": n, "url": link(f"waived.{kind}")} for word, kind, n in kinds]
    chart = {"title": "Waived, by kind", "first_column": "Kind", "parts": slices, "says": captions.WAIVERS}
    return [chart] if slices else []


def charts(name: str, question: windows.Question, course_: list[Any], total: Any, linked: Any) -> dict[str, Any]:
    """The charts of a report of shares. `linked` gives the address of rows, with changes to the question."""
    by = weeks.pace(question)
    return {
        "over_time": course(name, replace(question, by=by), course_, linked(by=by)),
        "parts": parts(name, total, linked()),
        "horizons": horizons(total, linked()) if name == resolution.NAME else None,
    }


def waiting(some: time_to_resolution.Ages, total: Any) -> dict[str, Any]:
    """The share still waiting, up to a little beyond the 90th percentile, in the unit that suits it."""
    resolved, ended, open_ = (some.times[kind] for kind in ("resolved", "ended", "open"))
    reached = total.p90_hours or total.median_hours or (resolved[-1] / HOUR if resolved else 24)
    unit, scale = ("d", DAY) if reached > 48 else ("h", HOUR)
    at, either = sampled(resolved), sampled(sorted((*resolved, *ended)))
    left = statistics.kaplan_meier(resolved, time_to_resolution.unresolved(some), at)
    ends = statistics.aalen_johansen(resolved, ended, open_, either)
    marks = [("half", total.median_hours), ("nine of ten", total.p90_hours)]
    won, lost = [share.resolved for share in ends], [share.ended for share in ends]
    return {
        "series": [steps("still unresolved", at, left, scale)],
        "ends": [
            steps("resolved", either, won, scale) | {"start": 0.0},
            steps("ended otherwise", either, lost, scale) | {"start": 0.0},
        ],
        "x_max": 4 * max(1, math.ceil(reached * 1.5 * HOUR / scale / 4)),
        "unit": unit,
        "says": {"series": captions.WAITING, "ends": captions.ENDS},
        "marks": [{"at": at * HOUR / scale, "label": label} for label, at in marks if at is not None],
    }


def steps(label_: str, times: list[int], shares_: list[float], scale: float) -> dict[str, Any]:
    return {"label": label_, "steps": [(at / scale, share) for at, share in zip(times, shares_, strict=True)]}


def sampled(times: list[int]) -> list[int]:
    """Of sorted times so many that no step between them is higher than a line is thick."""
    every = len(times) // DRAWN + 1
    return sorted({*times[::every], *times[-1:]})
