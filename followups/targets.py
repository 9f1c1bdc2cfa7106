"""Targets: by when something is due, how much of the time is used, and how it stands. Pure, on instants.

A clock runs over working time where it has a calendar, else over all time. It rests in the pauses for which the desk
waits for the customer, and between a stop that was taken back and that taking back; waits for third parties do not pause
it. `due` is derived: the start, the amount, and what the clock rested. Whoever looks at an instant uses what was known
then: a pause, a stop or an end that came later changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from followups import worktime

CUSTOMER = "customer"
_ONE_DAY = timedelta(days=1)


class State(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CALLED_OFF = "called_off"


@dataclass(frozen=True)
class Pause:
    """Waiting in `[from_at, end)`: until `ended_at`, or by itself until the promised `until_at`."""

    from_at: datetime
    until_at: datetime
    ended_at: datetime | None = None
    reason: str = CUSTOMER

    @property
    def end(self) -> datetime:
        return min(self.ended_at, self.until_at) if self.ended_at else self.until_at


@dataclass(frozen=True)
class Stop:
    """Done, or called off where not `done`. `resumed_at`: the stop was taken back, and the time used was kept."""

    at: datetime
    resumed_at: datetime | None = None
    done: bool = True


@dataclass(frozen=True)
class Clock:
    """`calendar` None: all time counts. `pausable` is False for the next update, and `fixed_at` for terms in days and
    months, whose due instant nothing moves.
    """

    started_at: datetime
    amount: timedelta
    calendar: worktime.Calendar | None = None
    pauses: tuple[Pause, ...] = ()
    stops: tuple[Stop, ...] = ()
    pausable: bool = True
    fixed_at: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """A clock at an instant. `left` is below zero once it is late."""

    state: State
    due_at: datetime
    used: timedelta
    left: timedelta
    stopped_at: datetime | None


def read(clock: Clock, at: datetime) -> Reading:
    """How the clock stood at `at`, by what was known then."""
    known = as_known(clock, at)
    due_at, stop = due(known), standing(known)
    spent = used(known, at)
    left = due_at - at if known.fixed_at else clock.amount - spent
    return Reading(_state(known, due_at, stop, at), due_at, spent, left, stop.at if stop else None)


def as_known(clock: Clock, at: datetime) -> Clock:
    """Without what happened after `at`: of a pause that ended later only its promised end is known."""
    pauses = (
        replace(pause, ended_at=pause.ended_at if pause.ended_at and pause.ended_at <= at else None)
        for pause in clock.pauses
        if pause.from_at <= at
    )
    stops = (
        replace(stop, resumed_at=stop.resumed_at if stop.resumed_at and stop.resumed_at <= at else None)
        for stop in clock.stops
        if stop.at <= at
    )
    return replace(clock, pauses=tuple(pauses), stops=tuple(stops))


def standing(clock: Clock) -> Stop | None:
    """The stop that was not taken back."""
    return min((stop for stop in clock.stops if stop.resumed_at is None), key=lambda stop: stop.at, default=None)


def due(clock: Clock) -> datetime:
    """The earliest instant by which the amount has passed, less what the clock rested. In UTC."""
    if clock.fixed_at:
        return clock.fixed_at.astimezone(UTC)
    left, start = clock.amount, clock.started_at
    for rest_from, rest_until in rests(clock):
        if rest_from > start:
            runs = _between(start, rest_from, clock.calendar)
            if left <= runs:
                break
            left -= runs
        start = max(start, rest_until)
    return _after(start, left, clock.calendar)


def used(clock: Clock, at: datetime) -> timedelta:
    """The time used up to `at`, or up to the stop that stands."""
    stop = standing(clock)
    end = min(at, stop.at) if stop else at
    total = _between(clock.started_at, end, clock.calendar)
    for rest_from, rest_until in rests(clock):
        total -= _between(max(rest_from, clock.started_at), min(rest_until, end), clock.calendar)
    return total


def rests(clock: Clock) -> list[worktime.Span]:
    """When the clock does not run: in order and disjoint. What came after the stop that stands moves it no more."""
    spans = [(stop.at, stop.resumed_at) for stop in clock.stops if stop.resumed_at]
    if clock.pausable:
        spans += [(pause.from_at, pause.end) for pause in clock.pauses if pause.reason == CUSTOMER]
    last = standing(clock)
    if last:
        spans = [span for span in spans if span[0] < last.at]
    return list(_joined(sorted(span for span in spans if span[0] < span[1])))


def _joined(spans: list[worktime.Span]) -> Iterator[worktime.Span]:
    held: worktime.Span | None = None
    for start, end in spans:
        if held and start <= held[1]:
            held = held[0], max(held[1], end)
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held


def _state(clock: Clock, due_at: datetime, stop: Stop | None, at: datetime) -> State:
    """Exactly at the due instant is in time."""
    if stop and stop.at <= due_at:
        return State.MET if stop.done else State.CALLED_OFF
    if due_at <= at:
        return State.BREACHED
    return State.PAUSED if any(start <= at < end for start, end in rests(clock)) else State.RUNNING


def _between(start: datetime, end: datetime, calendar: worktime.Calendar | None) -> timedelta:
    if end <= start:
        return timedelta()
    return worktime.working_between(start, end, calendar) if calendar else end - start


def _after(start: datetime, amount: timedelta, calendar: worktime.Calendar | None) -> datetime:
    return worktime.add_working(start, amount, calendar) if calendar else (start + amount).astimezone(UTC)


def end_of_days(start: datetime, days: int, calendar: worktime.Calendar) -> datetime:
    """The end of the n-th day after the local day of `start`."""
    return _end_of(worktime.to_wall(start, calendar.zone).date() + days * _ONE_DAY, calendar)


def end_of_working_days(start: datetime, days: int, calendar: worktime.Calendar) -> datetime:
    """The end of the n-th working day after the local day of `start`."""
    return _end_of(worktime.nth_working_day(worktime.to_wall(start, calendar.zone).date(), days, calendar), calendar)


def end_of_months(start: datetime, months: int, calendar: worktime.Calendar) -> datetime:
    """The end of the same day n months later; of the month's last day where there is no such day (31 Jan + 1: Feb)."""
    return _end_of(add_months(worktime.to_wall(start, calendar.zone).date(), months), calendar)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (first_of_next - _ONE_DAY).day))


def _end_of(day: date, calendar: worktime.Calendar) -> datetime:
    """Midnight, at which the local day is over."""
    return worktime.to_instant(datetime.combine(day + _ONE_DAY, time()), calendar.zone)
