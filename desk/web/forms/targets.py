"""Targets and pauses as forms, in the measures that people think in."""

from datetime import datetime
from typing import Any

from django import forms

from desk.web.forms.policies import Words
from followups import worktime
from followups.models import OWN_KINDS, Elapsing, Target, TargetKind, Term, Waiting

MINUTES, HOURS = "minutes", "hours"
DAY = 1440
SEGMENTED = {"class": "segmented"}
KINDS = [(kind, TargetKind(kind).label) for kind in OWN_KINDS]
MEASURES = [(MINUTES, "Minutes"), (HOURS, "Hours")]
TERMS = [(Term.DAYS, "Days"), (Term.WORKING_DAYS, "Working days"), (Term.MONTHS, "Months")]
WAITS = [
    (Waiting.CUSTOMER, "For her answer: the resolution clock rests"),
    (Waiting.THIRD_PARTY, "For somebody else: her clock runs on"),
]


class TargetForm(forms.Form):
    kind = forms.ChoiceField(label="What", choices=KINDS, widget=forms.RadioSelect(attrs=SEGMENTED))
    amount = forms.IntegerField(label="Within", min_value=1)
    measure = forms.ChoiceField(label="Measure", choices=MEASURES)
    elapsing = forms.ChoiceField(label="Counted in", choices=Elapsing.choices)
    warn_before = forms.IntegerField(label="Warn before", min_value=0, help_text="Minutes. 0: no warning.")
    families = Words(label="Only for families", required=False, help_text="Empty: all.")
    priorities = Words(label="Only for priorities", required=False, help_text="Empty: all.")
    channels = Words(label="Only for channels", required=False, help_text="Empty: all.")
    is_on = forms.BooleanField(
        label="On", required=False, help_text="Off: for these tickets no such target holds, not even the desk's."
    )

    def __init__(self, *args: Any, target: Target | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=begun(target), **kwargs)
        if target and target.template:
            self.fields["measure"].choices = TERMS
            self.fields["warn_before"].help_text = "Days. 0: no warning."
            for name in ("kind", "elapsing", "priorities", "channels"):
                del self.fields[name]
            self.fields["families"].help_text = "Empty: where somebody applies it to a ticket."

    @property
    def changes(self) -> dict[str, Any]:
        """The columns of the target."""
        found = dict(self.cleaned_data)
        measure = found.pop("measure")
        if measure in (MINUTES, HOURS):
            return found | {"unit": Term.MINUTES, "amount": found["amount"] * (60 if measure == HOURS else 1)}
        return found | {"unit": measure, "warn_before": found["warn_before"] * DAY}


def begun(target: Target | None) -> dict[str, Any]:
    if target is None:
        return {"measure": HOURS, "elapsing": Elapsing.WORKING, "warn_before": 60, "is_on": True}
    shown = {
        name: getattr(target, name) for name in ("kind", "elapsing", "families", "priorities", "channels", "is_on")
    }
    if target.unit != Term.MINUTES:
        return shown | {"amount": target.amount, "measure": target.unit, "warn_before": target.warn_before // DAY}
    whole = target.amount % 60 == 0
    measured = {"amount": target.amount // 60 if whole else target.amount, "measure": HOURS if whole else MINUTES}
    return shown | measured | {"warn_before": target.warn_before}


class RuleForm(forms.Form):
    """For which families a rule by name holds by itself."""

    families = Words(label="For families", required=False, help_text="Empty: where somebody applies it to a ticket.")


class PauseForm(forms.Form):
    reason = forms.ChoiceField(
        label="We wait", choices=WAITS, initial=Waiting.CUSTOMER, widget=forms.RadioSelect(attrs={"class": "cards"})
    )
    question = forms.CharField(
        label="What was asked",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="As she was asked it.",
    )
    until_at = forms.DateTimeField(
        label="Until",
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="It ends by itself then, or when she answers.",
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["until_at"].help_text += f" In {zone}."

    def clean_until_at(self) -> datetime:
        return worktime.to_instant(self.cleaned_data["until_at"].replace(tzinfo=None), self.zone)
