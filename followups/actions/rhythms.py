"""When a mailing falls due, and over which days it looks: arithmetic on wall times, no clock and no rows.

The hour is a wall time of the mailing's zone: one that does not exist means the first instant after it, one that comes
twice the first. The days looked at are whole ones of the desk's zone, as in every report.
"""

import calendar as months
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.conf import settings

from followups import worktime
from followups.models import Mailing, Period, Rhythm

SEARCHED = 62  # days: two months hold one of each
DAYS = {Period.DAYS_7: 7, Period.DAYS_30: 30, Period.DAYS_90: 90}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = time(0)


def falls_on(mailing: Mailing, day: date, calendar: worktime.Calendar) -> bool:
    """Whether it is due on a local date; `calendar` is that of whoever receives it."""
    if mailing.rhythm == Rhythm.WORKING_DAY:
        return worktime.is_working_day(day, calendar)
    if mailing.rhythm == Rhythm.WEEK:
        return day.weekday() == mailing.weekday
    return day.day == min(mailing.day, months.monthrange(day.year, day.month)[1])


def latest(mailing: Mailing, calendar: worktime.Calendar, *, now: datetime) -> datetime | None:
    """The last instant at or before `now` at which it fell due and that is not settled; those before it are left out."""
    found = (at for at in _around(mailing, calendar, now, range(SEARCHED)) if at <= now)
    at = next(found, None)
    return at if at is not None and at > mailing.settled_at else None


def following(mailing: Mailing, calendar: worktime.Calendar, *, now: datetime) -> datetime | None:
    """The first instant after `now` at which it falls due; None where two months hold no working day."""
    found = _around(mailing, calendar, now, range(0, -SEARCHED, -1))
    return next((at for at in found if at > now), None)


def _around(mailing: Mailing, calendar: worktime.Calendar, now: datetime, back: Iterable[int]) -> Iterable[datetime]:
    """The instants on the local days so many days back from the day of `now`."""
    today = worktime.to_wall(now, mailing.zone).date()
    days = (today - timedelta(days=n) for n in back)
    return (
        worktime.to_instant(datetime.combine(day, mailing.at), mailing.zone)
        for day in days
        if falls_on(mailing, day, calendar)
    )


def span(period: str, *, now: datetime) -> tuple[datetime, datetime]:
    """`[start, end)` of the whole days, the week or the month of the desk's zone that are over at `now`."""
    zone = settings.DESK_ZONE
    start, end = _days(period, worktime.to_wall(now, zone).date())
    first, last = (worktime.to_instant(datetime.combine(day, MIDNIGHT), zone) for day in (start, end))
    return first, last


def _days(period: str, today: date) -> tuple[date, date]:
    if period == Period.WEEK:
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday
    if period == Period.MONTH:
        first = today.replace(day=1)
        return (first - timedelta(days=1)).replace(day=1), first
    return today - timedelta(days=DAYS[Period(period)]), today


def spoken(mailing: Mailing) -> str:
    """Like "each week on Monday at 08:00 (Europe/Berlin)"."""
    on = {
        Rhythm.WORKING_DAY: "each working day",
        Rhythm.WEEK: f"each week on {WEEKDAYS[mailing.weekday]}",
        Rhythm.MONTH: "on the last day of each month" if mailing.day == 31 else f"each month on day {mailing.day}",
    }
    return f"{on[Rhythm(mailing.rhythm)]} at {mailing.at:%H:%M} ({mailing.zone.replace('_', ' ')})"
