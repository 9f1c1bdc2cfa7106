"""When a report is sent by mail, as a form. The rules are the domain's."""

from typing import Any

from django import forms
from django.conf import settings

from followups.actions import rhythms
from followups.actions.mailing import Schedule
from followups.models import Mailing, Period, Rhythm

TIME = {"type": "time"}
LAST_DAY = 31
ON = [
    (Rhythm.WORKING_DAY.value, Rhythm.WORKING_DAY.label),
    *((f"{Rhythm.WEEK}:{number}", f"Each week on {name}") for number, name in enumerate(rhythms.WEEKDAYS)),
    *((f"{Rhythm.MONTH}:{day}", f"Each month on day {day}") for day in range(1, LAST_DAY)),
    (f"{Rhythm.MONTH}:{LAST_DAY}", "On the last day of each month"),
]


def said(rhythm: str, weekday: int, day: int) -> str:
    """The value of the choice: `working_day`, `week:0`, `month:31`."""
    number = {Rhythm.WEEK: f":{weekday}", Rhythm.MONTH: f":{day}"}.get(Rhythm(rhythm), "")
    return f"{rhythm}{number}"


class ScheduleForm(forms.Form):
    period = forms.ChoiceField(
        label="It looks at", choices=[(value, label.capitalize()) for value, label in Period.choices]
    )
    on = forms.ChoiceField(label="It is sent", choices=ON)
    at = forms.TimeField(label="At", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    zone = forms.ChoiceField(label="By the clocks of")

    def __init__(self, *args: Any, own_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = dict.fromkeys(zone for zone in (settings.DESK_ZONE, own_zone, self.initial["zone"]) if zone)
        self.fields["zone"].choices = [(zone, zone.replace("_", " ")) for zone in zones]

    @classmethod
    def of(cls, row: Mailing, data: Any = None, *, own_zone: str) -> "ScheduleForm":
        given = {"period": row.period, "on": said(row.rhythm, row.weekday, row.day), "at": row.at, "zone": row.zone}
        return cls(data, own_zone=own_zone, initial=given)

    @property
    def schedule(self) -> Schedule:
        given = {name: self.cleaned_data[name] for name in ("period", "at", "zone")}
        rhythm, _, number = self.cleaned_data["on"].partition(":")
        which = {Rhythm.WEEK: "weekday", Rhythm.MONTH: "day"}.get(Rhythm(rhythm))
        return Schedule(rhythm=rhythm, **given, **({which: int(number)} if which else {}))
