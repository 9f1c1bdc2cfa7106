"""Working periods as people write them: 09:00-12:30, 13:30-17:00."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms

from desk.web.forms.policies import DAYS

EXAMPLE = "Write hours like 09:00-12:30, 13:30-17:00."
PERIOD = re.compile(
    r"\s*(\d{1,2})(?:[:.h](\d{2})?)?\s*(?:-|–|—|to)\s*(\d{1,2})(?:[:.h](\d{2})?)?\s*(?:[,;]|and|$)", re.IGNORECASE
)


def written(periods: Sequence[Sequence[str]]) -> str:
    """`[["09:00", "17:00"]]` as `09:00-17:00`; nothing for a day off."""
    return ", ".join(f"{start}-{end}" for start, end in periods)


def read(text: str) -> list[list[str]]:
    """The periods in a text; midnight may be written 24:00. ValueError for anything else."""
    found, place = [], 0
    while place < len(text):
        period = PERIOD.match(text, place)
        if period is None:
            raise ValueError(text)
        start, end = (_clock(*period.group(first, first + 1)) for first in (1, 3))
        found.append([start, end])
        place = period.end()
    return found


def _clock(hour: str, minute: str | None) -> str:
    text = f"{int(hour):02}:{minute or '00'}"
    return "00:00" if text == "24:00" else text


class Hours(forms.CharField):
    """Periods of a day; empty is a day off."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text", "placeholder": "day off"})
        super().__init__(**{"required": False, "max_length": 200, "widget": widget, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        try:
            return read(super().to_python(value).strip())
        except ValueError as wrong:
            raise forms.ValidationError(EXAMPLE) from wrong

    def run_validators(self, value: Any) -> None:
        """The domain's, with the calendar as a whole."""


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class WeekForm(forms.Form):
    """Seven days of periods: fields `day_0` to `day_6`."""

    def __init__(self, *args: Any, week: Sequence | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, name in enumerate(WEEKDAYS):
            self.fields[f"day_{number}"] = Hours(label=name, initial=list(week[number]) if week else None)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day_{number}"] for number, _ in DAYS]

    @property
    def week(self) -> list[list[list[str]]]:
        return [self.cleaned_data[f"day_{number}"] for number, _ in DAYS]
