"""Working time against worked examples and against an oracle that counts minutes."""

from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from followups import worktime
from followups.worktime import Calendar, ContactWindow

NEW_YORK = "America/New_York"
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OFFICE = dict.fromkeys(range(5), ((time(9), time(17)),))
NIGHT = dict.fromkeys(range(7), ((time(22), time(6)),))
DESK = Calendar(zone=NEW_YORK, periods=OFFICE)
THANKSGIVING = Calendar(zone=NEW_YORK, periods=OFFICE, closed=frozenset({date(2026, 11, 26)}))
ZONES = [
    "UTC",
    "America/New_York",
    "America/Santiago",
    "America/Havana",
    "Europe/Berlin",
    "Europe/London",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
]


def at(zone, *wall):
    return worktime.to_instant(datetime(*wall), zone)


def ny(*wall):
    return at(NEW_YORK, *wall)


# Wall times and instants


def test_to_instant_where_the_wall_time_exists_once():
    assert ny(2026, 7, 1, 9) == datetime(2026, 7, 1, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        (NEW_YORK, datetime(2026, 3, 8, 2), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 2, 30), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 2, 59, 59, 999999), datetime(2026, 3, 8, 7, tzinfo=UTC)),
        (
            "Australia/Lord_Howe",
            datetime(2026, 10, 4, 2, 10),
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
        ),
        ("Pacific/Apia", datetime(2011, 12, 30, 12), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_to_instant_where_the_wall_time_does_not_exist_is_the_first_valid_one_after(zone, wall, instant):
    assert worktime.to_instant(wall, zone) == instant


def test_to_instant_where_the_wall_time_is_ambiguous_is_the_first():
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert ny(2026, 11, 1, 1, 30) == first
    assert worktime.to_instant(datetime(2026, 11, 1, 1, 30, fold=1), NEW_YORK) == first


def test_to_wall_is_naive_and_local():
    assert worktime.to_wall(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), NEW_YORK) == datetime(2026, 11, 1, 1, 30)


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="offset"):
        worktime.to_wall(datetime(2026, 1, 1), "UTC")


def test_a_wall_time_with_an_offset_is_refused():
    with pytest.raises(ValueError, match="no offset"):
        worktime.to_instant(datetime(2026, 1, 1, tzinfo=UTC), "UTC")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", True),
        ("UTC", True),
        ("Mars/Base", False),
        ("", False),
        ("../etc/passwd", False),
        ("A\0B", False),
    ],
)
def test_is_zone(name, known):
    assert worktime.is_zone(name) is known


# Worked examples


def test_working_between_over_a_weekend_with_a_clock_change():
    start, end = ny(2026, 3, 6, 16), ny(2026, 3, 9, 10)
    assert worktime.working_between(start, end, DESK) == 2 * HOUR
    assert end - start == 65 * HOUR


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 7), (date(2026, 11, 1), 9), (date(2026, 6, 7), 8)])
def test_a_night_shift_has_the_hours_of_its_zone(day, hours):
    shift = Calendar(zone=NEW_YORK, periods={6: ((time(0), time(8)),)})
    start = worktime.to_instant(datetime.combine(day, time(0)), NEW_YORK)
    assert worktime.working_between(start, start + 30 * HOUR, shift) == hours * HOUR


def test_working_between_leaves_out_a_closed_day():
    assert worktime.working_between(ny(2026, 11, 25, 16), ny(2026, 11, 27, 10), THANKSGIVING) == 2 * HOUR


def test_a_target_of_eight_hours_falls_due_on_the_next_day():
    assert worktime.add_working(ny(2026, 11, 24, 15), 8 * HOUR, THANKSGIVING) == ny(2026, 11, 25, 15)


def test_a_paused_target_goes_on_with_what_is_left():
    used = worktime.working_between(ny(2026, 11, 24, 15), ny(2026, 11, 24, 16, 30), THANKSGIVING)
    due = worktime.add_working(ny(2026, 11, 27, 11), 8 * HOUR - used, THANKSGIVING)
    assert due == ny(2026, 11, 30, 9, 30)


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        (NEW_YORK, ny(2026, 11, 21, 19, 59), ny(2026, 11, 21, 19, 59)),
        (NEW_YORK, ny(2026, 11, 21, 20), datetime(2026, 11, 23, 14, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 9, 13, tzinfo=UTC)),
        (
            "Europe/London",
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            datetime(2026, 10, 26, 9, tzinfo=UTC),
        ),
    ],
)
def test_next_contactable(zone, instant, expected):
    window = ContactWindow(zone=zone)
    assert worktime.next_contactable(instant, window) == expected
    assert worktime.inside(instant, window) is (instant == expected)
    assert worktime.inside(expected, window)


