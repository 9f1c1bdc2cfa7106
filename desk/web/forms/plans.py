"""Cadence plans as a form: a head and rows of steps, which all stand in the page."""

from typing import Any

from django import forms

from desk.web.forms.ladders import NOBODY, named
from desk.web.forms.policies import Words
from followups.actions import cadencing
from followups.models import Agent, Bringer, Plan, PlanStep, Rota


class PlanForm(forms.Form):
    name = forms.CharField(label="Name", max_length=120)
    priorities = Words(label="Priorities", required=False, help_text="With commas. Empty: whatever the priority.")
    families = Words(label="Families", required=False, help_text="The first part of the category, like Billing.")
    also_running = forms.BooleanField(label="Also for what runs already", required=False)

    @classmethod
    def of(cls, plan: Plan | None, **kwargs: Any) -> "PlanForm":
        start = {"name": plan.name, "priorities": plan.priorities, "families": plan.families} if plan else {}
        return cls(initial=start, **kwargs)


class StepForm(forms.Form):
    """One step; a row without its days is no step."""

    gap_days = forms.IntegerField(
        label="Working days later", required=False, min_value=1, max_value=cadencing.LONGEST_GAP
    )
    will_bring = forms.CharField(
        label="Bring her", required=False, max_length=300, widget=forms.TextInput(attrs={"placeholder": "dated news"})
    )
    who = forms.ChoiceField(label="Who does it", required=False, choices=Bringer.choices, initial=Bringer.TEAM)
    person = forms.ChoiceField(label="The person", required=False)
    rota = forms.ChoiceField(label="The rota", required=False)

    def __init__(self, *args: Any, people: list[Agent], rotas: list[Rota], **kwargs: Any) -> None:
        kwargs["empty_permitted"] = False  # else a row that stands as it was offered counts as none
        super().__init__(*args, **kwargs)
        self.people, self.rotas = {str(p.pk): p for p in people}, {str(r.pk): r for r in rotas}
        self.fields["person"].choices = NOBODY + named(people)
        self.fields["rota"].choices = NOBODY + [(str(rota.pk), rota.name) for rota in rotas]

    @property
    def is_empty(self) -> bool:
        return self.cleaned_data.get("gap_days") is None and not self.errors

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        named_too = any(given.get(name) for name in ("will_bring", "person", "rota"))
        if named_too and given.get("gap_days") is None and "gap_days" not in self.errors:
            self.add_error("gap_days", "Say after how many working days.")
        return given

    @property
    def step(self) -> cadencing.Step:
        given = self.cleaned_data
        who = given["who"] or Bringer.TEAM
        return cadencing.Step(
            gap_days=given["gap_days"],
            will_bring=given["will_bring"],
            who=who,
            person=self.people.get(given["person"]) if who == Bringer.PERSON else None,
            rota=self.rotas.get(given["rota"]) if who == Bringer.ROTA else None,
        )


StepForms = forms.formset_factory(
    StepForm, extra=0, absolute_max=cadencing.MOST_STEPS, max_num=cadencing.MOST_STEPS, validate_max=True
)


def initial_of(step: PlanStep) -> dict[str, Any]:
    return {
        "gap_days": step.gap_days,
        "will_bring": step.will_bring,
        "who": step.who,
        "person": str(step.person_id or ""),
        "rota": str(step.rota_id or ""),
    }
