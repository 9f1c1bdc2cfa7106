"""How each report is laid out: figures and columns, each number with the address of its rows."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from desk.templatetags.desk import number, rate
from desk.web import comparing
from desk.web.columns import COLUMNS, CUTS, NOTHING, REASONS, TITLES, WORDS, Column, hours, told_hours
from followups.models import TargetKind, TeamKind
from followups.reports import shares, windows

__all__ = ["COLUMNS", "CUTS", "TITLES"]

# What gives the address of the rows of a figure: (part, key).
Link = Callable[..., str]


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
            {
                "label": label(question, row.key),
                "cells": [cell(column, row, link) for column in columns],
                "few": shares.is_few(name, question, row),
            }
            for row in rows
        ],
    }


def cell(column: Column, row: Any, link: Link) -> dict[str, Any]:
    text = column.text(row)
    url = link(column.part, row.key) if column.part and text not in ("0", NOTHING) else ""
    return {"text": text, "url": url, "notes": comparing.notes(column, row)}


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
        quantity("Not kept", number(total.den - total.num), link("broken"), "late, never, or moved by us"),
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
        metric("Got something in her hands", total.tangible, link("tangible.num"), "of tickets with a dead end"),
    ]


def of_first_contact(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Solved at the first contact", total, link("num")),
        quantity("Came again", number(total.came_again), link("came_again"), "a second contact about the same"),
        quantity("Not resolved", number(total.not_resolved), link("not_resolved"), "when the days were over"),
        quantity("Contacts a problem", number(total.effort.contacts, 2), note="that she started, the first included"),
        quantity("Told again", number(total.effort.retold, 2), note="to another person, a problem"),
    ]


def of_confirmed(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Confirmed by the customer, at least", total, link("num")),
        quantity("Not refuted, at most", rate(total.high), link("den"), "neither a no nor another contact"),
        quantity("Refuted", number(total.refuted), link("refuted"), "she said no, or contacted us again"),
        quantity("Claimed", number(total.claimed), link("claimed"), "known from another system alone"),
    ]


def of_chase(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Asked after before we came back", total, link("num")),
        quantity("More than once", number(total.often), link("often")),
        quantity("Contacts spent on asking", number(total.contacts)),
    ]


def of_silent(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        metric("Silent for 90 days", total, link("num")),
        quantity("To be contacted", number(total.to_contact), link("to_contact")),
        quantity("Held out", number(total.held_out), link("held_out"), "not contacted, to see what contacting does"),
        quantity("Not to be contacted", number(total.not_to_contact), link("not_to_contact"), "by their own wish"),
    ]


def of_workload(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    return [
        quantity("Open", number(total.open), link("open")),
        quantity("Overdue", number(total.overdue), link("overdue"), "follow-ups past their date"),
        quantity("Without a next step", number(total.no_first_step), link("no_first_step")),
        quantity("Came in", number(total.opened), link("opened"), "in the period"),
        quantity("Ended", number(total.ended), link("ended"), f"{number(total.resolved)} of them as resolved"),
    ]


def of_targets(report: Any, link: Link) -> list[dict[str, Any]]:
    total = report.total
    kinds = [(kind, label, total.kinds[kind]) for kind, label in TargetKind.choices]
    of_kinds = [metric(str(label), row, link(f"{kind}.num")) for kind, label, row in kinds if row.den]
    missed = quantity("Missed", number(total.missed), link("missed"))
    return [metric("Met in time", total, link("num")), *of_kinds, missed]


FIGURES: dict[str, Callable[[Any, Link], list[dict[str, Any]]]] = {
    "resolution": of_resolution,
    "recontact": of_recontact,
    "time-to-resolution": of_time,
    "promises": of_promises,
    "dead-ends": of_dead_ends,
    "first-contact": of_first_contact,
    "confirmed": of_confirmed,
    "targets": of_targets,
    "chase": of_chase,
    "silent": of_silent,
    "workload": of_workload,
}
