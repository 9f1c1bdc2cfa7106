"""Intervals, survival and standardising: worked examples, published values, another library."""

from datetime import timedelta
from fractions import Fraction
from math import sqrt
from time import process_time

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter

from followups.reports import statistics

# Gehan 1965, 6-mercaptopurine arm: weeks of remission, + still in remission
REMISSION = [(6, 3, 1), (7, 1, 0), (9, 0, 1), (10, 1, 1), (11, 0, 1), (13, 1, 0), (16, 1, 0)]
REMISSION += [(17, 0, 1), (19, 0, 1), (20, 0, 1), (22, 1, 0), (23, 1, 0), (25, 0, 1), (32, 0, 2)]
REMISSION += [(34, 0, 1), (35, 0, 1)]


# Shares


@pytest.mark.parametrize(
    ("num", "den", "low", "high", "digits"),
    [
        (8, 10, 0.4902, 0.9433, 4),
        (0, 5, 0, 0.4345, 4),
        (5, 5, 0.5655, 1, 4),
        (1, 30, 0.0059, 0.1667, 4),
        (45, 50, 0.7864, 0.9565, 4),
        (3, 6, 0.1876, 0.8124, 4),
        (6, 10, 0.3127, 0.8318, 4),
        (3, 20, 0.0523687459, 0.3604188647, 10),
        (47, 50, 0.8378290831, 0.9793850297, 10),
        (812, 1000, 0.7866068126, 0.8350052901, 10),
    ],
)
def test_wilson(num, den, low, high, digits):
    interval = statistics.wilson(num, den)
    assert (round(interval.low, digits), round(interval.high, digits)) == (low, high)


def test_wilson_of_none_is_none():
    assert statistics.wilson(0, 0) is None


def test_wilson_at_another_confidence_solves_its_equation():
    low, high = statistics.wilson(8, 10, 0.99)
    assert 0.8 - low == pytest.approx(2.5758293035 * sqrt(low * (1 - low) / 10))
    assert high - 0.8 == pytest.approx(2.5758293035 * sqrt(high * (1 - high) / 10))


def test_wilson_of_none_or_all_ends_exactly_at_the_edge():
    assert statistics.wilson(0, 7).low == 0
    assert statistics.wilson(7, 7).high == 1


@given(st.integers(1, 10_000), st.data())
def test_wilson_holds_the_share_and_mirrors(den, data):
    num = data.draw(st.integers(0, den))
    low, high = statistics.wilson(num, den)
    assert 0 <= low <= num / den <= high <= 1
    mirrored = statistics.wilson(den - num, den)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("counts", "value", "low", "high"),
    [
        ((56, 70, 48, 80), 0.2, 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.6, 0.1705, 0.8090),
        ((10, 10, 0, 20), 1.0, 0.6791, 1.0),
    ],
)
def test_newcombe_gives_the_intervals_of_his_paper(counts, value, low, high):
    assert statistics.newcombe(*counts) == pytest.approx((value, low, high), abs=5e-5)


@pytest.mark.parametrize("counts", [(0, 0, 1, 2), (1, 2, 0, 0)])
def test_newcombe_without_one_of_the_two_is_none(counts):
    assert statistics.newcombe(*counts) is None


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_newcombe_turned_round_is_the_same_with_another_sign(den, other_den, data):
    num, other = data.draw(st.integers(0, den)), data.draw(st.integers(0, other_den))
    there = statistics.newcombe(num, den, other, other_den)
    back = statistics.newcombe(other, other_den, num, den)
    assert -1 <= there.low <= there.value <= there.high <= 1
    assert there == pytest.approx((-back.value, -back.high, -back.low))


# Times to resolution


def survival(events, censored, until):
    return statistics.kaplan_meier(events, censored, range(until))


def split(counted):
    """Sorted times of the events and of the censorings out of rows of (time, events, censored)."""
    events = [at for at, events, _ in counted for _ in range(events)]
    return sorted(events), sorted(at for at, _, censored in counted for _ in range(censored))


def test_kaplan_meier_of_ten_tickets_half_of_them_open():
    solved, still_open = [1, 2, 2, 4, 5], [3, 6, 6, 6, 6]
    assert [round(share, 4) for share in survival(solved, still_open, 6)] == [1, 0.9, 0.7, 0.7, 0.5833, 0.4667]
    assert statistics.quantiles(solved, still_open, [0.5]) == [5]
    assert statistics.quantiles(solved, [], [0.5]) == [2]


def test_the_median_is_not_reached_where_half_were_never_resolved():
    assert statistics.quantiles([1, 2, 2, 4], [3, 5, 6, 6, 6, 6], [0.5]) == [None]


def test_a_quantile_is_not_reached_by_the_last_one_being_censored():
    assert statistics.quantiles([1], [2], [0.5, 0.9]) == [1, None]
    assert statistics.quantiles([], [1, 2], [0.5]) == [None]
    assert statistics.quantiles([2], [2], [0.5, 0.9]) == [2, None]


