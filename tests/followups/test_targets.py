"""Clocks of targets against worked examples and an oracle that counts minutes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from followups import targets, worktime
from followups.targets import Clock, Pause, State, Stop

NEW_YORK = "America/New_York"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE = dict.fromkeys(range(5), ((time(9), time(17)),))
DESK = worktime.Calendar(zone=NEW_YORK, periods=OFFICE, closed=frozenset({date(2026, 11, 26)}))


def ny(month, day, hour, minute=0, year=2026):
    return worktime.to_instant(datetime(year, month, day, hour, minute), NEW_YORK)


START = ny(11, 24, 15)
EIGHT = Clock(START, 8 * HOUR, DESK)
PAUSE = Pause(ny(11, 24, 16, 30), ny(11, 27, 11))
PAUSED = Clock(START, 8 * HOUR, DESK, pauses=(PAUSE,))


def stopped(clock, at, **fields):
    return Clock(**{**vars(clock), "stops": (*clock.stops, Stop(at, **fields))})


# E9


def test_eight_working_hours_end_on_the_next_day():
    assert targets.due(EIGHT) == ny(11, 25, 15)


def test_a_pause_moves_the_due_instant_over_the_holiday():
    assert targets.due(PAUSED) == ny(11, 30, 9, 30)


@pytest.mark.parametrize(
    ("at", "state", "used"),
    [
        (START, State.RUNNING, timedelta()),
        (ny(11, 24, 16), State.RUNNING, HOUR),
        (ny(11, 24, 16, 30), State.PAUSED, 1.5 * HOUR),
        (ny(11, 27, 10, 59), State.PAUSED, 1.5 * HOUR),
        (ny(11, 27, 11), State.RUNNING, 1.5 * HOUR),
        (ny(11, 30, 9, 29), State.RUNNING, 8 * HOUR - MINUTE),
        (ny(11, 30, 9, 30), State.BREACHED, 8 * HOUR),
        (ny(11, 30, 10), State.BREACHED, 8.5 * HOUR),
    ],
)
def test_the_clock_is_read_at_an_instant(at, state, used):
    reading = targets.read(PAUSED, at)
    assert (reading.state, reading.used, reading.left) == (state, used, 8 * HOUR - used)


def test_nobody_knew_of_the_pause_before_it_began():
    reading = targets.read(PAUSED, ny(11, 24, 16))
    assert reading.due_at == ny(11, 25, 15)


def test_a_pause_that_ended_early_gives_the_time_back_from_then_on():
    ended = Clock(START, 8 * HOUR, DESK, pauses=(Pause(PAUSE.from_at, PAUSE.until_at, ended_at=ny(11, 25, 10)),))
    assert targets.read(ended, ny(11, 25, 9, 59)).due_at == ny(11, 30, 9, 30)
    assert targets.read(ended, ny(11, 25, 10)).due_at == ny(11, 25, 16, 30)


def test_a_pause_ends_by_itself_at_its_promised_end():
    late = Pause(PAUSE.from_at, PAUSE.until_at, ended_at=PAUSE.until_at + 40 * HOUR)
    assert late.end == PAUSE.until_at


def test_waiting_for_a_third_party_does_not_pause_her_clock():
    clock = Clock(START, 8 * HOUR, DESK, pauses=(Pause(PAUSE.from_at, PAUSE.until_at, reason="third_party"),))
    assert targets.read(clock, ny(11, 25, 9)) == targets.read(EIGHT, ny(11, 25, 9))


def test_the_next_update_never_pauses():
    clock = Clock(START, 8 * HOUR, DESK, pauses=(PAUSE,), pausable=False)
    assert targets.due(clock) == ny(11, 25, 15)


def test_pauses_that_overlap_count_once():
    twice = Clock(START, 8 * HOUR, DESK, pauses=(PAUSE, Pause(ny(11, 25, 9), ny(11, 25, 12)), PAUSE))
    assert targets.due(twice) == ny(11, 30, 9, 30)


@pytest.mark.parametrize(
    ("late_by", "state"),
    [(-MINUTE, State.MET), (timedelta(), State.MET), (timedelta(microseconds=1), State.BREACHED)],
)
def test_a_stop_at_the_due_instant_is_in_time(late_by, state):
    due = ny(11, 25, 15)
    assert targets.read(stopped(EIGHT, due + late_by), due + 24 * HOUR).state == state


def test_a_pause_after_the_stop_moves_nothing():
    clock = stopped(EIGHT, ny(11, 25, 14))
    later = Clock(**{**vars(clock), "pauses": (Pause(ny(11, 25, 14, 30), ny(11, 27, 9)),)})
    assert targets.read(later, ny(12, 1, 9)) == targets.read(clock, ny(12, 1, 9))


def test_what_is_called_off_is_neither_met_nor_breached():
    assert targets.read(stopped(EIGHT, ny(11, 24, 16), done=False), ny(12, 1, 9)).state == State.CALLED_OFF


def test_called_off_too_late_stays_breached():
    assert targets.read(stopped(EIGHT, ny(11, 25, 16), done=False), ny(12, 1, 9)).state == State.BREACHED


def test_time_used_is_kept_when_a_stop_is_taken_back():
    again = stopped(EIGHT, ny(11, 24, 16), resumed_at=ny(12, 1, 9))
    assert targets.read(again, ny(11, 30, 9)).state == State.MET
    reading = targets.read(again, ny(12, 1, 10))
    assert (reading.state, reading.used, reading.due_at) == (State.RUNNING, 2 * HOUR, ny(12, 1, 16))


def test_what_was_undone_at_its_own_instant_never_stopped():
    undone = stopped(EIGHT, ny(11, 24, 16), resumed_at=ny(11, 24, 16))
    assert targets.read(undone, ny(11, 25, 10)) == targets.read(EIGHT, ny(11, 25, 10))


def test_without_a_calendar_all_time_counts():
    assert targets.due(Clock(START, 8 * HOUR)) == START + 8 * HOUR
    assert targets.due(Clock(START, 8 * HOUR, pauses=(PAUSE,))) == PAUSE.until_at + 6.5 * HOUR


def test_a_term_in_days_is_moved_by_nothing():
    clock = Clock(START, timedelta(), DESK, pauses=(PAUSE,), fixed_at=ny(12, 24, 0))
    reading = targets.read(clock, ny(12, 23, 0))
    assert (reading.due_at, reading.left, reading.state) == (ny(12, 24, 0), 24 * HOUR, State.RUNNING)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 5, 4), 24, date(2028, 5, 4)),
    ],
)
def test_months_are_those_of_the_calendar(day, months, later):
    assert targets.add_months(day, months) == later


def test_terms_end_with_their_last_local_day():
    complaint = ny(1, 30, 23, 30)  # the 31st in UTC
    assert targets.end_of_months(complaint, 1, DESK) == ny(3, 1, 0)
    assert targets.end_of_days(complaint, 56, DESK) == ny(3, 28, 0)
    assert targets.end_of_working_days(ny(11, 24, 15), 3, DESK) == ny(12, 1, 0)


# The oracle: minute by minute


def minutes(start, until):
    at = start
    while at < until:
        yield at
        at += MINUTE


def runs(clock, minute):
    if clock.calendar and not worktime.working_between(minute, minute + MINUTE, clock.calendar):
        return False
    stopped_at = min((stop.at for stop in clock.stops if stop.resumed_at is None), default=None)
    asked = [p for p in clock.pauses if p.reason == "customer" and (stopped_at is None or p.from_at < stopped_at)]
    if clock.pausable and any(p.from_at <= minute < p.end for p in asked):
        return False
    return not any(stop.resumed_at and stop.at <= minute < stop.resumed_at for stop in clock.stops)


def naive(clock, at):
    """Due instant and time used, by counting the minutes in which the clock runs."""
    left, due, spent = clock.amount, None, timedelta()
    end = min([at] + [stop.at for stop in clock.stops if stop.resumed_at is None])
    for minute in minutes(clock.started_at, clock.started_at + timedelta(days=30)):
        if runs(clock, minute):
            left -= MINUTE
            spent += MINUTE if minute < end else timedelta()
            if left <= timedelta() and due is None:
                due = minute + MINUTE
        if due and minute >= end:
            break
    return due, spent


@st.composite
def clocks(draw):
    zone = draw(st.sampled_from(["UTC", NEW_YORK, "Europe/London", "Asia/Kolkata"]))
    around = draw(st.sampled_from([datetime(2026, 3, 6), datetime(2026, 10, 23), datetime(2026, 11, 24)]))
    start = around.replace(tzinfo=UTC) + draw(st.integers(0, 40)) * 15 * MINUTE
    calendar = worktime.Calendar(
        zone=zone, periods={day: ((time(9), time(13)), (time(14), time(18))) for day in range(6)}
    )
    instants = st.integers(-20, 96).map(lambda n: start + n * 30 * MINUTE)
    spans = st.tuples(instants, st.integers(0, 40)).map(lambda pair: (pair[0], pair[0] + pair[1] * 30 * MINUTE))
    pauses = st.builds(
        lambda span, early, reason: Pause(
            *span, ended_at=span[0] + early * 30 * MINUTE if early else None, reason=reason
        ),
        spans,
        st.integers(0, 12),
        st.sampled_from(["customer", "customer", "third_party"]),
    )
    return Clock(
        started_at=start,
        amount=draw(st.integers(1, 40)) * 30 * MINUTE,
        calendar=draw(st.sampled_from([calendar, None])),
        pauses=tuple(draw(st.lists(pauses, max_size=3))),
        stops=tuple(Stop(max(start, first), max(start, last)) for first, last in draw(st.lists(spans, max_size=1))),
        pausable=draw(st.booleans()),
    )


def agrees(clock, hours):
    at = clock.started_at + hours * HOUR
    known = targets.as_known(clock, at)
    due, spent = naive(known, at)
    reading = targets.read(clock, at)
    assert (reading.due_at, reading.used) == (due, spent)
    assert reading.left == clock.amount - spent
    if reading.stopped_at is None:
        assert (reading.state == State.BREACHED) == (due <= at) == (spent >= clock.amount)


@settings(max_examples=15, deadline=None)
@given(clocks(), st.integers(0, 72))
def test_it_agrees_with_counting_minutes(clock, hours):
    agrees(clock, hours)


@pytest.mark.full
@settings(max_examples=1500, deadline=None)
@given(clocks(), st.integers(0, 72))
def test_it_agrees_with_counting_minutes_many_times(clock, hours):
    agrees(clock, hours)


@settings(max_examples=60, deadline=None)
@given(clocks(), st.integers(0, 72), st.integers(1, 72))
def test_what_comes_later_changes_nothing(clock, hours, later):
    at = clock.started_at + hours * HOUR
    after = Pause(at + later * HOUR, at + (later + 5) * HOUR)
    more = Clock(**{**vars(clock), "pauses": (*clock.pauses, after), "stops": (*clock.stops, Stop(at + later * HOUR))})
    assert targets.read(more, at) == targets.read(clock, at)
