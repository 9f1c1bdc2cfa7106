"""How each report is laid out: figures, columns and charts, each number with the address of its rows."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from desk.templatetags.desk import interval, number, rate
from followups.models import TeamKind, WaiverKind
from followups.reports import time_to_resolution, windows

TITLES = {
    "resolution": "Resolution",
    "recontact": "Re-contact",
    "first-contact": "First contact",
    "time-to-resolution": "Time to resolution",
    "promises": "Promises",
    "dead-ends": "Dead ends",
    "confirmed": "Confirmed",
}
CUTS = {
    "channel": "Channel",
    "category": "Category",
    "family": "Family",
    "team": "Team",
    "site": "In-house or outsourced",
    "priority": "Priority",
    "week": "Week",
    "month": "Month",
}
REASONS = {
    "no_customer": "no customer known",
    "shared_account": "shared account",
    "duplicate": "duplicate",
    "spam": "spam",
    "called_off": "called off by the customer",
}
NOTHING = "\u2013"

# What gives the address of the rows of a figure: (part, key).
Link = Callable[..., str]


@dataclass(frozen=True)
class Column:
    """`part` names the rows behind the number; a rate has none of its own."""

    label: str
    text: Callable[[Any], str]
    part: str = ""


def count(label: str, name: str, part: str) -> Column:
    return Column(label, lambda row: number(getattr(row, name)), part)


def hours(value: float | None) -> str:
    return "not reached" if value is None else time_to_resolution.spoken(value)


def told_hours(value: float | None) -> str:
    return NOTHING if value is None else time_to_resolution.spoken(value)


def horizon(days: str) -> Column:
    return Column(f"By {days} d", lambda row: rate(row.horizons[days].rate), f"{days}.num")


def share_by(days: str) -> Column:
    return Column(f"By {days} d", lambda row: rate(row.resolved_by[days]))


COLUMNS: dict[str, tuple[Column, ...]] = {
    "resolution": (
        Column("Opened", lambda row: number(row.as_of_rate.den), "den"),
        Column("Resolved", lambda row: number(row.as_of_rate.num), "num"),
        Column("Rate", lambda row: rate(row.as_of_rate.rate)),
        Column("95 % between", lambda row: interval(row.as_of_rate)),
        *(horizon(days) for days in ("1", "3", "7", "30")),
        count("Open", "open", "open"),
        count("Ended otherwise", "ended_unresolved", "ended_unresolved"),
        count("Reopened", "reopened", "reopened"),
    ),
    "recontact": (
        Column("Ended", lambda row: number(row.any_issue.den), "den"),
        Column("Any issue", lambda row: number(row.any_issue.num), "any_issue"),
        Column("Rate", lambda row: rate(row.any_issue.rate)),
        Column("95 % between", lambda row: interval(row.any_issue)),
        Column("Same issue", lambda row: number(row.same_issue.num), "same_issue"),
        Column("Rate", lambda row: rate(row.same_issue.rate)),
        Column("95 % between", lambda row: interval(row.same_issue)),
        Column("Too recent", lambda row: number(row.any_issue.immature), "immature"),
        Column("Left out", lambda row: number(sum(row.any_issue.excluded.values())), "excluded"),
    ),
    "time-to-resolution": (
        count("Opened", "n", "n"),
        count("Resolved", "events", "events"),
        Column("Half within", lambda row: hours(row.median_hours)),
        Column("Nine of ten within", lambda row: hours(row.p90_hours)),
        *(share_by(days) for days in ("1", "3", "7", "30")),
        count("Open", "open", "open"),
        count("Ended otherwise", "ended_unresolved", "ended_unresolved"),
    ),
    "promises": (
        count("Fell due", "den", "den"),
        count("Kept", "num", "num"),
        Column("Rate", lambda row: rate(row.rate)),
        Column("95 % between", interval),
        count("Tried in time", "tried_in_time", "tried_in_time"),
        count("Kept late", "kept_late", "kept_late"),
        count("Never done", "never_done", "never_done"),
        count("Moved by us", "moved_by_us", "moved_by_us"),
        count("Kept empty-handed", "empty_handed", "empty_handed"),
        Column("Told", lambda row: rate(row.told_share), "due"),
        Column("Median wait", lambda row: told_hours(row.median_wait_hours)),
    ),
    "dead-ends": (
        count("Closings", "den", "den"),
        count("Dead ends", "num", "num"),
        Column("Rate", lambda row: rate(row.rate)),
        Column("95 % between", interval),
        count("Replaced", "replaced", "replaced"),
        count("Told", "told", "told"),
        count("Waived", "waived", "waived"),
        count("Orphans", "orphans", "orphans"),
        count("No first step", "no_first_step", "no_first_step"),
    ),
    "first-contact": (
        count("Problems", "den", "den"),
        count("At the first contact", "num", "num"),
        Column("Rate", lambda row: rate(row.rate)),
        Column("95 % between", interval),
        count("Came again", "came_again", "came_again"),
        count("Not resolved", "not_resolved", "not_resolved"),
        count("Too recent", "immature", "immature"),
    ),
    "confirmed": (
        count("Resolutions", "den", "den"),
        count("Confirmed", "num", "num"),
        Column("At least", lambda row: rate(row.low)),
        Column("At most", lambda row: rate(row.high)),
        count("Refuted", "refuted", "refuted"),
        count("Claimed", "claimed", "claimed"),
        count("Too recent", "immature", "immature"),
    ),
}


WORDS = {
    "num": "Counted",
    "n": "Opened in the period",
    "closed": "Closed in the period",
    "closed_resolved": "Closed as resolved",
    "immature": "Too recent to count",
    "excluded": "Left out",
    "no_remedy": "Nothing more can be done",
    "unreachable": "Cannot be reached",
    "gave_up": "Gave up",
    "due": "Next steps that fell due",
    **{f"{days}.num": f"Resolved {days} d after the first contact" for days in ("1", "3", "7", "30")},
    **{f"{days}.den": f"With {days} d behind them" for days in ("1", "3", "7", "30")},
    **{f"{days}.immature": f"Less than {days} d old" for days in ("1", "3", "7", "30")},
    **{f"excluded.{reason}": f"Left out: {words}" for reason, words in REASONS.items()},
    **{f"waived.{kind}": f"Waived: {words}" for kind, words in WaiverKind.choices},
}


def words_of(name: str, part: str) -> str:
    """What a figure is called above its rows."""
    named = {column.part: column.label for column in COLUMNS[name] if column.part}
    return WORDS[part] if part in WORDS and part != "num" else named.get(part, WORDS.get(part, part))


def label(question: windows.Question, key: str) -> str:
    words = dict(TeamKind.choices).get(key, key) if question.by == "site" else key
    return str(words) or "none"


def table(name: str, question: windows.Question, rows: Iterable[Any], link: Link) -> dict[str, Any]:
    """The cut as a table: every count leads to exactly its rows."""
    columns = COLUMNS[name]
    return {
        "first_column": CUTS[question.by or "family"],
        "columns": [column.label for column in columns],
        "rows": [
            {"label": label(question, row.key), "cells": [cell(column, row, link) for column in columns]}
            for row in rows
        ],
    }


def cell(column: Column, row: Any, link: Link) -> dict[str, str]:
    text = column.text(row)
    return {"text": text, "url": link(column.part, row.key) if column.part and text not in ("0", NOTHING) else ""}


def metric(label_: str, row: Any, url: str, note: str = "") -> dict[str, Any]:
    """A share; what is left out is named in words."""
    left_out = {REASONS.get(reason, reason): n for reason, n in row.excluded.items() if n}
    return {"label": label_, "metric": asdict(row) | {"excluded": left_out}, "url": url, "note": note}


def quantity(label_: str, value: str, url: str = "", note: str = "", range_: str = "") -> dict[str, Any]:
    return {"label": label_, "value": value, "url": url, "note": note, "range": range_}


def of_resolution(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    week = total.horizons["7"]
    return [
        metric("Resolved as it stood", total.as_of_rate, link("num")),
        metric("Resolved 7 days after the first contact", week, link("7.num")),
        quantity("Still open", number(total.open), link("open"), "counted as not resolved"),
        quantity(
            "Ended otherwise", number(total.ended_unresolved), link("ended_unresolved"), "withdrawn, waived or imported"
        ),
        quantity("Reopened", number(total.reopened), link("reopened")),
    ]


def of_recontact(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Came back, any issue", total.any_issue, link("any_issue")),
        metric("Came back, same issue", total.same_issue, link("same_issue")),
    ]


def of_time(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        quantity("Half were solved within", hours(total.median_hours), link("n"), f"of {number(total.n)} opened"),
        quantity("Nine of ten within", hours(total.p90_hours), link("n")),
        *(quantity(f"Resolved by {days} d", rate(total.resolved_by[days])) for days in ("1", "7", "30")),
        quantity("Still open", number(total.open), link("open"), "counted with the time waited so far"),
        quantity("Ended otherwise", number(total.ended_unresolved), link("ended_unresolved")),
    ]


def of_promises(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Kept", total, link("num")),
        quantity(
            "Tried in time", number(total.tried_in_time), link("tried_in_time"), "not kept, a message left or sent"
        ),
        quantity("Kept empty-handed", number(total.empty_handed), link("empty_handed"), "she was reached with no news"),
        quantity("Told", rate(total.told_share), link("due"), f"of {number(total.due)} next steps that fell due"),
        quantity("Median wait promised", told_hours(total.median_wait_hours), note="from telling her to the date"),
        quantity("Median lateness", told_hours(total.median_late_hours), link("kept_late"), "of those kept late"),
    ]


def of_dead_ends(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Dead ends of all closings", total, link("num")),
        quantity(
            "Replaced by a follow-up",
            number(total.replaced),
            link("replaced"),
            f"{number(total.told)} told to the customer",
        ),
        quantity("Waived", number(total.waived), link("waived"), "ended for good, without a remedy"),
        quantity(
            "Orphans", number(total.orphans), link("orphans"), "tickets without the next step they must have: always 0"
        ),
        quantity(
            "Without a first step", number(total.no_first_step), link("no_first_step"), "open tickets, at this moment"
        ),
    ]


def of_first_contact(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Solved at the first contact", total, link("num")),
        quantity("Came again", number(total.came_again), link("came_again"), "a second contact about the same"),
        quantity("Not resolved", number(total.not_resolved), link("not_resolved"), "when the days were over"),
    ]


def of_confirmed(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Confirmed by the customer, at least", total, link("num")),
        quantity("Not refuted, at most", rate(total.high), link("den"), "neither a no nor another contact"),
        quantity("Refuted", number(total.refuted), link("refuted"), "she said no, or contacted us again"),
        quantity("Claimed", number(total.claimed), link("claimed"), "known from another system alone"),
    ]


FIGURES: dict[str, Callable[[Any, Link], list[dict[str, Any]]]] = {
    "resolution": of_resolution,
    "recontact": of_recontact,
    "time-to-resolution": of_time,
    "promises": of_promises,
    "dead-ends": of_dead_ends,
    "first-contact": of_first_contact,
    "confirmed": of_confirmed,
}


def parts(name: str, total: Any, link: Link) -> dict[str, Any] | None:
    """The whole in its kinds, for the stacked bar."""
    if name == "promises" and total.den:
        kinds = [
            ("Kept", "num"),
            ("Kept late", "kept_late"),
            ("Never done", "never_done"),
            ("Moved by us", "moved_by_us"),
        ]
        return {"title": "What became of the promises", "parts": slices(total, kinds, link)}
    if name == "dead-ends" and total.num:
        kinds = [
            ("Nothing more can be done", "no_remedy"),
            ("Cannot be reached", "unreachable"),
            ("Gave up", "gave_up"),
        ]
        return {"title": "Which dead ends", "parts": slices(total, kinds, link)}
    return None


def slices(total: Any, kinds: list[tuple[str, str]], link: Link) -> list[dict[str, Any]]:
    return [{"label": label_, "value": getattr(total, name), "url": link(name)} for label_, name in kinds]


def waivers(total: Any, link: Link) -> dict[str, Any] | None:
    """Waivers by kind, where there are any."""
    kinds = [(str(WaiverKind(kind).label), kind, n) for kind, n in total.waived_by_kind.items() if n]
    found = [{"label": words, "value": n, "url": link(f"waived.{kind}")} for words, kind, n in kinds]
    return {"title": "Waived, by kind", "parts": found} if found else None


DRAWN_TITLES = {
    "promises": "Promises kept",
    "dead-ends": "Dead ends of all closings",
    "first-contact": "Solved at the first contact",
    "confirmed": "Confirmed by the customer",
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
    return [(DRAWN_TITLES[name], "num", row)]


def drawn(name: str, question: windows.Question, rows: list[Any], link: Link) -> list[dict[str, Any]]:
    """One chart per share over these rows: `{title, points}`."""
    if name == "time-to-resolution" or not rows:
        return []
    charts = []
    for at, (title, part, _) in enumerate(shares(name, rows[0])):
        points = [point(shares(name, row)[at][2], label(question, row.key), link(part, row.key)) for row in rows]
        young = "hollow: too recent, will change" if any(each["immature"] for each in points) else ""
        charts.append({"title": title, "points": points, "note": young})
    return charts


def horizons(total: Any, link: Link) -> list[dict[str, Any]]:
    """The share resolved by each number of days after the first contact."""
    return [point(row, f"{days} d", link(f"{days}.num")) for days, row in total.horizons.items() if row.den]


def point(share: Any, label_: str, url: str) -> dict[str, Any]:
    names = ("rate", "ci_low", "ci_high", "num", "den", "immature")
    return {name: getattr(share, name) for name in names} | {"label": label_, "url": url if share.num else ""}
