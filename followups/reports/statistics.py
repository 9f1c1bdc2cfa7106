"""The statistics of the reports: intervals of shares, times with open ends, a common mix.

Pure functions on counts. Times may be numbers or timedeltas; rows say how many ended at each
distinct time, so that a database can group millions of tickets first. Order and repetition of rows
change nothing. Where there is nothing to divide by the answer is None, never 0.
"""

from collections.abc import Iterable, Mapping
from math import sqrt
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


class Step(NamedTuple):
    """A Kaplan-Meier step: the share of `survival` still unresolved from `at` on."""

    at: Time
    at_risk: int
    events: int
    survival: float


class Incidence(NamedTuple):
    """An Aalen-Johansen step: shares resolved and ended unresolved at or before `at`."""

    at: Time
    at_risk: int
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


def _grouped(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of (time, count, ...) summed by time, earliest first, with those at risk in front."""
    sums: dict[Time, list[int]] = {}
    for at, *counts in rows:
        known = sums.get(at)
        sums[at] = counts if known is None else [a + b for a, b in zip(known, counts, strict=True)]
    at_risk = sum(map(sum, sums.values()))
    grouped = []
    for at in sorted(sums):
        grouped.append((at, at_risk, *sums[at]))
        at_risk -= sum(sums[at])
    return grouped


def kaplan_meier(rows: Iterable[tuple[Time, int, int]]) -> list[Step]:
    """Survival from rows of (time, events, censored): one step per time with an event.

    Those censored at the time of an event count as at risk there. Between two censorings survival
    is one quotient rather than a product of many, so without censoring it is exactly the share.
    """
    steps: list[Step] = []
    survival, since, held = 1.0, 0, 1.0
    for at, at_risk, events, censored in _grouped(rows):
        since = since or at_risk
        if events:
            survival = held * ((at_risk - events) / since)
            steps.append(Step(at, at_risk, events, survival))
        if censored:
            held, since = survival, 0
    return steps


def survival_at(steps: list[Step], at: Time) -> float:
    """The share still unresolved just after `at`; 1 before the first step."""
    return next((step.survival for step in reversed(steps) if step.at <= at), 1.0)


def quantile(steps: list[Step], q: float) -> Time | None:
    """The smallest time with survival <= 1 - q, or None: "not reached"."""
    return next((step.at for step in steps if step.survival <= 1 - q + _TOLERANCE), None)


def aalen_johansen(rows: Iterable[tuple[Time, int, int, int]]) -> list[Incidence]:
    """Cumulative incidence from rows of (time, resolved, ended unresolved, still open)."""
    steps: list[Incidence] = []
    survival, resolved_share, ended_share = 1.0, 0.0, 0.0
    for at, at_risk, resolved, ended, _ in _grouped(rows):
        if not resolved + ended:
            continue
        resolved_share += survival * resolved / at_risk
        ended_share += survival * ended / at_risk
        survival *= 1 - (resolved + ended) / at_risk
        steps.append(Incidence(at, at_risk, resolved_share, ended_share))
    return steps


def incidence_at(steps: list[Incidence], at: Time) -> tuple[float, float]:
    """The shares (resolved, ended unresolved) at or before `at`; (0, 0) before the first step."""
    found = next((step for step in reversed(steps) if step.at <= at), None)
    return (found.resolved, found.ended) if found else (0.0, 0.0)


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
