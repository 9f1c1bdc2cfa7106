"""What those asked next who came back about something else, as a table: each count leads to its rows."""

from typing import Any

from desk.web.figures import Link
from followups.reports import rows
from followups.reports.pairs import APART

PART = "elsewhere"
SHOWN = 10


def table(found: list[rows.Pair], link: Link) -> dict[str, Any] | None:
    if not found:
        return None
    lines = [
        {"pair": pair, "asked": named(pair.asked), "url": link(PART, APART.join((pair.ended, pair.asked)))}
        for pair in found[:SHOWN]
    ]
    return {"rows": lines, "of": found[0].of, "url": link(PART), "is_cut": len(found) > SHOWN}


def label(key: str) -> str:
    ended, _, asked = key.partition(APART)
    return f"{ended}, then {named(asked)}"


def named(family: str) -> str:
    return family or "nothing that has a ticket"
