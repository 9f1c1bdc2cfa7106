"""Working time around every clock change of 2026 and 2027, against an oracle that looks at the wall minute by minute.

By default a seeded sample of the zones of the IANA database; all of them with --full.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from time import process_time
from zoneinfo import ZoneInfo, available_timezones

import pytest

from followups import worktime
from followups.worktime import Calendar, ContactWindow

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SAMPLED = 12
SEED = 2026
BEFORE, AFTER = 4, 5  # days around a change
LUNCH = ((time(9), time(12, 30)), (time(13, 30), time(17)))
NIGHT = ((time(22), time(6)),)
EARLY = ((time(0), time(2, 30)), (time(3), time(8)))
WEEKS = {
    "office": dict.fromkeys(range(5), LUNCH),
    "night": dict.fromkeys(range(7), NIGHT),
    "early": dict.fromkeys(range(7), EARLY),
    "always": dict.fromkeys(range(7), ((time(0), time(0)),)),
}


@cache
def zones():
    return sorted(name for name in available_timezones() if name not in ("localtime", "Factory"))


def changes(zone):
    where, day, found = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC), []
    while day < datetime(2028, 1, 1, tzinfo=UTC):
        if day.astimezone(where).utcoffset() != (day + DAY).astimezone(where).utcoffset():
            found.append(day)
        day += DAY
    return found or [datetime(2027, 1, 1, tzinfo=UTC)]


def sample():
    """Gaps and folds of an hour, of half an hour, at midnight, over the new year; else by the seed."""
    known = [
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "America/Havana",
        "Asia/Kolkata",
        "Pacific/Apia",
    ]
    return known + Random(SEED).sample(zones(), SAMPLED)


class Wall:
    """What the clock of a zone shows, minute by minute, around a day: the oracle converts no wall time."""

    def __init__(self, zone, day):
        where = ZoneInfo(zone)
        self.first = day - BEFORE * DAY
        self.length = (BEFORE + AFTER) * 1440
        self.shown = [(self.first + n * MINUTE).astimezone(where).replace(tzinfo=None) for n in range(self.length)]
        self.reached = []
        for shown in self.shown:  # a wall time is first reached when the clock first shows it or a later one
            self.reached.append(max(shown, self.reached[-1]) if self.reached else shown)
        self.dates = sorted({shown.date() for shown in self.shown})

    def minute(self, wall):
        return bisect_left(self.reached, wall)

    def at(self, minute):
        return self.first + minute * MINUTE

    def worked(self, calendar):
        """Minutes on which somebody works, in order."""
        found = set()
        for day in self.dates:
            for start, end in naive_periods(day, calendar):
                last = day if end > start else day + DAY
                found.update(range(self.minute(datetime.combine(day, start)), self.minute(datetime.combine(last, end))))
        return sorted(found)


def naive_periods(day, calendar):
    if day in calendar.closed:
        return ()
    return calendar.half.get(day) or calendar.periods.get(day.weekday(), ())


def calendars(zone, day):
    shut, half = day.date() + 2 * DAY, {day.date() + DAY: ((time(10), time(11, 45)),)}
    for name, week in WEEKS.items():
        special = {"closed": frozenset([shut]), "half": half} if name in ("office", "early") else {}
        yield Calendar(zone=zone, periods=week, **special)


def check(zone, day, dice):
    wall = Wall(zone, day)
    for calendar in calendars(zone, day):
        worked = wall.worked(calendar)
        for _ in range(6):
            check_times(wall, calendar, worked, dice.randrange(1440, wall.length - 4 * 1440), dice)
        check_days(wall, calendar, dice)
    check_window(wall, zone, dice)


def check_times(wall, calendar, worked, start, dice):
    end = start + dice.randrange(2 * 1440)
    first, last = bisect_left(worked, start), bisect_left(worked, end)
    told = (calendar.zone, wall.at(start), calendar.periods.get(0))
    assert worktime.working_between(wall.at(start), wall.at(end), calendar) == (last - first) * MINUTE, told
    if first < len(worked):
        assert worktime.next_working_instant(wall.at(start), calendar) == wall.at(worked[first]), told
    amount = dice.randrange(1, 600)
    if first + amount <= len(worked) and worked[first + amount - 1] < wall.length - 2 * 1440:
        reached = worktime.add_working(wall.at(start), amount * MINUTE, calendar)
        assert reached == wall.at(worked[first + amount - 1] + 1), told


def check_days(wall, calendar, dice):
    day, wished = dice.choice(wall.dates[1:3]), dice.randrange(1, 4)
    naive, left = day, wished
    while left:
        naive += DAY
        left -= bool(naive_periods(naive, calendar))
    assert worktime.nth_working_day(day, wished, calendar) == naive
    if naive in wall.dates[:-1]:
        hour = time(dice.randrange(24), dice.choice([0, 15, 30, 45]))
        start = worktime.to_instant(datetime.combine(day, hour), calendar.zone)
        hour = worktime.to_wall(start, calendar.zone).time()
        moved = worktime.add_working_days(start, wished, calendar)
        local = worktime.to_wall(start, calendar.zone).date()
        if local == day:
            assert moved == wall.at(wall.minute(datetime.combine(naive, hour)))


def check_window(wall, zone, dice):
    """A call may be made where the clock shows an hour of the window on one of its days."""
    window = ContactWindow(zone=zone, start=time(9), end=time(20))
    open_now = [n for n, at in enumerate(wall.shown) if at.weekday() in window.days and 9 <= at.hour < 20]
    for _ in range(6):
        start = dice.randrange(1440, wall.length - 3 * 1440)
        opens = open_now[bisect_left(open_now, start)]
        assert worktime.inside(wall.at(start), window) is (opens == start)
        assert worktime.next_contactable(wall.at(start), window) == wall.at(opens), (zone, wall.at(start))


@pytest.mark.parametrize("zone", sample())
def test_working_time_around_the_changes_of_a_zone(zone):
    dice = Random(f"{SEED} {zone}")
    for day in changes(zone):
        check(zone, day, dice)


@pytest.mark.full
@pytest.mark.parametrize("part", range(20))
def test_working_time_around_every_change_of_every_zone(part):
    for zone in zones()[part::20]:
        dice = Random(f"{SEED} {zone}")
        for day in changes(zone):
            check(zone, day, dice)


def test_ten_thousand_additions_take_less_than_a_second():
    """Each follow-up asks for two; a calendar works the spans of a day out once."""
    calendar = Calendar(zone="America/New_York", periods=WEEKS["office"], closed=frozenset([date(2026, 11, 26)]))
    dice, year = Random(SEED), datetime(2026, 1, 1, tzinfo=UTC)
    starts = [year + dice.randrange(525_600) * MINUTE for _ in range(10_000)]
    began = process_time()
    for start in starts:
        worktime.add_working(start, timedelta(hours=2), calendar)
    assert process_time() - began < 1
    began = process_time()
    for start in starts:
        worktime.working_between(start, start + 3 * DAY, calendar)
    assert process_time() - began < 1
