"""Keyset pages: each begins after a row, so that it costs what it shows however long the list."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

SIZE = 50


@dataclass(frozen=True)
class Page:
    """`older` is the address of what follows, empty on the last page."""

    rows: list
    older: str = ""


def page(rows: QuerySet, asked: Any, *, field: str, newest_first: bool = False, size: int = SIZE) -> Page:
    """One page by `field`, then the id. `asked` is the request's query; without a sound mark, the first page."""
    sign = "-" if newest_first else ""
    beyond = _beyond(rows, asked.get("after", ""), field, newest_first)
    found = list(beyond.order_by(f"{sign}{field}", f"{sign}pk")[: size + 1])
    if len(found) <= size:
        return Page(found)
    following = asked.copy()
    following["after"] = _mark(found[size - 1], field)
    return Page(found[:size], f"?{following.urlencode()}")


def _mark(row: Any, field: str) -> str:
    value = getattr(row, field)
    return f"{value.isoformat() if hasattr(value, 'isoformat') else value}~{row.pk}"


def _beyond(rows: QuerySet, mark: str, field: str, newest_first: bool) -> QuerySet:
    value, _, key = mark.rpartition("~")
    try:
        at = rows.model._meta.get_field(field).to_python(value)
        pk = rows.model._meta.pk.to_python(key)
    except (ValidationError, ValueError):
        return rows
    if at is None or pk is None or not value:
        return rows
    way = "lt" if newest_first else "gt"
    further = Q(**{f"{field}__{way}": at}) | Q(**{field: at, f"pk__{way}": pk})
    return rows.filter(further, **{f"{field}__{way}e": at})
