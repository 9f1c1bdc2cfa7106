"""A calendar as a form: the week, days of their own, and holidays that are proposed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from desk.web.forms.hours import Hours, WeekForm
from followups import days_off
from followups.actions import calendars
from followups.errors import Refused
from followups.models import Policy

SPARE = 2
MOST = 400


class CalendarForm(WeekForm):
    zone = forms.CharField(
        max_length=64,
        required=False,
        help_text="Like Europe/Paris. Empty: the desk's own.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )


class SpecialDayForm(forms.Form):
    on = forms.DateField(label="Day", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    name = forms.CharField(max_length=120, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    hours = Hours()
    out = forms.BooleanField(label="Take out", required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("on") and not self.errors and (given.get("name") or given.get("hours")):
            self.add_error("on", "Which day?")
        return given

    @property
    def row(self) -> dict[str, Any] | None:
        """The row to be stored; None for an empty line, and for one that is taken out."""
        given = self.cleaned_data
        if not given.get("on") or given["out"]:
            return None
        return {"on": given["on"].isoformat(), "name": given["name"], "hours": given["hours"]}


SpecialDays = forms.formset_factory(SpecialDayForm, extra=SPARE, max_num=MOST, absolute_max=MOST + SPARE)


class Offer(forms.Form):
    """Which country's holidays are proposed."""

    country = forms.ChoiceField(required=False)
    part = forms.ChoiceField(label="Part of it", required=False)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = list(days_off.countries().items())
        self.fields["part"].choices = [("", "The whole country"), *days_off.parts(country).items()]


class CalendarForms:
    """The parts of the page's one form, filled from what was sent, else from the policy that holds."""

    def __init__(self, data: Mapping | None, policy: Policy, *, today: date, region: str, part: str = "") -> None:
        self.policy, self.today, self.data = policy, today, data
        asked = data or {}
        self.country = asked.get("country") or region
        wished = asked.get("part", part)
        self.part = wished if wished in days_off.parts(self.country) else ""
        self.offer = Offer(initial={"country": self.country, "part": self.part}, country=self.country)
        stored = [{**day, "on": date.fromisoformat(day["on"])} for day in policy.special_days]
        self.main = CalendarForm(data, week=policy.week, initial={"zone": policy.zone})
        self.special = SpecialDays(data, initial=stored, prefix="days")

    def is_valid(self) -> bool:
        return all([self.main.is_valid(), self.special.is_valid()])

    @property
    def holidays(self) -> dict[date, str]:
        """Those to come, of this year and the next."""
        found = days_off.proposed(self.country, self.part, (self.today.year, self.today.year + 1))
        return {on: name for on, name in found.items() if on >= self.today}

    @property
    def proposals(self) -> list[dict[str, Any]]:
        """Holidays that the list does not hold yet: what stands in it is never proposed again."""
        held, ticked = self._held(), set(self._ticked())
        return [
            {"on": on, "name": name, "ticked": on in ticked} for on, name in self.holidays.items() if on not in held
        ]

    def _held(self) -> set[date]:
        if self.special.is_bound and self.special.is_valid():
            return {date.fromisoformat(form.row["on"]) for form in self.special if form.row}
        return {date.fromisoformat(day["on"]) for day in self.policy.special_days}

    def _ticked(self) -> list[date]:
        chosen = self.data.getlist("proposed") if self.data else []
        return [on for on in self.holidays if on.isoformat() in chosen]

    @property
    def hours(self) -> calendars.Hours:
        """What was sent, ticked holidays among it."""
        rows = [form.row for form in self.special if form.row]
        held = {row["on"] for row in rows}
        ticked = [on for on in self._ticked() if on.isoformat() not in held]
        rows += [{"on": on.isoformat(), "name": self.holidays[on], "hours": []} for on in ticked]
        return calendars.Hours(zone=self.main.cleaned_data["zone"], week=self.main.week, special_days=rows)

    def explain(self, refused: Refused) -> None:
        """Said at the field at fault, or above all."""
        name, _, number = (refused.field or "").partition(".")
        lines = [form for form in self.special if form.row]
        if name == "special_days" and number.isdigit() and int(number) < len(lines):
            lines[int(number)].add_error(
                "hours" if refused.code in ("overlap", "unknown-time") else "on", refused.message
            )
        elif name == "week" and number:
            self.main.add_error(f"day_{number}", refused.message)
        else:
            self.main.add_error(name if name in self.main.fields else None, refused.message)

    @property
    def errors(self) -> bool:
        return bool(self.main.errors or any(self.special.errors) or self.special.non_form_errors())
