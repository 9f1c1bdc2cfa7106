"""Shares at a common mix: what a team's share would be, had it the same channels and families as all together.

Direct standardisation over channel and family. Where one has no case of a stratum, that part of the mix says nothing of it;
where too little of the mix is left, nothing is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from followups.reports import cuts, rows, statistics, windows

# Below this share of a mix its rate says too little.
COVERED = 0.9

# The figures of a stratum, by (channel, family); and those by the key of the cut.
Stratum = dict[tuple[str, str], dict[str, int]]
Strata = Mapping[str, Stratum]
# A source and the parts that are counted of it.
Counted = tuple[cuts.Source, Mapping[str, str]]

STRATA = """
    WITH {facts}, chosen AS ({chosen}),
    by_stratum AS (SELECT key, channel, category_id, {figures} FROM chosen GROUP BY key, channel, category_id)
    SELECT by_stratum.*, category.family
    FROM by_stratum JOIN followups_category category ON category.id = by_stratum.category_id
"""


def strata(question: windows.Question, counted: Iterable[Counted]) -> Strata:
    """Each key's counts of the parts, by channel and family; one statement for each source."""
    counted = list(counted)
    names = [name for _, parts in counted for name in parts]
    found: dict[str, Stratum] = defaultdict(lambda: defaultdict(lambda: dict.fromkeys(names, 0)))
    for source, parts in counted:
        figures = ", ".join(f'count(*) FILTER (WHERE {part}) AS "{name}"' for name, part in parts.items())
        pieces = {"facts": cuts.facts_of(question, source), "figures": figures}
        for row in cuts.fetch(question, STRATA, pieces, **source.given(question)):
            one = found[row["key"]][row["channel"], row["family"]]
            for name in parts:
                one[name] += row[name]
    return found


def whole(found: Strata) -> Stratum:
    """All keys together."""
    total: Stratum = {}
    for each in found.values():
        for stratum, figures in each.items():
            known = total.get(stratum, {})
            total[stratum] = {name: known.get(name, 0) + count for name, count in figures.items()}
    return total


def weights(one: Stratum, den: str) -> dict[Any, int]:
    """How many units of each channel and family there are."""
    return {stratum: figures[den] for stratum, figures in one.items() if figures[den]}


def at(one: Stratum, mix: Mapping[Any, int], num: str, den: str) -> rows.CommonMix:
    """The share at the mix, and how much of the mix it covers; no share below `COVERED`."""
    found = statistics.standardise({key: (figures[num], figures[den]) for key, figures in one.items()}, mix)
    if found is None:
        return rows.CommonMix(rate=None, covered=0.0 if mix else None)
    return rows.CommonMix(rate=found.rate if found.covered >= COVERED else None, covered=found.covered)
