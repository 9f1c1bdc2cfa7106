"""Columns as the file names them: shares by SciPy's interval, times by lifelines, middles by the standard library."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from statistics import median
from typing import Any

import pandas as pd
from lifelines import KaplanMeierFitter
from scipy.stats import binomtest

HOUR = 3_600_000_000
DAY = 24 * HOUR
HORIZONS = (1, 3, 7, 30)
Fact = dict[str, Any]
Columns = dict[str, Any]


def counted(facts: Iterable[Fact]) -> Counter[str]:
    """How many facts are in each part."""
    found: Counter[str] = Counter()
    for fact in facts:
        found.update(fact["parts"])
    return found


@cache
def interval(num: int, den: int) -> tuple[float | None, float | None]:
    if not den:
        return None, None
    found = binomtest(num, den).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def share(num: int, den: int, immature: int = 0, excluded: dict[str, int] | None = None) -> Columns:
    low, high = interval(num, den)
    left_out = {f"excluded_{reason}": n for reason, n in (excluded or {}).items()}
    rate = num / den if den else None
    return {"num": num, "den": den, "rate": rate, "ci_low": low, "ci_high": high, "immature": immature, **left_out}


def under(name: str, columns: Columns) -> Columns:
    return {f"{name}_{column}": value for column, value in columns.items()}


def left_out(counts: Counter[str], reasons: Iterable[str]) -> dict[str, int]:
    return {reason: counts[f"excluded.{reason}"] for reason in reasons}


def of_parts(counts: Counter[str], names: Iterable[str]) -> Columns:
    return {name: counts[name] for name in names}


def excluding(reason: str) -> set[str]:
    return {"excluded", f"excluded.{reason}"}


def middle_hours(times: list[int]) -> float | None:
    return median(times) / HOUR if times else None


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


# Of each duration: how long it was watched, and whether it then was over.
WATCHED = {"": ("waited", "resolved"), "working_": ("worked", "resolved"), "first_": ("said", "was_said")}
LEVELS = {"median_hours": 0.5, "p90_hours": 0.1}


def times(facts: list[Fact]) -> Columns:
    """Medians and 90th percentiles (of microseconds), and the shares resolved by days."""
    columns = under("resolved_by", {str(days): incidence(facts, days * DAY) for days in HORIZONS})
    for prefix, (waited, over) in WATCHED.items():
        left = survival([(fact[waited], fact[over]) for fact in facts])
        columns |= {f"{prefix}{name}": smallest(left, level) for name, level in LEVELS.items()}
    return columns


def survival(lives: list[tuple[int, bool]]) -> list[tuple[int, float]]:
    """The share that is left after each time with an event."""
    left, at_risk, found = 1.0, len(lives), []
    ended, events = Counter(at for at, _ in lives), Counter(at for at, event in lives if event)
    for at in sorted(ended):
        if events[at]:
            left *= 1 - events[at] / at_risk
            found.append((at, left))
        at_risk -= ended[at]
    return found


def smallest(left: list[tuple[int, float]], level: float) -> float | None:
    return next((at / HOUR for at, share_left in left if share_left <= level + 1e-9), None)


def incidence(facts: list[Fact], limit: int) -> float | None:
    """The share resolved by `limit`, other ends as competing events; None where nobody was watched that long."""
    watched = max((fact["waited"] for fact in facts), default=0)
    if not facts or (watched < limit and not all(fact["ended"] for fact in facts if fact["waited"] == watched)):
        return None
    before = dict(survival([(fact["waited"], fact["ended"]) for fact in facts]))
    at_risk = {at: n for n, at in enumerate(sorted((fact["waited"] for fact in facts), reverse=True), 1)}
    won = Counter(fact["waited"] for fact in facts if fact["resolved"])
    left, found = 1.0, 0.0
    for at in sorted(at for at in before if at <= limit):
        found += left * won[at] / at_risk[at]
        left = before[at]
    return found


def fitted(facts: list[Fact]) -> Columns:
    """The same medians and 90th percentiles by lifelines."""
    columns = {}
    for prefix, (waited, over) in WATCHED.items() if facts else ():
        fit = KaplanMeierFitter().fit([fact[waited] / HOUR for fact in facts], [fact[over] for fact in facts])
        left = fit.survival_function_["KM_estimate"]
        columns |= {f"{prefix}{name}": first_below(left, level) for name, level in LEVELS.items()}
    return columns


def first_below(survival: pd.Series, level: float) -> float | None:
    below = survival[survival <= level + 1e-9]
    return float(below.index[0]) if len(below) else None
