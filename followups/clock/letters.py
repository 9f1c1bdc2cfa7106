"""What a report by mail says: asked just before it leaves, in the name of whoever receives it, with its file.

The headline is the report's own; below it stand the figures as the page names them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from followups import worktime
from followups.actions import exporting, mailing, rhythms
from followups.errors import Refused
from followups.models import Actor, Delivery, Mailing, Period, Way
from followups.reports import catalogue, reading, rows, shares, tables, windows, wording
from followups.reports.time_to_resolution import spoken, spoken_work

LATE = timedelta(minutes=5)
LINES = 30
CLOCK = Actor(door="clock")


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


def _share(row: rows.Row) -> str:
    of = f"{rate(row.rate)} ({rows.number(row.num)} of {rows.number(row.den)})" if row.den else wording.NOTHING
    left_out = sum(row.excluded.values())
    more = [f"{rows.number(row.immature)} too recent to count"] if row.immature else []
    more += [f"{rows.number(left_out)} left out"] if left_out else []
    more += [f"{rate(row.against.rate)} in the earlier period"] if row.against else []
    return "; ".join([of, *more])


def rate(value: float | None) -> str:
    return wording.NOTHING if value is None else f"{value * 100:.1f}\u00a0%"


TEXT: dict[str, Callable[[Any], str]] = {
    wording.SHARE: _share,
    wording.COUNT: rows.number,
    wording.RATE: rate,
    wording.MEAN: lambda value: f"{value:,.2f}",
    wording.HOURS: spoken,
    wording.WORKED: spoken_work,
}


def text(figure: wording.Figure, row: Any) -> str:
    found = figure.of(row)
    return wording.missing(figure, row) if found is None else TEXT[figure.kind](found)


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
    return wording.TITLES.get(name, name)


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
    return (f"{it.label}: {text(it, report.total)}" for it in wording.figures(report.name, report.total))


def _cut(report: rows.Report, question: windows.Question) -> str:
    """The first figure of each row; those too few to be compared with others stand last."""
    if not question.by or not report.rows:
        return ""
    first, lines, few = wording.FIGURES[report.name][0], [], False
    for row in report.rows[:LINES]:
        if shares.is_few(report.name, question, row) and not few:
            few = True
            lines.append("Too few to compare, under 30:")
        lines.append(f"- {wording.label(question, row.key)}: {text(first, row)}")
    more = [f"And {len(report.rows) - LINES} more in the file."] if len(report.rows) > LINES else []
    return "\n".join([f"{first.label}, by {CUTS.get(question.by, question.by)}:", *lines, *more])


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
