"""What stands beside a share, once more: the same at the common mix, and against an earlier period."""

from collections import Counter
from math import hypot
from typing import Any

import pytest

from followups.reports import against, catalogue, rows, shares, tables, windows
from tests.oracle import comparing
from tests.oracle.answers import Oracle
from tests.oracle.shares import Fact, interval

COVERED = 0.9
ONE = (("", "num", "den"),)
# Of each report its shares: where they stand in the file, and of which figures they are.
SHARES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "resolution": (
        ("as_of_rate_", "num", "den"),
        *((f"horizons_{days}_", f"{days}.num", f"{days}.den") for days in (1, 3, 7, 30)),
    ),
    "recontact": (("any_issue_", "any_issue", "den"), ("same_issue_", "same_issue", "den")),
    "first-contact": ONE,
    "promises": ONE,
    "chase": ONE,
    "dead-ends": (*ONE, ("tangible_", "tangible.num", "tangible.den")),
    "silent": ONE,
    "confirmed": ONE,
    "targets": (*ONE, *((f"kinds_{kind}_", f"{kind}.num", f"{kind}.den") for kind in ("next_update", "resolution"))),
}
Strata = Counter[tuple[str, str]]


def agrees(oracle: Oracle, name: str, question: windows.Question) -> None:
    """By team, site or agent, against the period before."""
    report = shares.report(catalogue.named(name), question)
    found = {row.key: dict(tables.flat(rows.figures(row))) for row in (report.total, *report.rows)}
    now = oracle.facts(name, comparing.asked(question))
    earlier = against.earlier(question, lagging=name in ("silent", "confirmed"))
    then = oracle.facts(name, comparing.asked(earlier))
    by_key = oracle.cut(now, comparing.asked(question))
    for prefix, num, den in SHARES[name]:
        for key in by_key.keys() & found.keys():
            mine = {part: found[key][f"{prefix}at_common_mix_{part}"] for part in ("rate", "covered")}
            assert mine == at_mix(oracle, by_key[key], now, num, den), (name, prefix, key)
        if prefix != "as_of_rate_":
            total = {part: found["total"][f"{prefix}against_{part}"] for part in ("num", "den", "difference", "ci_low")}
            assert total == apart(now, then, num, den), (name, prefix)


def strata(oracle: Oracle, facts: list[Fact], part: str) -> Strata:
    families = oracle.recorded.family_of
    return Counter((fact["channel"], families(fact["category_id"])) for fact in facts if part in fact["parts"])


def at_mix(oracle: Oracle, some: list[Fact], every: list[Fact], num: str, den: str) -> dict[str, Any]:
    """Its own share in each channel and family, weighted as all together had them."""
    mix, mine, won = strata(oracle, every, den), strata(oracle, some, den), strata(oracle, some, num)
    known = sum(n for place, n in mix.items() if mine[place])
    if not known:
        return {"rate": None, "covered": 0.0 if mix else None}
    covered = known / mix.total()
    rate = sum(n * won[place] / mine[place] for place, n in mix.items() if mine[place]) / known
    return {"rate": pytest.approx(rate) if covered >= COVERED else None, "covered": pytest.approx(covered)}


def apart(now: list[Fact], then: list[Fact], num: str, den: str) -> dict[str, Any]:
    """The earlier counts, and now less then with the lower end of its range."""
    (a, m), (b, n) = (tuple(sum(part in fact["parts"] for fact in some) for part in (num, den)) for some in (now, then))
    found: dict[str, Any] = {"num": b, "den": n, "difference": None, "ci_low": None}
    if m and n:
        difference = a / m - b / n
        low = difference - hypot(a / m - interval(a, m)[0], interval(b, n)[1] - b / n)
        found |= {"difference": pytest.approx(difference), "ci_low": pytest.approx(max(low, -1))}
    return found
