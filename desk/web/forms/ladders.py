"""Ladders, rotas and leaders as forms. Spans of time are typed: `30 min`, `2 h`, `1 h 30 min`."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from desk.web import sentences
from desk.web.forms.policies import Words
from desk.web.forms.steps import DateInput, TimeInput
from followups import ladders
from followups.actions import laddering
from followups.models import Agent, Audience, ChannelKind, Elapsing, Ladder, LadderStep, Role, Rota

SPAN = re.compile(r"(?:(\d{1,4})\s*h(?:ours?)?)?\s*(?:(\d{1,5})\s*(?:m|min|minutes?)?)?", re.IGNORECASE)
HEARING = [Role.AGENT, Role.SUPERVISOR, Role.ADMIN]
NOBODY = [("", "\u2013")]
ACTS = list(ladders.ACTS.items())


def hearing() -> list[Agent]:
    """Everybody who can hear a reminder, by name."""
    people = Agent.objects.filter(is_active=True, role__in=HEARING)
    return sorted(people, key=lambda agent: agent.display_name.casefold())


def named(people: Iterable[Agent]) -> list[tuple[str, str]]:
    return [(str(agent.pk), agent.display_name) for agent in people]


class Span(forms.CharField):
    """Minutes; a bare number means minutes too. Empty is None where it need not be given."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "size": 8})

    def prepare_value(self, value: Any) -> Any:
        return sentences.short_span(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        words = str(value or "").strip()
        if not words:
            return None
        found = SPAN.fullmatch(words)
        if found is None:
            raise forms.ValidationError("Write it like 30 min or 2 h.")
        hours, minutes = (int(part or 0) for part in found.groups())
        return hours * 60 + minutes


class LadderForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    priorities = Words(label="Priorities", required=False, help_text="With commas. Empty: whatever the priority.")
    families = Words(label="Families", required=False, help_text="The first part of the category, like Billing.")
    position = forms.IntegerField(
        label="Order", required=False, min_value=0, max_value=999, help_text="The first that fits holds."
    )
    holds = Span(label="Acknowledging rests it for", help_text="Working time, like 4 h.")
    acknowledging = forms.MultipleChoiceField(
        label="Counts as acknowledging too",
        required=False,
        choices=ACTS,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "segmented"}),
    )

    @classmethod
    def of(cls, ladder: Ladder | None, **kwargs: Any) -> "LadderForm":
        start: dict[str, Any] = {"holds": 240}
        if ladder is not None:
            start = {
                "name": ladder.name,
                "priorities": ladder.priorities,
                "families": ladder.families,
                "position": ladder.position,
                "holds": ladder.holds_minutes,
                "acknowledging": ladder.acknowledging,
            }
        return cls(initial=start, **kwargs)


class StepForm(forms.Form):
    """One step; a row in which nobody is named and nothing is typed is no step."""

    audience = forms.ChoiceField(label="Who hears it", required=False, choices=[("", "No step"), *Audience.choices])
    person = forms.ChoiceField(label="The person", required=False)
    rota = forms.ChoiceField(label="The rota", required=False)
    after = Span(label="After the promised time", required=False)
    elapsing = forms.ChoiceField(label="Counted in", required=False, choices=Elapsing.choices)
    channels = forms.MultipleChoiceField(
        label="Beside the app",
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "segmented"}),
    )
    every = Span(label="Again every", required=False)
    times = forms.IntegerField(label="How many times", required=False, min_value=1, max_value=laddering.MOST_REPEATS)

    def __init__(self, *args: Any, people: list[Agent], rotas: list[Rota], **kwargs: Any) -> None:
        kwargs["empty_permitted"] = False  # else a row that stands as it was offered counts as none
        super().__init__(*args, **kwargs)
        self.people, self.rotas = {str(p.pk): p for p in people}, {str(r.pk): r for r in rotas}
        self.fields["person"].choices = NOBODY + named(people)
        self.fields["rota"].choices = NOBODY + [(str(rota.pk), rota.name) for rota in rotas]
        self.fields["channels"].choices = ChannelKind.choices

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.is_empty:
            return given
        if not given.get("audience") and "audience" not in self.errors:
            self.add_error("audience", "Say who hears it.")
        if given.get("after") is None and "after" not in self.errors:
            self.add_error("after", "Say how long after, like 30 min.")
        return given

    @property
    def is_named(self) -> bool:
        """Whether the fold with the names has to be open."""
        return any(self[name].value() or self[name].errors for name in ("person", "rota"))

    @property
    def is_empty(self) -> bool:
        given = self.cleaned_data
        names = ("audience", "person", "rota", "channels", "every", "times")
        return given.get("after") is None and not any(given.get(name) for name in names) and not self.errors

    @property
    def step(self) -> laddering.Step:
        given = self.cleaned_data
        return laddering.Step(
            audience=given["audience"],
            after_minutes=given["after"],
            elapsing=given["elapsing"] or Elapsing.WORKING,
            person=self.people.get(given["person"]) if given["audience"] == Audience.PERSON else None,
            rota=self.rotas.get(given["rota"]) if given["audience"] == Audience.ROTA else None,
            channels=tuple(given["channels"]),
            repeat_minutes=given["every"] or 0,
            repeats=given["times"] or 0,
        )


