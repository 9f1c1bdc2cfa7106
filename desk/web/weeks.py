"""Weeks and months as the reports name them: `2026-W10`, `2026-03`, in the desk's zone."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from followups.reports import windows

WEEK = timedelta(days=7)
# Beyond about a year points by week stand too close to be read or touched.
MOST_BY_WEEK = timedelta(days=420)


def pace(question: windows.Question) -> str:
    """Week or month: as asked, else what the length of the period bears."""
    if question.by in windows.TIMES:
        return str(question.by)
    return "week" if question.end - question.start <= MOST_BY_WEEK else "month"


def key_of(instant: datetime, by: str, zone: str) -> str:
    day = instant.astimezone(ZoneInfo(zone)).date()
    return f"{day:%G-W%V}" if by == "week" else f"{day:%Y-%m}"


def first_day(key: str) -> date:
    year, _, rest = key.partition("-")
    return date.fromisocalendar(int(year), int(rest[1:]), 1) if rest[0] == "W" else date(int(year), int(rest), 1)


def following(key: str) -> str:
    later = first_day(key) + (WEEK if "W" in key else timedelta(days=31))
    return f"{later:%G-W%V}" if "W" in key else f"{later:%Y-%m}"


def all_between(keys: Iterable[str]) -> list[str]:
    """From the first to the last of them without a gap, so that equal distances are equal times."""
    known = sorted(keys)
    found = known[:1]
    while found and found[-1] < known[-1]:
        found.append(following(found[-1]))
    return found


def span(key: str, question: windows.Question) -> tuple[datetime, datetime]:
    """The part of the period that lies in it."""
    zone = ZoneInfo(question.zone)
    starts, ends = (windows.midnight(first_day(each), zone) for each in (key, following(key)))
    return max(starts, question.start), min(ends, question.end)


def tick(key: str) -> str:
    """As short as an axis wants it: the Monday of a week, a month with its year."""
    day = first_day(key)
    return f"{day.day} {day:%b}" if "W" in key else f"{day:%b} {day:%y}"
