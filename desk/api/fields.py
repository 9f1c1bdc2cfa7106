"""What a body may hold: strict types, no unknown fields, null as absent. A field is one kind of value."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from followups import numbers

SHORT, LONG = 300, 100_000
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_YEARS = range(1900, 2101)


class Body(serializers.Serializer):
    """A body. Unknown fields, and those that are only answered (`answered`), are refused by name; null is absence.

    An instance keeps no state of a request, so each body is built once: `BODY = SomeBody()`, then
    `BODY.run_validation(data)`.
    """

    answered: ClassVar[frozenset[str]] = frozenset()

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        for field in fields.values():
            field.allow_null = not field.required
        return fields

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("A JSON object is expected.", code="not-an-object")
        strange = [name for name in data if name not in self.fields]
        if strange:
            raise serializers.ValidationError({str(name)[:200]: self._refusal(name) for name in strange})
        return super().to_internal_value({name: value for name, value in data.items() if value is not None})

    def _refusal(self, name: str) -> serializers.ErrorDetail:
        if name in self.answered:
            return serializers.ErrorDetail("This field is only answered.", code="read-only-field")
        return serializers.ErrorDetail("This field is not known here.", code="unknown-field")


class Text(serializers.CharField):
    """Text, and nothing that could be read as text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", SHORT)
        kwargs.setdefault("allow_blank", not kwargs.get("required", True))
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:  # as sent: blanks at the ends count too
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(data)


class Word(Text):
    """A free word such as a channel, kept in lower case."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, (int, float)) or data != int(data):
            self.fail("invalid")
        return int(data)


class Amount(serializers.DecimalField):
    """A sum of money with at most two places; a JSON number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, min_value=Decimal(0), max_value=Decimal(10**12 - 1), **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, (int, float)):
            self.fail("invalid")
        return super().to_internal_value(data)


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Choice(serializers.ChoiceField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class Id(serializers.UUIDField):
    def to_internal_value(self, data: Any) -> UUID:
        if not isinstance(data, str) or not _UUID.fullmatch(data):
            self.fail("invalid", value=data)
        return UUID(data)


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field):
    """RFC 3339 with an offset, as UTC. A naive one is refused: it would be a guess."""

    default_error_messages: ClassVar[dict[str, str]] = {
        "invalid": "An instant is written like 2026-03-31T14:00:00+02:00.",
        "naive-instant": "An instant needs its offset, like Z or +02:00.",
        "out-of-range": "The year must be within 1900 and 2100.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        if not isinstance(data, str) or not (found := _INSTANT.fullmatch(data)):
            self.fail("invalid")
        if found[2] is None:
            self.fail("naive-instant")
        return self._parsed(data)

    def _parsed(self, data: str) -> datetime:
        try:
            instant = datetime.fromisoformat(data.upper())
            if instant.year not in _YEARS:
                self.fail("out-of-range")
            return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("invalid")


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field):
    default_error_messages: ClassVar[dict[str, str]] = {
        "invalid": "A date is written like 2026-03-31.",
        "out-of-range": "The year must be within 1900 and 2100.",
    }

    def to_internal_value(self, data: Any) -> date:
        try:
            day = date.fromisoformat(data) if isinstance(data, str) and len(data) == 10 else self.fail("invalid")
        except ValueError:
            self.fail("invalid")
        if day.year not in _YEARS:
            self.fail("out-of-range")
        return day


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"})
class LocalTime(serializers.Field):
    """A time of the day on the customer's own clock."""

    default_error_messages: ClassVar[dict[str, str]] = {"invalid": "A time is written like 09:00."}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not _TIME.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)


@cache
def zones() -> frozenset[str]:
    return frozenset(available_timezones())


class Zone(Text):
    """An IANA zone such as Europe/Berlin."""

    default_error_messages: ClassVar[dict[str, str]] = {
        "unknown-zone": "The zone is not known; write it like Europe/Berlin."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        zone = super().to_internal_value(data)
        if zone and zone not in zones():
            self.fail("unknown-zone")
        return zone


class Email(Text):
    default_error_messages: ClassVar[dict[str, str]] = {"not-an-email": "This is not a mail address."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return (numbers.email(text) or self.fail("not-an-email")) if text else ""


class Phone(Text):
    """Any spelling that is dialled in the desk's region, kept as E.164."""

    default_error_messages: ClassVar[dict[str, str]] = {"not-a-phone": "This is not a phone number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        return (numbers.phone(text, region=settings.DESK_REGION) or self.fail("not-a-phone")) if text else ""


class TicketNumber(Text):
    """A ticket number in any spelling that is read aloud."""

    default_error_messages: ClassVar[dict[str, str]] = {"unknown": "There is no such ticket."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return numbers.normalise(super().to_internal_value(data)) or self.fail("unknown")


class Path(Text):
    """A path of free words, root first."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=250, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        words = [word.strip() for word in super().to_internal_value(data).split("/")]
        if not all(words) or len(words[0]) > 120:
            self.fail("invalid")
        return "/".join(words)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "string", "maxLength": 2000}, "maxProperties": 50}
)
class Extra(serializers.DictField):
    """Free keys with texts."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=Text(max_length=2000, allow_blank=True), **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, dict) and (len(data) > 50 or any(len(key) > 100 for key in data)):
            raise serializers.ValidationError("At most 50 keys of 100 characters.", code="too-many")
        return super().to_internal_value(data)


class ToldBody(Body):
    contact = Id(help_text="The contact in which the customer was told.")


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean", "const": True},
            {
                "type": "object",
                "properties": {"contact": {"type": "string", "format": "uuid"}},
                "required": ["contact"],
                "additionalProperties": False,
            },
        ]
    }
)
class Told(serializers.Field):
    """`true`: said on the call that is going on; `{contact}`: in that contact."""

    default_error_messages: ClassVar[dict[str, str]] = {"invalid": "Either true, or an object with a contact."}
    body = ToldBody()

    def to_internal_value(self, data: Any) -> bool | UUID:
        if data is True:
            return True
        if not isinstance(data, dict):
            self.fail("invalid")
        return self.body.run_validation(data)["contact"]