def test_a_contact_window_over_midnight():
    window = ContactWindow(zone="UTC", start=time(22), end=time(2), days=frozenset({0}))
    assert worktime.inside(at("UTC", 2026, 11, 24, 1, 59), window)
    assert not worktime.inside(at("UTC", 2026, 11, 24, 2), window)


def test_a_contact_window_without_days_is_never_open():
    window = ContactWindow(zone="UTC", days=frozenset())
    assert not worktime.inside(at("UTC", 2026, 11, 24, 12), window)
    with pytest.raises(worktime.NoWorkingTime):
        worktime.next_contactable(at("UTC", 2026, 11, 24, 12), window)


# Edges


def test_working_between_counts_overlapping_periods_once():
    calendar = Calendar(
        zone="UTC",
        periods={
            0: ((time(9), time(13)), (time(12), time(17)), (time(22), time(6))),
            1: ((time(5), time(7)),),
        },
    )
    assert worktime.working_between(at("UTC", 2026, 6, 1), at("UTC", 2026, 6, 3), calendar) == 17 * HOUR


def test_working_between_starts_inside_the_night_of_the_day_before():
    calendar = Calendar(zone="UTC", periods=NIGHT)
    assert worktime.working_between(at("UTC", 2026, 6, 2, 4), at("UTC", 2026, 6, 2, 23), calendar) == 3 * HOUR


def test_working_between_where_the_end_comes_first_is_nothing():
    assert worktime.working_between(ny(2026, 6, 3, 12), ny(2026, 6, 1, 12), DESK) == timedelta()


def test_a_whole_day_runs_from_midnight_to_midnight():
    always = Calendar(zone=NEW_YORK, periods=dict.fromkeys(range(7), ((time(0), time(0)),)))
    assert worktime.working_between(ny(2026, 3, 8), ny(2026, 3, 9), always) == 23 * HOUR
    assert worktime.next_working_instant(ny(2026, 3, 8, 5), always) == ny(2026, 3, 8, 5)


def test_a_half_day_replaces_the_periods_and_a_closed_day_wins_over_it():
    eve = date(2026, 12, 24)
    half = {eve: ((time(9), time(12)),)}
    day = at("UTC", 2026, 12, 24), at("UTC", 2026, 12, 25)
    open_eve = Calendar(zone="UTC", periods=OFFICE, half=half)
    shut_eve = Calendar(zone="UTC", periods=OFFICE, half=half, closed=frozenset({eve}))
    assert worktime.working_between(*day, open_eve) == 3 * HOUR
    assert worktime.working_between(*day, shut_eve) == timedelta()


def test_add_working_ends_at_the_close_of_a_period_rather_than_at_the_next_opening():
    assert worktime.add_working(ny(2026, 6, 5, 16), HOUR, DESK) == ny(2026, 6, 5, 17)


def test_add_working_of_nothing_is_the_start():
    assert worktime.add_working(ny(2026, 6, 6, 3), timedelta(), DESK) == ny(2026, 6, 6, 3)


def test_add_working_never_goes_back():
    with pytest.raises(ValueError, match="never taken away"):
        worktime.add_working(ny(2026, 6, 6, 3), -MINUTE, DESK)


def test_next_working_instant_at_the_edges_of_a_period():
    assert worktime.next_working_instant(ny(2026, 6, 5, 9), DESK) == ny(2026, 6, 5, 9)
    assert worktime.next_working_instant(ny(2026, 6, 5, 17), DESK) == ny(2026, 6, 8, 9)


def test_instants_come_back_in_utc():
    start = datetime(2026, 6, 5, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    for instant in (
        worktime.add_working(start, timedelta(), DESK),
        worktime.add_working(start, HOUR, DESK),
        worktime.next_working_instant(start, DESK),
        worktime.add_working_days(start, 1, DESK),
    ):
        assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, (2026, 11, 24)), (1, (2026, 11, 25)), (2, (2026, 11, 27)), (3, (2026, 11, 30))],
)
def test_add_working_days_keeps_the_hour_on_the_wall(days, expected):
    start = ny(2026, 11, 24, 18, 45)
    assert worktime.add_working_days(start, days, THANKSGIVING) == ny(*expected, 18, 45)


def test_add_working_days_over_a_clock_change_keeps_the_hour_on_the_wall():
    assert worktime.add_working_days(ny(2026, 3, 6, 16), 1, DESK) == ny(2026, 3, 9, 16)


def test_add_working_days_counts_forward_only():
    with pytest.raises(ValueError, match="forward"):
        worktime.add_working_days(ny(2026, 3, 6, 16), -1, DESK)


