"""What each report and each of its figures is called, how a figure is read off a row, and which parts hold its rows: the
same on the page and in the letter.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from followups.models import TargetKind, TeamKind
from followups.reports import rows, time_to_resolution, windows

TITLES = {
    "resolution": "Resolution",
    "recontact": "Re-contact",
    "first-contact": "First contact",
    "time-to-resolution": "Time to resolution",
    "promises": "Promises",
    "chase": "Asked again",
    "dead-ends": "Dead ends",
    "silent": "Silent",
    "confirmed": "Confirmed",
    "targets": "Targets",
    "workload": "Workload",
}
NOTHING = "\u2013"
SHARE, COUNT, RATE, MEAN, HOURS, WORKED = "share", "count", "rate", "mean", "hours", "worked"


@dataclass(frozen=True)
class Figure:
    """`of` reads it off a row: a share (`rows.Row`), else a number, or None. `part` names its rows; without one it has none
    of its own. Of a share it is what is counted; `whole` is of how many, `young` too recent, `out` the prefix of those left
    out. `otherwise` is said for None; an `optional` share of nothing is left away.
    """

    label: str
    kind: str
    of: Callable[[Any], Any]
    part: str = ""
    note: Callable[[Any], str] = lambda row: ""
    whole: str = ""
    young: str = ""
    out: str = ""
    otherwise: str = NOTHING
    optional: bool = False


def share(
    label: str, of: Callable[[Any], rows.Row] = lambda row: row, prefix: str = "", part: str = "num", **more: Any
) -> Figure:
    parts = {"part": f"{prefix}{part}", "whole": f"{prefix}den", "young": f"{prefix}immature", "out": "excluded."}
    return Figure(label, SHARE, of, **parts | more)


def count(label: str, name: str, part: str | None = None, note: str | Callable[[Any], str] = "") -> Figure:
    """Its rows are the part of the same name, unless told otherwise."""
    said = note if callable(note) else lambda row: note
    return Figure(label, COUNT, lambda row: getattr(row, name), name if part is None else part, said)


def rate(label: str, of: Callable[[Any], float | None], note: str = "") -> Figure:
    return Figure(label, RATE, of, note=lambda row: note)


def hours(label: str, name: str, note: str = "", otherwise: str = NOTHING) -> Figure:
    return Figure(label, HOURS, lambda row: getattr(row, name), note=lambda row: note, otherwise=otherwise)


def mean(label: str, name: str, note: str) -> Figure:
    return Figure(label, MEAN, lambda row: getattr(row.effort, name), note=lambda row: note)


def told(row: rows.Promises) -> rows.Row:
    return rows.share(row.key, row.den, row.due)


def did_not_hold(row: rows.TimeToResolution) -> rows.Row:
    return rows.share(row.key, row.first.not_held, row.first.n)


def most_worked(row: rows.TimeToResolution) -> str:
    return nine_of_ten(row.working, time_to_resolution.spoken_work, "by the hours of each team")


def most_said(row: rows.TimeToResolution) -> str:
    return nine_of_ten(row.first, time_to_resolution.spoken, "whatever was opened again")


def nine_of_ten(row: rows.Within, said: Callable[[float], str], more: str) -> str:
    return more if row.p90_hours is None else f"nine of ten within {said(row.p90_hours)}, {more}"


def kind(name: str, label: str) -> Figure:
    return share(label, lambda row: row.kinds[name], f"{name}.", out=f"{name}.excluded.", optional=True)


UNREACHED: dict[str, Any] = {"otherwise": "not reached"}
# By the report: its figures, the first of them that of a row.
FIGURES: dict[str, tuple[Figure, ...]] = {
    "resolution": (
        share("Resolved as it stood", lambda row: row.as_of_rate),
        share("Resolved 7 days after the first contact", lambda row: row.horizons["7"], "7."),
        count("Still open", "open", note="counted as not resolved"),
        count("Ended otherwise", "ended_unresolved", note="withdrawn, waived or imported"),
        count("Reopened", "reopened"),
    ),
    "recontact": (
        share("Came back, any issue", lambda row: row.any_issue, part="any_issue"),
        share("Came back, same issue", lambda row: row.same_issue, part="same_issue"),
    ),
    "first-contact": (
        share("Solved at the first contact"),
        count("Came again", "came_again", note="a second contact about the same"),
        count("Not resolved", "not_resolved", note="when the days were over"),
        mean("Contacts a problem", "contacts", "that she started, the first included"),
        mean("Told again", "retold", "to another person, a problem"),
    ),
    "time-to-resolution": (
        hours("Half were solved within", "median_hours", otherwise="not reached"),
        hours("Nine of ten within", "p90_hours", otherwise="not reached"),
        Figure(
            "In working hours, half within", WORKED, lambda row: row.working.median_hours, note=most_worked, **UNREACHED
        ),
        Figure(
            "First said solved, half within", HOURS, lambda row: row.first.median_hours, note=most_said, **UNREACHED
        ),
        share("Said solved, did not hold", did_not_hold, part="not_held", whole="first", young="", out=""),
        *(rate(f"Resolved by {days} d", lambda row, days=days: row.resolved_by[days]) for days in ("1", "7", "30")),
        count("Opened", "n", note="in the period, each of them counted above"),
        count("Still open", "open", note="counted with the time waited so far"),
        count("Ended otherwise", "ended_unresolved"),
    ),
    "promises": (
        share("Kept"),
        Figure("Not kept", COUNT, lambda row: row.den - row.num, "broken", lambda row: "late, never, or moved by us"),
        count("Tried in time", "tried_in_time", note="not kept, a message left or sent"),
        count("Kept empty-handed", "empty_handed", note="she was reached with no news"),
        Figure("Told", SHARE, told, "den", lambda row: "of the next steps that fell due", whole="due"),
        hours("Median wait promised", "median_wait_hours", note="from telling her to the date"),
        hours("Median lateness", "median_late_hours", note="of those kept late"),
    ),
    "chase": (
        share("Asked after before we came back"),
        count("More than once", "often"),
        count("Contacts spent on asking", "contacts", part=""),
    ),
    "dead-ends": (
        share("Dead ends of all closings"),
        count("Replaced by a follow-up", "replaced", note=lambda row: f"{rows.number(row.told)} told to the customer"),
        count("Waived", "waived", note="ended for good, without a remedy"),
        count("Orphans", "orphans", note="tickets without the next step they must have: always 0"),
        count("Without a first step", "no_first_step", note="open tickets, at this moment"),
        share(
            "Got something in her hands",
            lambda row: row.tangible,
            "tangible.",
            note=lambda row: "of tickets with a dead end",
        ),
    ),
    "silent": (
        share("Silent for 90 days"),
        count("To be contacted", "to_contact"),
        count("Held out", "held_out", note="not contacted, to see what contacting does"),
        count("Not to be contacted", "not_to_contact", note="by their own wish"),
    ),
    "confirmed": (
        share("Confirmed by the customer, at least"),
        rate("Not refuted, at most", lambda row: row.high, "neither a no nor another contact"),
        count("Refuted", "refuted", note="she said no, or contacted us again"),
        count("Claimed", "claimed", note="known from another system alone"),
    ),
    "targets": (
        share("Met in time"),
        *(kind(name, str(label)) for name, label in TargetKind.choices),
        count("Missed", "missed"),
    ),
    "workload": (
        count("Open", "open"),
        count("Overdue", "overdue", note="follow-ups past their date"),
        count("Without a next step", "no_first_step"),
        count("Came in", "opened", note="in the period"),
        count("Ended", "ended", note=lambda row: f"{rows.number(row.resolved)} of them as resolved"),
    ),
}


def figures(name: str, row: Any) -> list[Figure]:
    """Those of a report that this row has."""
    return [it for it in FIGURES[name] if not (it.optional and not it.of(row).den)]


def missing(figure: Figure, row: Any) -> str:
    """What is said where there is no number: of nothing at all, nothing."""
    return NOTHING if getattr(row, "n", None) == 0 else figure.otherwise


def label(question: windows.Question, key: str) -> str:
    """What a row of the cut is called."""
    words = dict(TeamKind.choices).get(key, key) if question.by == "site" else key
    return str(words) or "none"
