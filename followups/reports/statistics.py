"""The statistics of the reports: intervals of shares, times with open ends, a common mix.

Pure functions on counts and on sorted times, which may be numbers or timedeltas. Where there is nothing to divide by the
answer is None, never 0.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from math import sqrt
from operator import sub
from statistics import NormalDist
from typing import Any, NamedTuple

# A number or a timedelta, of one kind within a call.
Time = Any

_TOLERANCE = 1e-12


class Interval(NamedTuple):
    """A confidence interval of a share or of a difference of shares."""

    low: float
    high: float


class Difference(NamedTuple):
    """The first share less the second, with its interval."""

    value: float
    low: float
    high: float


class Stretch(NamedTuple):
    """From just after one censoring up to the next, that instant included: what had ended before it, how many were at risk,
    and the share that was left.
    """

    ended: int
    at_risk: int
    share: float


class Incidence(NamedTuple):
    """Shares resolved and ended unresolved at or before an instant."""

    resolved: float
    ended: float


class Standardised(NamedTuple):
    """A rate at a common mix, and the share of that mix for which there was any count."""

    rate: float
    covered: float


def wilson(num: float, den: int, confidence: float = 0.95) -> Interval | None:
    """Wilson's score interval of `num / den` (Wilson 1927), without continuity correction."""
    if not den:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = num / den, z * z / den
    centre = share + spread / 2
    reach = z * sqrt((share * (1 - share) + spread / 4) / den)
    low = 0.0 if num == 0 else (centre - reach) / (1 + spread)
    high = 1.0 if num == den else (centre + reach) / (1 + spread)
    return Interval(low, high)


def newcombe(num: float, den: int, other_num: float, other_den: int, confidence: float = 0.95) -> Difference | None:
    """`num / den` less `other_num / other_den`, by Newcombe's hybrid score (1998, method 10)."""
    mine = wilson(num, den, confidence)
    other = wilson(other_num, other_den, confidence)
    if mine is None or other is None:
        return None
    share, other_share = num / den, other_num / other_den
    value = share - other_share
    below = sqrt((share - mine.low) ** 2 + (other.high - other_share) ** 2)
    above = sqrt((mine.high - share) ** 2 + (other_share - other.low) ** 2)
    return Difference(value, max(value - below, -1.0), min(value + above, 1.0))


def _stretches(events: Sequence[Time], censored: Sequence[Time]) -> list[Stretch]:
    """One before each censoring and one after the last. Whoever is censored at the instant of an event is at risk there.

    Between two censorings the share that is left is one quotient rather than a product of many, so without censoring it is
    exactly the share of all; and its cost follows the few that are censored.
    """
    found = [Stretch(0, len(events) + len(censored), 1.0)]
    for at in censored:
        ended, at_risk, share = found[-1]
        now = bisect_right(events, at, ended)
        left = at_risk - (now - ended)
        found.append(Stretch(now, left - 1, share * (left / at_risk)))
    return found


def _left(stretch: Stretch, ended: int) -> float:
    """Of the whole, once so many have ended."""
    if not stretch.at_risk:
        return stretch.share
    return stretch.share * ((stretch.at_risk - (ended - stretch.ended)) / stretch.at_risk)


def kaplan_meier(events: Sequence[Time], censored: Sequence[Time], at: Iterable[Time]) -> list[float]:
    """The share still unresolved just after each instant of `at`. Times are sorted."""
    stretches = _stretches(events, censored)
    return [_left(stretches[bisect_left(censored, each)], bisect_right(events, each)) for each in at]


def quantiles(events: Sequence[Time], censored: Sequence[Time], of: Iterable[float]) -> list[Time | None]:
    """For each q the smallest time with survival <= 1 - q, or None: "not reached". Times are sorted."""
    stretches = _stretches(events, censored)
    return [_quantile(stretches, events, 1 - q + _TOLERANCE) for q in of]


def _quantile(stretches: list[Stretch], events: Sequence[Time], level: float) -> Time | None:
    """It lies in the last stretch that begins above the level."""
    stretch = stretches[bisect_left(stretches, -level, key=lambda each: -each.share) - 1]
    ended = bisect_left(range(len(events) + 1), -level, lo=stretch.ended, key=lambda n: -_left(stretch, n))
    return events[ended - 1] if ended <= len(events) else None


def aalen_johansen(
    resolved: Sequence[Time], ended: Sequence[Time], still_open: Sequence[Time], at: Iterable[Time]
) -> list[Incidence]:
    """The shares resolved and ended unresolved at or before each instant of `at`, as competing ends. Times are sorted."""
    stretches = _stretches(sorted((*resolved, *ended)), still_open)
    kinds = [_incidence(stretches, some, still_open) for some in (resolved, ended)]
    return [Incidence(*(known(each) for known in kinds)) for each in at]


def _incidence(stretches: list[Stretch], events: Sequence[Time], still_open: Sequence[Time]) -> Callable[[Time], float]:
    """Within a stretch each end weighs the same: what was left at its beginning, by how many were at risk."""
    before = [0, *(bisect_right(events, at) for at in still_open)]
    weights = [stretch.share / stretch.at_risk if stretch.at_risk else 0.0 for stretch in stretches]
    steps = (n * weight for n, weight in zip(map(sub, before[1:], before), weights, strict=False))
    sums = list(accumulate(steps, initial=0.0))

    def known(at: Time) -> float:
        place = bisect_left(still_open, at)
        return sums[place] + (bisect_right(events, at) - before[place]) * weights[place]

    return known


def standardise(strata: Mapping[Any, tuple[int, int]], mix: Mapping[Any, float]) -> Standardised | None:
    """The rate that the shares (num, den) of `strata` give at the weights of `mix`.

    Direct standardisation. A stratum of the mix without a count is left out and lowers `covered`;
    None where nothing is covered.
    """
    known = {key: weight for key, weight in mix.items() if strata.get(key, (0, 0))[1]}
    weight = sum(known.values())
    if not weight:
        return None
    total = sum(strata[key][0] / strata[key][1] * share for key, share in known.items())
    return Standardised(total / weight, weight / sum(mix.values()))
