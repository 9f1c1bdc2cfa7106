"""What comes from outside, made keepable or refused by the name of its field.

Doors hand text and numbers to the acts as they came; the acts pass them through here, so that every door refuses alike
and nothing reaches the database that it cannot keep: no NUL, no lone surrogate, nothing longer than its column, no
number or instant beyond its range. Lengths are those after masking, which may add a few signs.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any

from followups import masking
from followups.errors import Invalid

LONGEST = 1_000_000
SMALL, WHOLE = 32_767, 2_147_483_647
YEARS = range(1900, 2101)
RICHEST = Decimal(10) ** 12
EXTRAS, EXTRA_KEY, EXTRA_TEXT = 50, 100, 2000
PERIODS, SPECIAL_DAYS = 8, 400
UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")


def plain(field: str, text: str, *, most: int, required: bool = False) -> str:
    """One value without blanks around it: a name, a reference."""
    return _kept(field, text.strip(), most, required)


def line(field: str, text: str, *, most: int, required: bool = False) -> str:
    """Free words in one field; card numbers are masked."""
    return _kept(field, masking.mask_cards(text.strip()), most, required)


def block(field: str, text: str, *, most: int = LONGEST, required: bool = False) -> str:
    """Free text of any length, kept as it is written; card numbers are masked."""
    if required and not text.strip():
        raise Invalid(field, "Write something.", "required")
    return _kept(field, masking.mask_cards(text), most, required)


def word(field: str, text: str, *, most: int, required: bool = False) -> str:
    """A free word of the desk's own vocabulary, such as a channel: lower case."""
    return plain(field, text.lower(), most=most, required=required)


def _kept(field: str, text: str, most: int, required: bool) -> str:
    if required and not text:
        raise Invalid(field, "This is needed.", "required")
    if UNKEEPABLE.search(text):
        raise Invalid(field, "It holds a character that cannot be kept.", "forbidden-character")
    if len(text) > most:
        raise Invalid(field, f"At most {most} characters.", "too-long")
    return text


def count(field: str, value: int | None, *, most: int = WHOLE) -> int | None:
    """A number of things or seconds, or None where nobody counted."""
    if value is not None and not 0 <= value <= most:
        raise Invalid(field, f"A whole number from 0 to {most}.", "out-of-range")
    return value


def amount(field: str, given: Decimal | int | None) -> Decimal | None:
    """A sum of money, or None where nobody knows."""
    if given is None:
        return None
    value = Decimal(given)
    if not value.is_finite() or not 0 <= value < RICHEST:
        code = "too-small" if value.is_finite() and value < 0 else "out-of-range"
        raise Invalid(field, "A sum of money, not below 0.", code)
    return value


def instant(field: str, at: datetime) -> datetime:
    """An instant that can be shown in every zone."""
    if at.year not in YEARS:
        raise Invalid(field, "The year must be within 1900 and 2100.", "out-of-range")
    return at


def pairs(field: str, given: Mapping[str, str]) -> dict[str, str]:
    """Free keys with texts."""
    if len(given) > EXTRAS:
        raise Invalid(field, f"At most {EXTRAS} keys.", "too-many")
    named = {plain(field, key, most=EXTRA_KEY, required=True): text for key, text in given.items()}
    return {key: block(f"{field}.{key}", text, most=EXTRA_TEXT) for key, text in named.items()}


def week(field: str, given: Sequence[Sequence[Sequence[str]]]) -> list[list[list[str]]]:
    """Working periods of the seven days, Monday first; at fault is `field.0` to `field.6`, or the whole."""
    if len(given) != 7:
        raise Invalid(field, "Seven days, Monday first.", "out-of-range")
    days = [periods(f"{field}.{number}", one) for number, one in enumerate(given)]
    if not any(days):
        raise Invalid(field, "Give at least one day working hours.", "required")
    return days


def periods(field: str, given: Sequence[Sequence[str]]) -> list[list[str]]:
    """Pairs of local times in order. The last may end on the next day: where its end is not after its start."""
    if len(given) > PERIODS:
        raise Invalid(field, f"At most {PERIODS} periods in a day.", "too-many")
    found = sorted((_clock(field, start), _clock(field, end)) for start, end in given)
    if any(end <= start or end > following for (start, end), (following, _) in pairwise(found)):
        raise Invalid(field, "These periods overlap.", "overlap")
    return [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in found]


def _clock(field: str, text: str) -> time:
    try:
        at = time.fromisoformat(text)
    except (ValueError, TypeError) as wrong:
        raise Invalid(field, "Write hours like 09:00-12:30, 13:30-17:00.", "unknown-time") from wrong
    if at.tzinfo or at.second or at.microsecond:
        raise Invalid(field, "Hours and minutes alone.", "unknown-time")
    return at


def special_days(field: str, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Days with hours of their own, by date, each once; without hours they are days off. At fault is `field.N`."""
    if len(given) > SPECIAL_DAYS:
        raise Invalid(field, f"At most {SPECIAL_DAYS} days.", "too-many")
    found: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(given):
        one = _special_day(f"{field}.{number}", row)
        if one["on"] in found:
            raise Invalid(f"{field}.{number}", "This day is in the list already.", "taken")
        found[one["on"]] = one
    return [found[on] for on in sorted(found)]


def _special_day(field: str, row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        on = date.fromisoformat(str(row["on"]))
    except (ValueError, KeyError) as wrong:
        raise Invalid(field, "Write the day like 2026-12-25.", "unknown-date") from wrong
    if on.year not in YEARS:
        raise Invalid(field, "The year must be within 1900 and 2100.", "out-of-range")
    name = line(field, str(row.get("name", "")), most=120)
    return {"on": on.isoformat(), "name": name, "hours": periods(field, row.get("hours", ()))}
