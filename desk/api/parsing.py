"""JSON as the contract has it: UTF-8, no key twice, finite numbers, 64 bits, no depth, no text that cannot be kept."""

import json
import math
from collections import Counter
from typing import Any

from django.http.multipartparser import MultiPartParserError
from rest_framework.parsers import BaseParser, MultiPartParser

from desk.api.errors import Problem

LARGEST_BODY = 10 * 1024 * 1024
DEEPEST = 32
_LARGEST_INT = 2**63


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> dict[str, Any] | list[Any]:
        refuse_other_charsets(media_type or "")
        return loads(stream.read())


class ImportParser(MultiPartParser):
    """Multipart as ever; a broken one is the caller's mistake."""

    def parse(self, stream, media_type=None, parser_context=None):
        try:
            return super().parse(stream, media_type, parser_context)
        except MultiPartParserError as exc:
            raise Problem(400, "invalid", "The multipart body is broken.") from exc


def refuse_other_charsets(media_type: str) -> None:
    charset = media_type.lower().partition("charset=")[2].partition(";")[0].strip(' "')
    if charset not in ("", "utf-8", "utf8"):
        raise Problem(415, "unsupported-media-type", "JSON is read in UTF-8 alone.")


def loads(raw: bytes) -> dict[str, Any] | list[Any]:
    """What stands in `raw`; refuses with a problem that names the place."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise Problem(400, "not-utf-8", f"The body is not UTF-8 at byte {exc.start}.") from exc
    data = _decoded(text)
    if not isinstance(data, (dict, list)):
        raise Problem(400, "not-an-object", "The body must be a JSON object.")
    # Cheap signs first: only nesting beyond the limit or an escape can hold what is refused.
    if text.count("{") + text.count("[") > DEEPEST or "\\u" in text:
        _look_through(data)
    return data


def _decoded(text: str) -> Any:
    try:
        return json.loads(
            text,
            object_pairs_hook=_without_twins,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
    except RecursionError as exc:
        raise _too_deep() from exc
    except json.JSONDecodeError as exc:
        raise Problem(400, "invalid-json", f"The body is not JSON: line {exc.lineno}, column {exc.colno}.") from exc


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twin = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise Problem(400, "duplicate-key", "A key stands twice in one object.", field=printable(twin))
    return found


def _refuse_constant(word: str) -> None:
    raise Problem(400, "not-a-number", f"{word} is not JSON.")


def _bounded_int(digits: str) -> int:
    if len(digits) > 20 or not -_LARGEST_INT <= (number := int(digits)) < _LARGEST_INT:
        raise Problem(400, "out-of-range", "A whole number must fit into 64 bits.")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Problem(400, "out-of-range", "A number is too large.")
    return number


def _too_deep() -> Problem:
    return Problem(400, "too-deep", f"The body may be nested {DEEPEST} deep.")


def _look_through(data: Any) -> None:
    """Walks without recursion, so that no depth can exhaust the stack."""
    waiting: list[tuple[str, Any, int]] = [("", data, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            refuse_unkeepable(value, path)
        elif isinstance(value, (dict, list)):
            if depth > DEEPEST:
                raise _too_deep()
            waiting += _inside(path, value, depth + 1)


def _inside(path: str, value: dict | list, depth: int) -> list[tuple[str, Any, int]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in pairs:
        place = f"{path}.{key}" if path else str(key)
        refuse_unkeepable(str(key), place)
        found.append((place, inner, depth))
    return found


def refuse_unkeepable(text: str, path: str) -> None:
    """PostgreSQL keeps no NUL, UTF-8 no lone surrogate."""
    if "\x00" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Problem(
            400, "forbidden-character", "NUL and lone surrogates cannot be kept.", field=printable(path) or None
        )


def printable(text: str) -> str:
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:200]
