"""A database clock that leaps ahead holds the sending until it is believed; one that goes back holds nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.clock import drift
from followups.models import Site

NOW = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
pytestmark = pytest.mark.django_db


class Process:
    """One worker's eyes: real seconds pass evenly, the database shows what it shows."""

    def __init__(self):
        self.pace = drift.Pace()

    def held(self, *, real: float, ahead: timedelta = timedelta()) -> bool:
        return drift.held(now=NOW + timedelta(seconds=real) + ahead, steady=1000 + real, pace=self.pace)


def test_a_clock_that_keeps_pace_holds_nothing_however_wrong_it_is():
    one = Process()
    assert [one.held(real=n, ahead=HOUR) for n in (0, 5, 86_400)] == [False] * 3
    assert not Site.objects.filter(clock_suspect_at__isnull=False).exists()


def test_a_leap_ahead_holds_for_ten_minutes_of_even_pace():
    one = Process()
    assert [one.held(real=0), one.held(real=5, ahead=HOUR), one.held(real=604, ahead=HOUR)] == [False, True, True]
    assert one.held(real=605, ahead=HOUR) is False
    assert one.held(real=610, ahead=HOUR) is False
    assert Site.objects.get().clock_suspect_at is None


def test_less_than_five_minutes_is_the_slack_of_clocks():
    one = Process()
    assert [one.held(real=0), one.held(real=5, ahead=5 * MINUTE - timedelta(seconds=1))] == [False, False]


def test_back_again_it_is_believed_after_ten_seconds():
    one = Process()
    states = [one.held(real=0), one.held(real=5, ahead=HOUR), one.held(real=65), one.held(real=74), one.held(real=75)]
    assert states == [False, True, True, True, False]


def test_a_leap_back_holds_nothing():
    one = Process()
    assert [one.held(real=0), one.held(real=5, ahead=-HOUR), one.held(real=10, ahead=-HOUR)] == [False] * 3


def test_a_leap_that_makes_up_for_one_back_holds_nothing_for_nobody_who_watches():
    one, other = Process(), Process()
    assert [one.held(real=0), other.held(real=1)] == [False] * 2
    assert [one.held(real=5, ahead=-HOUR), other.held(real=6, ahead=-HOUR)] == [False] * 2
    assert [one.held(real=30), other.held(real=31)] == [False] * 2
    assert Site.objects.get().clock_ahead_seconds == 0
    assert one.held(real=60, ahead=HOUR)  # a leap of its own


def test_a_second_leap_begins_the_ten_minutes_anew():
    one = Process()
    assert [one.held(real=0), one.held(real=5, ahead=HOUR), one.held(real=305, ahead=2 * HOUR)] == [False, True, True]
    assert [one.held(real=904, ahead=2 * HOUR), one.held(real=906, ahead=2 * HOUR)] == [True, False]


def test_processes_hold_together_and_count_a_leap_once():
    one, other, fresh = Process(), Process(), Process()
    assert not one.held(real=0)
    assert not other.held(real=1)
    assert one.held(real=5, ahead=HOUR)
    assert fresh.held(real=6, ahead=HOUR)  # it saw nothing, and is told by the row
    assert other.held(real=7, ahead=HOUR)
    assert Site.objects.get().clock_ahead_seconds == 3600
    assert one.held(real=65)
    assert other.held(real=66)
    assert Site.objects.get().clock_ahead_seconds == 0


def test_an_administrator_who_says_that_it_is_right_is_not_asked_again_by_a_process_that_slept():
    one, sleeper = Process(), Process()
    assert not one.held(real=0)
    assert not sleeper.held(real=0)
    assert one.held(real=5, ahead=HOUR)
    assert drift.believe(now=NOW + HOUR + timedelta(seconds=30))
    assert not one.held(real=35, ahead=HOUR)
    assert not sleeper.held(real=60, ahead=HOUR)
    assert one.held(real=95, ahead=2 * HOUR)  # another leap is another question