@pytest.mark.parametrize(
    "ask",
    [
        lambda empty: worktime.add_working(ny(2026, 1, 1), HOUR, empty),
        lambda empty: worktime.next_working_instant(ny(2026, 1, 1), empty),
        lambda empty: worktime.add_working_days(ny(2026, 1, 1), 1, empty),
    ],
)
def test_a_calendar_without_working_time_is_a_clear_error(ask):
    with pytest.raises(worktime.NoWorkingTime, match="ten years"):
        ask(Calendar(zone="UTC", periods={}))


def test_five_years_are_counted_in_under_a_fifth_of_a_second():
    began = process_time()
    total = worktime.working_between(ny(2026, 1, 1), ny(2031, 1, 1), DESK)
    assert process_time() - began < 0.2
    assert total == 1304 * 8 * HOUR
    assert worktime.add_working(ny(2026, 1, 1), total, DESK) == ny(2030, 12, 31, 17)


# The oracle: it reads the clock of the zone minute by minute and never converts a wall time


def changes(zone):
    """Days of 2026 and 2027 on which the zone's offset changes, or New Year where none does."""
    where, days = ZoneInfo(zone), []
    for number in range(730):
        day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        if day.astimezone(where).utcoffset() != (day + timedelta(days=1)).astimezone(where).utcoffset():
            days.append(day)
    return days or [datetime(2027, 1, 1, tzinfo=UTC)]


CHANGES = {zone: changes(zone) for zone in ZONES}


def working_minutes(calendar, first, minutes):
    """The set of minutes after `first` that are worked, by looking at the wall."""
    where = ZoneInfo(calendar.zone)
    walls = [(first + number * MINUTE).astimezone(where).replace(tzinfo=None) for number in range(minutes)]

    def shown(wall):
        return next((number for number, now in enumerate(walls) if now >= wall), minutes)

    worked = set()
    for day in sorted({wall.date() for wall in walls}):
        for start, end in worktime.periods_on(day, calendar):
            last = day if end > start else day + timedelta(days=1)
            worked.update(range(shown(datetime.combine(day, start)), shown(datetime.combine(last, end))))
    return worked


quarter = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
period = st.tuples(quarter, quarter)
some_periods = st.lists(period, max_size=3).map(tuple)


@st.composite
def cases(draw):
    zone = draw(st.sampled_from(ZONES))
    day = draw(st.sampled_from(CHANGES[zone]))
    calendar = Calendar(
        zone=zone,
        periods=draw(st.dictionaries(st.integers(0, 6), some_periods)),
        closed=frozenset(draw(st.lists(st.just(day.date()), max_size=1))),
        half=draw(st.dictionaries(st.just(day.date() + timedelta(days=1)), some_periods)),
    )
    start = day + draw(st.integers(-1440, 1440)) * MINUTE
    return calendar, start, draw(st.integers(0, 4000))


@settings(deadline=None, max_examples=80)
@given(cases())
@example((Calendar(zone=NEW_YORK, periods=NIGHT), datetime(2026, 11, 1, tzinfo=UTC), 2000))
@example((Calendar(zone="America/Santiago", periods=NIGHT), datetime(2026, 9, 6, tzinfo=UTC), 2000))
def test_working_time_equals_the_count_of_minutes(case):
    calendar, start, length = case
    margin = 3 * 1440
    worked = working_minutes(calendar, start - margin * MINUTE, 2 * margin + length)
    after = sorted(minute - margin for minute in worked if minute >= margin)
    counted = sum(minute < length for minute in after)
    assert worktime.working_between(start, start + length * MINUTE, calendar) == counted * MINUTE
    if counted:
        assert worktime.next_working_instant(start, calendar) == start + after[0] * MINUTE
        assert worktime.add_working(start, counted * MINUTE, calendar) == start + (after[counted - 1] + 1) * MINUTE


@settings(deadline=None, max_examples=60)
@given(cases(), st.integers(1, 6000))
def test_working_time_adds_up_over_a_cut_and_turns_back(case, length):
    calendar, start, cut = case
    middle, end = start + cut * MINUTE, start + (cut + length) * MINUTE
    first = worktime.working_between(start, middle, calendar)
    whole = worktime.working_between(start, end, calendar)
    assert first + worktime.working_between(middle, end, calendar) == whole
    if whole:
        reached = worktime.add_working(start, whole, calendar)
        assert reached <= end
        assert worktime.working_between(start, reached, calendar) == whole


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.data())
def test_a_wall_time_is_the_first_instant_that_shows_it_or_later(zone, data):
    day = data.draw(st.sampled_from(CHANGES[zone]))
    wall = day.replace(tzinfo=None) + data.draw(st.integers(-1440, 2880)) * MINUTE
    where = ZoneInfo(zone)
    minutes = (day + number * MINUTE for number in range(-3000, 4500))
    first = next(m for m in minutes if m.astimezone(where).replace(tzinfo=None) >= wall)
    assert worktime.to_instant(wall, zone) == first
