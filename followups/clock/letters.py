"""What a report by mail says: asked just before it leaves, in the name of whoever receives it, with its file.

The headline is the report's own; below it stand the figures as the page names them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings

from followups import worktime
from followups.actions import exporting, mailing, rhythms
from followups.errors import Refused
from followups.models import Actor, Delivery, Mailing, Period, TeamKind, Way
from followups.reports import catalogue, reading, rows, shares, tables, windows
from followups.reports.time_to_resolution import spoken

LATE = timedelta(minutes=5)
LINES = 30
NOTHING = "\u2013"
CLOCK = Actor(door="clock")


class Told(NamedTuple):
    """One figure of a report: what the page calls it, and how to read it off a row."""

    label: str
    text: Callable[[Any], str]


@dataclass(frozen=True)
class Letter:
    """`refusal`: why it holds no figures, and is the last one."""

    subject: str
    body: str
    file_name: str = ""
    file: str = ""
    question: windows.Question | None = None
    count: int = 0
    refusal: str = ""


def share(label: str, of: Callable[[Any], Any] = lambda row: row) -> Told:
    return Told(label, lambda row: _share(of(row)))


def _share(row: rows.Row) -> str:
    of = f"{rate(row.rate)} ({rows.number(row.num)} of {rows.number(row.den)})" if row.den else NOTHING
    left_out = sum(row.excluded.values())
    more = [f"{rows.number(row.immature)} too recent to count"] if row.immature else []
    more += [f"{rows.number(left_out)} left out"] if left_out else []
    more += [f"{rate(row.against.rate)} in the earlier period"] if row.against else []
    return "; ".join([of, *more])


def rate(value: float | None) -> str:
    return NOTHING if value is None else f"{value * 100:.1f}\u00a0%"


def count(label: str, name: str) -> Told:
    return Told(label, lambda row: NOTHING if getattr(row, name) is None else rows.number(getattr(row, name)))


def hours(label: str, name: str, otherwise: str = NOTHING) -> Told:
    return Told(label, lambda row: otherwise if getattr(row, name) is None else spoken(getattr(row, name)))


def mean(label: str, name: str) -> Told:
    def text(row: Any) -> str:
        value = getattr(row.effort, name)
        return NOTHING if value is None else f"{value:,.2f}"

    return Told(label, text)


def resolved_by(days: str) -> Told:
    return Told(f"Resolved by {days} d", lambda row: rate(row.resolved_by[days]))


# Each report by its name: its title, and its figures, the first of them that of a row.
TOLD: dict[str, tuple[str, tuple[Told, ...]]] = {
    "resolution": (
        "Resolution",
        (
            share("Resolved as it stood", lambda row: row.as_of_rate),
            share("Resolved 7 days after the first contact", lambda row: row.horizons["7"]),
            count("Still open", "open"),
            count("Ended otherwise", "ended_unresolved"),
            count("Reopened", "reopened"),
        ),
    ),
    "recontact": (
        "Re-contact",
        (
            share("Came back, any issue", lambda row: row.any_issue),
            share("Came back, same issue", lambda row: row.same_issue),
        ),
    ),
    "first-contact": (
        "First contact",
        (
            share("Solved at the first contact"),
            count("Came again", "came_again"),
            count("Not resolved", "not_resolved"),
            mean("Contacts a problem", "contacts"),
            mean("Told again", "retold"),
        ),
    ),
    "time-to-resolution": (
        "Time to resolution",
        (
            hours("Half were solved within", "median_hours", "not reached"),
            hours("Nine of ten within", "p90_hours", "not reached"),
            *(resolved_by(days) for days in ("1", "7", "30")),
            count("Still open", "open"),
            count("Ended otherwise", "ended_unresolved"),
        ),
    ),
    "promises": (
        "Promises",
        (
            share("Kept"),
            count("Tried in time", "tried_in_time"),
            count("Kept empty-handed", "empty_handed"),
            Told("Told", lambda row: rate(row.told_share)),
            hours("Median wait promised", "median_wait_hours"),
            hours("Median lateness", "median_late_hours"),
        ),
    ),
    "chase": (
        "Asked again",
        (
            share("Asked after before we came back"),
            count("More than once", "often"),
            count("Contacts spent on asking", "contacts"),
        ),
    ),
    "dead-ends": (
        "Dead ends",
        (
            share("Dead ends of all closings"),
            count("Replaced by a follow-up", "replaced"),
            count("Waived", "waived"),
            count("Orphans", "orphans"),
            count("Without a first step", "no_first_step"),
            share("Got something in her hands", lambda row: row.tangible),
        ),
    ),
    "silent": (
        "Silent",
        (
            share("Silent for 90 days"),
            count("To be contacted", "to_contact"),
            count("Held out", "held_out"),
            count("Not to be contacted", "not_to_contact"),
        ),
    ),
    "confirmed": (
        "Confirmed",
        (
            share("Confirmed by the customer, at least"),
            Told("Not refuted, at most", lambda row: rate(row.high)),
            count("Refuted", "refuted"),
            count("Claimed", "claimed"),
        ),
    ),
    "targets": ("Targets", (share("Met in time"), count("Missed", "missed"))),
    "workload": (
        "Workload",
        (
            count("Open", "open"),
            count("Overdue", "overdue"),
            count("Without a next step", "no_first_step"),
            count("Came in", "opened"),
            count("Ended", "ended"),
        ),
    ),
}
FILTERS = {
    "team": "team {}",
    "family": "family {}",
    "category": "category {}",
    "channel": "channel {}",
    "priority": "priority {}",
    "customer": "one customer",
}
AGAINST = {"before": "against the period before", "year": "against a year before"}
OF = {"unresolved": "after another end than a resolution", "all": "after any end"}
CUTS = {"site": "in-house or outsourced"}


def title(name: str) -> str:
    return TOLD[name][0] if name in TOLD else name


def said(row: Mailing) -> str:
    """The question in words, on one line: "Promises by team, only channel phone"."""
    asked = row.asked
    by = f" by {CUTS.get(asked['by'], asked['by'])}" if asked.get("by") else ""
    only = ", ".join(words.format(asked[name]) for name, words in FILTERS.items() if asked.get(name))
    days = f", watched for {asked['window_days']} days" if asked.get("window_days", "7") != "7" else ""
    of = f", {OF[asked['of']]}" if asked.get("of") in OF else ""
    against = f", {AGAINST[asked['against']]}" if asked.get("against") in AGAINST else ""
    words = f"{title(row.report)}{by}{of}{days}{against}{f', only {only}' if only else ''}"
    return " ".join(words.split())


def of(row: Mailing, *, now: datetime, due: datetime | None = None) -> Letter:
    """As it would leave at `now`; `due` is the instant at which it should have. Figures are of one look."""
    try:
        question = mailing.question(row, now=now)
    except Refused as refused:
        return _last(row, refused.message)
    with reading.whole():
        report = shares.report(catalogue.named(row.report), question)
    last_day = worktime.to_wall(question.end, settings.DESK_ZONE) - timedelta(days=1)
    file_name = f"{row.report}-{last_day:%Y-%m-%d}.csv"
    parts = [
        _period(row, question),
        _lateness(row, now, due),
        report.headline,
        "\n".join(_figures(report)),
        _cut(report, question),
        f"The very page, with the rows behind each figure:\n{_page(row, now)}",
        f"{file_name} holds the same figures.",
        _foot(row),
    ]
    body = "\n\n".join(part for part in parts if part) + "\n"
    subject = f"{said(row)}: {_days(question)}"[:300]
    return Letter(subject, body, file_name, tables.text(report), question, len(report.rows) + 1)


def _last(row: Mailing, why: str) -> Letter:
    body = f"This report is not sent any more. {why}\n\nNothing of it was counted. Ask it anew, or delete it:\n{_own(row)}\n"
    return Letter(f"Not sent any more: {said(row)}"[:300], body, refusal=why)


def _period(row: Mailing, question: windows.Question) -> str:
    zone = settings.DESK_ZONE
    own = "Your own numbers, " if question.scope.agent_id is not None else ""
    stood = worktime.to_wall(question.as_of, zone)
    words = f"{own}{Period(row.period).label}: {_days(question)}, as it stood {_day(stood)} {stood:%H:%M}"
    return f"{words[0].upper()}{words[1:]} ({zone.replace('_', ' ')})."


def _days(question: windows.Question) -> str:
    zone = settings.DESK_ZONE
    first, last = worktime.to_wall(question.start, zone), worktime.to_wall(question.end, zone) - timedelta(days=1)
    return f"{_day(first)} to {_day(last)}"


def _day(wall: datetime) -> str:
    return f"{wall:%a} {wall.day} {wall:%b %Y}"


def _lateness(row: Mailing, now: datetime, due: datetime | None) -> str:
    if due is None or now - due < LATE:
        return ""
    wall = worktime.to_wall(due, row.zone)
    return f"This letter is late: it was due {_day(wall)} {wall:%H:%M}. Its figures are of when it left."


def _figures(report: rows.Report) -> Iterator[str]:
    return (f"{told.label}: {told.text(report.total)}" for told in TOLD[report.name][1])


def _cut(report: rows.Report, question: windows.Question) -> str:
    """The first figure of each row; those too few to be compared with others stand last."""
    if not question.by or not report.rows:
        return ""
    told, lines, few = TOLD[report.name][1][0], [], False
    for row in report.rows[:LINES]:
        if shares.is_few(report.name, question, row) and not few:
            few = True
            lines.append("Too few to compare, under 30:")
        lines.append(f"- {label(question, row.key)}: {told.text(row)}")
    more = [f"And {len(report.rows) - LINES} more in the file."] if len(report.rows) > LINES else []
    return "\n".join([f"{told.label}, by {CUTS.get(question.by, question.by)}:", *lines, *more])


def label(question: windows.Question, key: str) -> str:
    words = dict(TeamKind.choices).get(key, key) if question.by == "site" else key
    return str(words) or "none"


def _page(row: Mailing, now: datetime) -> str:
    return f"{settings.SITE_URL}/reports/{row.report}?{urlencode(mailing.words(row, now=now), safe=':')}"


def _own(row: Mailing) -> str:
    return f"{settings.SITE_URL}/mailings/{row.pk}" if row.pk else f"{settings.SITE_URL}/mailings"


def _foot(row: Mailing) -> str:
    return f"You get this {rhythms.spoken(row)}. Change, pause or delete it:\n{_own(row)}"


def left(row: Delivery, sent: Letter, *, now: datetime) -> None:
    """What follows once it has left: it is written down who has the figures, or that it was the last."""
    if row.mailing is None:
        return
    if sent.question is None:
        mailing.stop(mailing=row.mailing, why=sent.refusal, now=now)
        return
    exporting.record(
        way=Way.MAIL,
        report=row.mailing.report,
        question=sent.question,
        words=row.mailing.asked,
        count=sent.count,
        by=Actor(door="clock", agent=row.agent),
        now=now,
    )
