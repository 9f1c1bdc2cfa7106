"""What each report is called, its columns, and the words of every figure that leads to rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from desk.templatetags.desk import interval, number, rate
from followups.models import TargetKind, WaiverKind
from followups.reports import rows, time_to_resolution, wording
from followups.reports.workload import AGES, DAYS

CUTS = {
    "channel": "Channel",
    "category": "Category",
    "family": "Family",
    "team": "Team",
    "site": "In-house or outsourced",
    "priority": "Priority",
    "agent": "Agent",
    "week": "Week",
    "month": "Month",
}
REASONS = {
    "no_customer": "no customer known",
    "shared_account": "shared account",
    "duplicate": "duplicate",
    "spam": "spam",
    "called_off": "called off by the customer",
    "ended": "no longer owed, the ticket had ended",
    "deceased": "deceased",
}


@dataclass(frozen=True)
class Column:
    """`part` names the rows behind the number; what has none of its own is no link. `share` is what the column shows, where it
    is one. `name` is the word by which the table is sorted by `value`; without a name it is not.
    """

    label: str
    text: Callable[[Any], str]
    part: str = ""
    share: Callable[[Any], rows.Row] | None = None
    name: str = ""
    value: Callable[[Any], float | None] = lambda row: None


def rated(label: str, share: Callable[[Any], rows.Row] = lambda row: row, part: str = "", name: str = "rate") -> Column:
    return Column(label, lambda row: rate(share(row).rate), part, share, name, lambda row: share(row).rate)


def counted(label: str, value: Callable[[Any], int], part: str, name: str = "") -> Column:
    return Column(label, lambda row: number(value(row)), part, name=name or part, value=value)


def count(label: str, name: str, part: str) -> Column:
    return counted(label, lambda row: getattr(row, name), part, name)


def hours(
    label: str,
    name: str,
    value: Callable[[Any], float | None],
    otherwise: str = "not reached",
    said: Callable[[float], str] = time_to_resolution.spoken,
) -> Column:
    return Column(
        label, lambda row: missing(row, otherwise) if (it := value(row)) is None else said(it), name=name, value=value
    )


def missing(row: Any, otherwise: str) -> str:
    return wording.NOTHING if getattr(row, "n", None) == 0 else otherwise


def of_kind(kind: str, label: str) -> Column:
    return rated(label, lambda row: row.kinds[kind], f"{kind}.num", kind)


def horizon(days: str) -> Column:
    return rated(f"By {days}\u00a0d", lambda row: row.horizons[days], f"{days}.num", f"by_{days}")


def share_by(days: str) -> Column:
    text, value = lambda row: rate(row.resolved_by[days]), lambda row: row.resolved_by[days]
    return Column(f"By {days}\u00a0d", text, name=f"by_{days}", value=value)


def effort(label: str, name: str) -> Column:
    text, value = lambda row: number(getattr(row.effort, name), 2), lambda row: getattr(row.effort, name)
    return Column(label, text, name=name, value=value)


def age(words: str, name: str) -> Column:
    return counted(words.capitalize(), lambda row: row.ages[name], f"age.{name}")


EFFORT = (
    ("Contacts a problem", "contacts"),
    ("Transfers", "transfers"),
    ("Changes of channel", "channel_switches"),
    ("Told again", "retold"),
    ("Days first to last", "days"),
)

COLUMNS: dict[str, tuple[Column, ...]] = {
    "resolution": (
        counted("Opened", lambda row: row.as_of_rate.den, "den"),
        counted("Resolved", lambda row: row.as_of_rate.num, "num"),
        rated("Rate", lambda row: row.as_of_rate),
        Column("95 % between", lambda row: interval(row.as_of_rate)),
        *(horizon(days) for days in ("1", "3", "7", "30")),
        count("Open", "open", "open"),
        count("Ended otherwise", "ended_unresolved", "ended_unresolved"),
        count("Reopened", "reopened", "reopened"),
    ),
    "recontact": (
        counted("Ended", lambda row: row.any_issue.den, "den"),
        counted("Any issue", lambda row: row.any_issue.num, "any_issue"),
        rated("Rate", lambda row: row.any_issue, name="any_issue_rate"),
        Column("95 % between", lambda row: interval(row.any_issue)),
        counted("Same issue", lambda row: row.same_issue.num, "same_issue"),
        rated("Rate", lambda row: row.same_issue, name="same_issue_rate"),
        Column("95 % between", lambda row: interval(row.same_issue)),
        counted("Too recent", lambda row: row.any_issue.immature, "immature"),
        counted("Left out", lambda row: sum(row.any_issue.excluded.values()), "excluded"),
    ),
    "time-to-resolution": (
        count("Opened", "n", "n"),
        count("Resolved", "events", "events"),
        hours("Half within", "median", lambda row: row.median_hours),
        hours("Nine of ten within", "p90", lambda row: row.p90_hours),
        hours(
            "Half, in working hours",
            "working",
            lambda row: row.working.median_hours,
            said=time_to_resolution.spoken_work,
        ),
        hours("Half, first said solved", "first", lambda row: row.first.median_hours),
        counted("Did not hold", lambda row: row.first.not_held, "not_held"),
        *(share_by(days) for days in ("1", "3", "7", "30")),
        count("Open", "open", "open"),
        count("Ended otherwise", "ended_unresolved", "ended_unresolved"),
    ),
    "promises": (
        count("Fell due", "den", "den"),
        count("Kept", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("Tried in time", "tried_in_time", "tried_in_time"),
        count("Kept late", "kept_late", "kept_late"),
        count("Never done", "never_done", "never_done"),
        count("Moved by us", "moved_by_us", "moved_by_us"),
        count("Kept empty-handed", "empty_handed", "empty_handed"),
        rated("Told", wording.told, "den", "told"),
        hours("Median wait", "wait", lambda row: row.median_wait_hours, wording.NOTHING),
    ),
    "dead-ends": (
        count("Closings", "den", "den"),
        count("Dead ends", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("Replaced", "replaced", "replaced"),
        count("Told", "told", "told"),
        count("Waived", "waived", "waived"),
        count("Orphans", "orphans", "orphans"),
        count("No first step", "no_first_step", "no_first_step"),
        rated("Something in her hands", lambda row: row.tangible, "tangible.num", "tangible"),
    ),
    "first-contact": (
        count("Problems", "den", "den"),
        count("At the first contact", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("Came again", "came_again", "came_again"),
        count("Not resolved", "not_resolved", "not_resolved"),
        *(effort(label, name) for label, name in EFFORT),
        count("Too recent", "immature", "immature"),
    ),
    "chase": (
        count("Fell due", "den", "den"),
        count("Asked after", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("More than once", "often", "often"),
        count("Contacts", "contacts", ""),
    ),
    "silent": (
        count("Watched", "den", "den"),
        count("Silent", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("Waived", "waived", "waived"),
        count("Gave up", "gave_up", "gave_up"),
        count("Imported", "imported", "imported"),
        count("Waiting", "waiting", "waiting"),
        count("To contact", "to_contact", "to_contact"),
        count("Held out", "held_out", "held_out"),
    ),
    "workload": (
        count("Open", "open", "open"),
        *(age(words, name) for name, words in AGES.items()),
        count("Overdue", "overdue", "overdue"),
        count("No next step", "no_first_step", "no_first_step"),
        count("Came in", "opened", "opened"),
        count("Ended", "ended", "ended"),
        count("Resolved", "resolved", "resolved"),
        counted("Minutes in ten days", lambda row: sum(day["minutes"] for day in row.days.values()), "", "minutes"),
    ),
    "targets": (
        count("Met or missed", "den", "den"),
        count("Met", "num", "num"),
        rated("Rate"),
        Column("95 % between", interval),
        count("Missed", "missed", "missed"),
        *(of_kind(kind, str(label)) for kind, label in TargetKind.choices),
        count("Not over yet", "immature", "immature"),
        counted("Left out", lambda row: sum(row.excluded.values()), "excluded"),
    ),
    "confirmed": (
        count("Resolutions", "den", "den"),
        count("Confirmed", "num", "num"),
        rated("At least"),
        Column("At most", lambda row: rate(row.high), name="at_most", value=lambda row: row.high),
        count("Refuted", "refuted", "refuted"),
        count("Claimed", "claimed", "claimed"),
        count("Too recent", "immature", "immature"),
    ),
}


OF_KINDS = {"den": "met or missed", "num": "met", "missed": "missed", "immature": "not over yet"}
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
    **{f"{days}.unsolved": f"Without a solution {days} d after the first contact" for days in ("1", "3", "7", "30")},
    **{f"within.{days}": f"Resolved within {days} d of the opening" for days in ("1", "3", "7", "30")},
    "broken": "Not kept",
    "first": "Said solved at least once",
    "not_held": "Said solved, did not hold",
    "untold": "Dead ends without a told next step",
    "any_issue": "Came back, any issue",
    "same_issue": "Came back, same issue",
    "elsewhere": "Came back about something else",
    **{f"{days}.immature": f"Less than {days} d old" for days in ("1", "3", "7", "30")},
    **{f"excluded.{reason}": f"Left out: {words}" for reason, words in REASONS.items()},
    "tangible.num": "Got something in her hands",
    "tangible.den": "With a dead end, its days over",
    "tangible.immature": "With a dead end, too recent to count",
    "to_contact": "Silent, to be contacted",
    **{
        f"{side}.{part}": f"{words}: {of}"
        for side, words in (("drawn", "Drawn to be contacted"), ("held", "Held out"))
        for part, of in (
            ("den", "30 days ago or more"),
            ("immature", "less than 30 days ago"),
            ("came_back", "came back to us"),
            ("resolved", "have a solution"),
            ("reached", "were reached by us"),
        )
    },
    "held_out": "Silent, held out",
    "not_to_contact": "Silent, not to be contacted",
    "waiting": "Silent, waiting without an update",
    "imported": "Silent, ended elsewhere without a resolution",
    **{f"day.{n}": f"Due in {n} days" if n > 1 else ("Due today", "Due tomorrow")[n] for n in range(DAYS)},
    **{f"{kind}.{part}": f"{label}: {words}" for kind, label in TargetKind.choices for part, words in OF_KINDS.items()},
    **{f"waived.{kind}": f"Waived: {words}" for kind, words in WaiverKind.choices},
}
