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


def solved(*days):
    return [(day, 1, 0) for day in days]


def still_open(*days):
    return [(day, 0, 1) for day in days]


def test_kaplan_meier_of_ten_tickets_half_of_them_open():
    steps = statistics.kaplan_meier(solved(1, 2, 2, 4, 5) + still_open(3, 6, 6, 6, 6))
    survival = [round(statistics.survival_at(steps, day), 4) for day in range(6)]
    assert survival == [1, 0.9, 0.7, 0.7, 0.5833, 0.4667]
    assert statistics.quantile(steps, 0.5) == 5
    assert statistics.quantile(statistics.kaplan_meier(solved(1, 2, 2, 4, 5)), 0.5) == 2


def test_the_median_is_not_reached_where_half_were_never_resolved():
    steps = statistics.kaplan_meier(solved(1, 2, 2, 4) + still_open(3, 5, 6, 6, 6, 6))
    assert statistics.quantile(steps, 0.5) is None


def test_kaplan_meier_of_the_remission_times():
    steps = statistics.kaplan_meier(REMISSION)
    assert [(step.at, round(step.survival, 6)) for step in steps] == [
        (6, 0.857143),
        (7, 0.806723),
        (10, 0.752941),
        (13, 0.690196),
        (16, 0.627451),
        (22, 0.537815),
        (23, 0.448179),
    ]
    assert [(step.at_risk, step.events) for step in steps[:2]] == [(21, 3), (17, 1)]
    assert statistics.quantile(steps, 0.5) == 23
    assert statistics.quantile(steps, 0.9) is None


def test_times_may_be_timedeltas():
    hours = [(timedelta(hours=n), 1, 0) for n in (1, 2, 3)]
    assert statistics.quantile(statistics.kaplan_meier(hours), 0.5) == timedelta(hours=2)


def test_nothing_gives_no_steps():
    assert statistics.kaplan_meier([]) == []
    assert statistics.aalen_johansen([]) == []
    assert statistics.quantile([], 0.5) is None
    assert statistics.survival_at([], 3) == 1
    assert statistics.incidence_at([], 3) == (0, 0)


def test_a_quantile_that_is_met_exactly_is_reached_whatever_the_rounding():
    for count in range(2, 400, 2):
        steps = statistics.kaplan_meier(solved(*range(1, count + 1)))
        assert statistics.quantile(steps, 0.5) == count // 2


rows = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 3), st.integers(0, 3)).filter(lambda r: r[1] + r[2]),
    min_size=1,
    max_size=20,
)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_kaplan_meier_agrees_with_lifelines(counted):
    steps = statistics.kaplan_meier(counted)
    durations = [at for at, events, censored in counted for _ in range(events + censored)]
    observed = [flag for _, events, cut in counted for flag in [1] * events + [0] * cut]
    fitted = KaplanMeierFitter().fit(durations, observed)
    expected = fitted.survival_function_at_times(range(13)).tolist()
    assert [statistics.survival_at(steps, at) for at in range(13)] == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_kaplan_meier_without_censoring_is_the_empirical_distribution(days):
    steps = statistics.kaplan_meier(solved(*days))
    for at in range(51):
        share = Fraction(sum(day > at for day in days), len(days))
        assert statistics.survival_at(steps, at) == float(share)


@given(rows, st.randoms(use_true_random=False))
def test_the_order_and_grouping_of_rows_change_nothing(counted, chance):
    single = [(at, 1, 0) for at, events, _ in counted for _ in range(events)]
    single += [(at, 0, 1) for at, _, censored in counted for _ in range(censored)]
    chance.shuffle(single)
    assert statistics.kaplan_meier(single) == statistics.kaplan_meier(counted)


def test_five_million_tickets_of_many_durations_take_seconds():
    counted = [(second, second * 7 % 9, second % 3) for second in range(200_000)]
    began = process_time()
    steps = statistics.kaplan_meier(counted)
    assert process_time() - began < 3
    assert 0 <= steps[-1].survival < steps[0].survival < 1


# Competing ends


def test_ending_unresolved_competes_with_resolution():
    ends = [(1, 1, 0, 0), (2, 1, 0, 0), (4, 1, 0, 0), (2.5, 0, 1, 0), (3, 0, 1, 0), (5, 0, 0, 1)]
    resolved, ended = statistics.incidence_at(statistics.aalen_johansen(ends), 5)
    assert (round(resolved, 4), round(ended, 4)) == (0.5, 0.3333)
    flattering = statistics.kaplan_meier((at, won, lost + left) for at, won, lost, left in ends)
    assert round(1 - statistics.survival_at(flattering, 5), 4) == 0.6667


def test_incidence_before_the_first_end_is_nothing():
    assert statistics.incidence_at(statistics.aalen_johansen([(2, 1, 0, 1)]), 1) == (0, 0)


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
    kinds = [(0, 0, 1), (1, 0, 0), (0, 1, 0)]
    steps = statistics.aalen_johansen((at, *kinds[kind]) for at, kind in ends)
    durations, observed = numpy.array(ends).T
    fitted = AalenJohansenFitter(calculate_variance=False).fit(durations, observed, event_of_interest=1)
    expected = fitted.cumulative_density_.iloc[:, 0]
    for at in expected.index:
        assert statistics.incidence_at(steps, at)[0] == pytest.approx(expected[at], abs=1e-9)


@given(st.lists(st.tuples(st.integers(1, 9), *[st.integers(0, 3)] * 3), max_size=20))
def test_the_shares_resolved_ended_and_left_make_one(ends):
    incidence = statistics.aalen_johansen(ends)
    either = statistics.kaplan_meier((at, won + lost, left) for at, won, lost, left in ends)
    resolved, ended = statistics.incidence_at(incidence, 9)
    assert resolved + ended + statistics.survival_at(either, 9) == pytest.approx(1)


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