def test_kaplan_meier_of_the_remission_times():
    events, censored = split(REMISSION)
    at = (6, 7, 10, 13, 16, 22, 23)
    shares = [round(share, 6) for share in statistics.kaplan_meier(events, censored, at)]
    assert shares == [0.857143, 0.806723, 0.752941, 0.690196, 0.627451, 0.537815, 0.448179]
    assert statistics.quantiles(events, censored, [0.5, 0.9]) == [23, None]


def test_times_may_be_timedeltas():
    hours = [timedelta(hours=n) for n in (1, 2, 3)]
    assert statistics.quantiles(hours, [], [0.5]) == [timedelta(hours=2)]


def test_of_nothing_everything_is_left():
    assert statistics.kaplan_meier([], [], [3]) == [1]
    assert statistics.quantiles([], [], [0.5]) == [None]
    assert statistics.aalen_johansen([], [], [], [3]) == [(0, 0)]


def test_a_quantile_that_is_met_exactly_is_reached_whatever_the_rounding():
    for count in range(2, 400, 2):
        assert statistics.quantiles(range(1, count + 1), [], [0.5]) == [count // 2]


rows = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 3), st.integers(0, 3)).filter(lambda r: r[1] + r[2]),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_kaplan_meier_agrees_with_lifelines(counted):
    events, censored = split(counted)
    fitted = KaplanMeierFitter().fit([*events, *censored], [1] * len(events) + [0] * len(censored))
    expected = fitted.survival_function_at_times(range(13)).tolist()
    assert survival(events, censored, 13) == pytest.approx(expected, abs=1e-9)


@given(rows, st.floats(0.05, 0.95))
def test_a_quantile_is_the_first_instant_with_so_few_left(counted, q):
    events, censored = split(counted)
    shares = statistics.kaplan_meier(events, censored, events)
    first = next((at for at, share in zip(events, shares, strict=True) if share <= 1 - q + 1e-12), None)
    assert statistics.quantiles(events, censored, [q]) == [first]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_kaplan_meier_without_censoring_is_the_empirical_distribution(days):
    shares = survival(sorted(days), [], 51)
    assert shares == [float(Fraction(sum(day > at for day in days), len(days))) for at in range(51)]


def test_five_million_tickets_of_many_durations_take_seconds():
    events, censored = range(0, 10_000_000, 2), range(0, 10_000_000, 50)
    began = process_time()
    half, most = statistics.quantiles(events, censored, [0.5, 0.9])
    assert process_time() - began < 3
    assert 0 < half < most < 10_000_000


# Competing ends


def test_ending_unresolved_competes_with_resolution():
    ((resolved, ended),) = statistics.aalen_johansen([1, 2, 4], [2.5, 3], [5], [5])
    assert (round(resolved, 4), round(ended, 4)) == (0.5, 0.3333)
    (flattering,) = statistics.kaplan_meier([1, 2, 4], [2.5, 3, 5], [5])
    assert round(1 - flattering, 4) == 0.6667


def test_incidence_before_the_first_end_is_nothing():
    assert statistics.aalen_johansen([2], [], [2], [1]) == [(0, 0)]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(1, 60), st.integers(0, 2)),
        min_size=3,
        max_size=40,
        unique_by=lambda r: r[0],
    )
)
def test_aalen_johansen_agrees_with_lifelines(ends):
    durations, observed = numpy.array(ends).T
    fitted = AalenJohansenFitter(calculate_variance=False).fit(durations, observed, event_of_interest=1)
    expected = fitted.cumulative_density_.iloc[:, 0]
    still_open, resolved, ended = (sorted(at for at, kind in ends if kind == wanted) for wanted in range(3))
    found = statistics.aalen_johansen(resolved, ended, still_open, expected.index)
    assert [share.resolved for share in found] == pytest.approx(list(expected), abs=1e-9)


times = st.lists(st.integers(1, 9), max_size=20).map(sorted)


@given(times, times, times, st.integers(0, 10))
def test_the_shares_resolved_ended_and_left_make_one(resolved, ended, still_open, at):
    ((won, lost),) = statistics.aalen_johansen(resolved, ended, still_open, [at])
    (left,) = statistics.kaplan_meier(sorted((*resolved, *ended)), still_open, [at])
    assert won + lost + left == pytest.approx(1)


# A common mix


def test_a_change_of_mix_is_not_a_change_for_the_worse():
    after = {"phone": (18, 20), "email": (60, 100)}
    before = {"phone": 100, "email": 20}
    assert statistics.standardise(after, before) == pytest.approx((0.85, 1.0))


def test_standardising_leaves_out_what_was_never_counted_and_says_so():
    shares = {"phone": (9, 10), "chat": (0, 0)}
    assert statistics.standardise(shares, {"phone": 3, "chat": 1, "email": 1}) == pytest.approx((0.9, 0.6))


@pytest.mark.parametrize(("shares", "mix"), [({}, {"phone": 1}), ({"phone": (1, 2)}, {}), ({}, {})])
def test_standardising_nothing_is_none(shares, mix):
    assert statistics.standardise(shares, mix) is None
