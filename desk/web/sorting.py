"""The order of a report's table as a word of its address: `sort=rate` the smallest first, `sort=-rate` the largest."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from desk.web.columns import COLUMNS, Column
from followups.errors import Invalid
from followups.reports import against, shares, windows

NAME = "sort"
FIRST = "key"


@dataclass(frozen=True)
class Order:
    """`column`: None is the first one, the names of the rows."""

    column: Column | None
    down: bool

    def is_by(self, column: Column | None) -> bool:
        return column is self.column


def order(request: HttpRequest, name: str) -> Order | None:
    """What the address asks, None: the report's own order. Raises `Invalid` for what the table has not."""
    text = request.GET.get(NAME, "")
    if not text:
        return None
    known: dict[str, Column | None] = {FIRST: None} | {it.name: it for it in COLUMNS[name] if it.name}
    if (word := text.removeprefix("-")) not in known:
        raise Invalid(NAME, f"Sort by one of {', '.join(known)}; with - in front the largest first.", "unknown-choice")
    return Order(known[word], text.startswith("-"))


def ordered(found: list[Any], name: str, question: windows.Question, asked: Order | None) -> list[Any]:
    """In that order; rows of too few behind all others and unranked, rows without a number last. People stay by name."""
    if asked is None or not is_sortable(question):
        return found
    few = [row for row in found if is_few(name, question, row, asked)]
    others = [row for row in found if not is_few(name, question, row, asked)]
    if asked.column is None:
        return sorted(others, key=lambda row: row.key, reverse=asked.down) + few
    value = asked.column.value
    known = [row for row in others if value(row) is not None]
    unknown = [row for row in others if value(row) is None]
    return [*sorted(known, key=value, reverse=asked.down), *unknown, *few]


def is_sortable(question: windows.Question) -> bool:
    return question.by != "agent"


def is_few(name: str, question: windows.Question, row: Any, asked: Order | None) -> bool:
    """Too few to be ranked: of somebody in every table, of anything where it is sorted by a number."""
    ranked = asked is not None and asked.column is not None and is_sortable(question)
    size = shares.counted(name, row) if ranked else None
    return shares.is_few(name, question, row) or (size is not None and size < against.ENOUGH)


def heads(request: HttpRequest, name: str, question: windows.Question, first: str) -> list[dict[str, Any]]:
    """The heads of the table, the first that of the names: each with the address that sorts by it, and how it is sorted."""
    asked = order(request, name)
    return [head(request, question, asked, column, first) for column in (None, *COLUMNS[name])]


def head(
    request: HttpRequest, question: windows.Question, asked: Order | None, column: Column | None, first: str
) -> dict[str, Any]:
    word, label = (column.name, column.label) if column else (FIRST, first)
    found = {"label": label, "url": "", "sorted": ""}
    if not word or not is_sortable(question):
        return found
    here = asked is not None and asked.is_by(column)
    # Numbers the largest first, names from A on; a second time the other way round.
    down = not asked.down if asked and here else column is not None
    kept = {name: text for name, text in request.GET.dict().items() if text}
    found["url"] = f"?{urlencode(kept | {NAME: f'-{word}' if down else word})}#cut"
    if asked and here:
        found["sorted"] = "descending" if asked.down else "ascending"
    return found
