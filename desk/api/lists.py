"""Cursor lists: `{"results": [...], "next": URL or null}`, by keyset, so that rows written meanwhile shift nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.serializers import ValidationError

from desk.api import fields, parsing
from desk.api.errors import Problem

DEFAULT_SIZE, LARGEST_SIZE = 50, 200
PAGING = ("cursor", "page_size")
PAGES = {"page_size": "1 to 200; 50 if not given.", "cursor": "As in `next`."}


@dataclass(frozen=True)
class Order:
    """A total order: an instant or a name, then the id. `sign` is "-" for the newest first."""

    field: str
    sign: str = ""
    is_instant: bool = True

    def sorted(self, rows: QuerySet) -> QuerySet:
        return rows.order_by(f"{self.sign}{self.field}", f"{self.sign}pk")

    def after(self, rows: QuerySet, value: Any, pk: Any) -> QuerySet:
        way = "lt" if self.sign else "gt"
        beyond = Q(**{f"{self.field}__{way}": value}) | Q(**{self.field: value, f"pk__{way}": pk})
        return rows.filter(beyond, **{f"{self.field}__{way}e": value})


UPDATED = Order("updated_at")


def page(
    request: Request, rows: QuerySet, *, order: Order, answers: Callable[[list], list[dict[str, Any]]], name: str
) -> dict[str, Any]:
    """One page. With `updated_since`, where the list has it, the order is that of the changes, oldest first."""
    size = _size(request.query_params.get("page_size"))
    since = request.query_params.get("updated_since")
    if since is not None:
        order = UPDATED
        rows = rows.filter(updated_at__gte=_instant(since, "updated_since"))
    cursor = request.query_params.get("cursor")
    if cursor is not None:
        rows = order.after(rows, *_opened(cursor, order, name))
    found = list(order.sorted(rows)[: size + 1])
    more, found = len(found) > size, found[:size]
    return {"results": answers(found), "next": _next(request, found[-1], order, name) if more else None}


def _size(text: str | None) -> int:
    if text is None:
        return DEFAULT_SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= LARGEST_SIZE):
        raise _invalid("page_size", f"A number from 1 to {LARGEST_SIZE}.", "out-of-range")
    return int(text)


def _next(request: Request, last: Any, order: Order, name: str) -> str:
    value = getattr(last, order.field)
    token = _signer(name).sign_object([order.field, value.isoformat() if order.is_instant else value, str(last.pk)])
    query = request.query_params.copy()
    query["cursor"] = token
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _opened(cursor: str, order: Order, name: str) -> tuple[Any, str]:
    try:
        field, value, pk = _signer(name).unsign_object(cursor)
        if field == order.field:
            return (datetime.fromisoformat(value) if order.is_instant else value), pk
    except (signing.BadSignature, ValueError, UnicodeError, TypeError):
        pass
    raise Problem(400, "cursor", "This cursor is not one of this list. Begin again without it.", field="cursor")


def _signer(name: str) -> signing.Signer:
    return signing.Signer(salt=f"desk.api.lists.{name}")


def query(request: Request, *allowed: str) -> dict[str, str]:
    """The filters given, each once and keepable; unknown names are refused, because a slip would answer everything."""
    known = {*allowed, *PAGING}
    strange = [name for name in request.query_params if name not in known]
    if strange:
        codes = {parsing.printable(name): ["This filter is not known here."] for name in strange}
        raise ValidationError(codes, code="unknown-field")
    found = {name: request.query_params[name] for name in known.difference(PAGING) if name in request.query_params}
    for name, text in found.items():
        parsing.refuse_unkeepable(text, name)
    return found


def choice(name: str, text: str, choices: list[str] | tuple[str, ...]) -> str:
    if text not in choices:
        raise _invalid(name, f"One of {', '.join(choices)}.", "unknown-choice")
    return text


def flag(name: str, text: str) -> bool:
    return choice(name, text, ("true", "false")) == "true"


def _instant(text: str, name: str) -> datetime:
    try:
        return fields.Instant().run_validation(text)
    except ValidationError as exc:
        raise ValidationError({name: exc.detail}) from exc


def _invalid(name: str, message: str, code: str) -> ValidationError:
    return ValidationError({name: [message]}, code=code)