# What the domain calls the fields of a step, and where the form says it.
OF_STEP = {"after_minutes": "after", "repeat_minutes": "every", "repeats": "times"}
StepForms = forms.formset_factory(StepForm, extra=0, absolute_max=laddering.MOST_STEPS, max_num=laddering.MOST_STEPS)


def initial_of(step: LadderStep | laddering.Step) -> dict[str, Any]:
    return {
        "audience": step.audience,
        "person": str(step.person.pk) if step.person else "",
        "rota": str(step.rota.pk) if step.rota else "",
        "after": step.after_minutes,
        "elapsing": step.elapsing,
        "channels": list(step.channels),
        "every": step.repeat_minutes or None,
        "times": step.repeats or None,
    }


class RotaForm(forms.Form):
    """Members in their order: the n-th field is the n-th turn; empty ones are left out."""

    ROWS = 8

    name = forms.CharField(label="Name", max_length=120)
    starts_on = forms.DateField(label="First turn begins on", widget=DateInput(format="%Y-%m-%d"))
    hands_over_at = forms.TimeField(label="Hands over at", widget=TimeInput(format="%H:%M"))
    turn_days = forms.IntegerField(label="Days in a turn", min_value=1, max_value=laddering.LONGEST_TURN, initial=7)
    zone = forms.CharField(
        label="Zone",
        required=False,
        max_length=64,
        help_text="Like Europe/Paris. Empty: the desk's own.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, people: list[Agent], members: list[Agent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {agent.pk: agent for agent in [*people, *members]}
        self.people = {str(key): agent for key, agent in known.items()}
        for place in range(max(self.ROWS, len(members) + 2)):
            name = f"member_{place}"
            self.fields[name] = forms.ChoiceField(
                label=f"Turn {place + 1}", required=False, choices=NOBODY + named(self.people.values())
            )
            self.initial.setdefault(name, str(members[place].pk) if place < len(members) else "")

    @property
    def details(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith("member_")]

    @property
    def turns(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("member_")]

    @property
    def given(self) -> laddering.Turns:
        clean = self.cleaned_data
        keys = [clean[name] for name in self.fields if name.startswith("member_") and clean.get(name)]
        return laddering.Turns(
            name=clean["name"],
            members=tuple(self.people[key] for key in keys),
            starts_on=clean["starts_on"],
            hands_over_at=clean["hands_over_at"],
            turn_days=clean["turn_days"],
            zone=clean["zone"],
        )


class LeadersForm(forms.Form):
    lead = forms.ChoiceField(label="Leads the team", required=False)
    manager = forms.ChoiceField(label="Manages it", required=False)

    def __init__(self, *args: Any, people: list[Agent], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(agent.pk): agent for agent in people}
        for name in ("lead", "manager"):
            self.fields[name].choices = [("", "Nobody"), *named(people)]

    @property
    def given(self) -> dict[str, Agent | None]:
        return {name: self.people.get(self.cleaned_data[name]) for name in ("lead", "manager")}


def typed(data: Any) -> dict[str, Any]:
    """What stands in the form, not yet judged: for the form with one more row."""
    row = {name: data.get(name, "") for name in LadderForm.base_fields}
    return row | {"acknowledging": data.getlist("acknowledging")}


def typed_steps(data: Any) -> list[dict[str, Any]]:
    total = data.get("steps-TOTAL_FORMS", "")
    count = min(int(total), laddering.MOST_STEPS) if total.isascii() and total.isdigit() and len(total) < 4 else 0
    return [_typed_step(data, f"steps-{place}-") for place in range(count)]


def _typed_step(data: Any, prefix: str) -> dict[str, Any]:
    row = {name: data.get(prefix + name, "") for name in StepForm.base_fields}
    return row | {"channels": data.getlist(prefix + "channels")}
