"""The policy as a form: every field of it, in plain words and in groups."""

from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator

from desk.web.forms.changes import ChangesForm
from followups.models import Policy

DAYS = list(enumerate(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]))
GROUPS = (
    (
        "What is promised",
        ("sentence", "first_update_days", "proposal_days", "high_proposal_days", "high_priorities", "window_minutes"),
    ),
    ("What the team can carry", ("daily_minutes", "minutes_each", "longest_days", "horizon_days")),
    ("When a customer may be called", ("contact_days", "contact_from", "contact_until", "calls_a_day", "calls_a_week")),
    ("When a supervisor looks", ("review_no_news", "review_follow_ups", "review_days")),
)
LABELS = {
    "sentence": "The sentence",
    "first_update_days": "First news after",
    "proposal_days": "Next promise after",
    "high_proposal_days": "With high priority after",
    "high_priorities": "Which priorities are high",
    "window_minutes": "Length of a window",
    "daily_minutes": "Minutes for follow-ups",
    "minutes_each": "Minutes each follow-up takes",
    "longest_days": "Furthest without her agreement",
    "horizon_days": "Furthest for an agent",
    "contact_days": "Days",
    "contact_from": "From",
    "contact_until": "Until",
    "calls_a_day": "Calls in 24 hours",
    "calls_a_week": "Calls in 7 days",
    "review_no_news": "No news in a row",
    "review_follow_ups": "Follow-ups on one ticket",
    "review_days": "Open for",
}
HINTS = {
    "sentence": "Said and written to her. {window} stands for the time. Promise contact and news, never an outcome.",
    "first_update_days": "Working days, for a ticket that is new.",
    "proposal_days": "Working days, after a dead end.",
    "high_proposal_days": "Working days.",
    "high_priorities": "Words, with commas between them.",
    "window_minutes": "Minutes, at least 5.",
    "daily_minutes": "For each person and day. A full day is skipped.",
    "minutes_each": "Minutes, the call and its notes.",
    "longest_days": "Working days. With her agreement, further.",
    "horizon_days": "Days. Further takes a supervisor.",
    "contact_from": "In her zone; her own hours go first.",
    "contact_until": "In her zone.",
    "calls_a_day": "At most, whatever the tickets.",
    "calls_a_week": "At most.",
    "review_no_news": "This many times without news put it on the list.",
    "review_follow_ups": "This many put it on the list.",
    "review_days": "Working days.",
}
TIME = {"type": "time"}


class Days(forms.TypedMultipleChoiceField):
    def __init__(self) -> None:
        super().__init__(
            choices=DAYS,
            coerce=int,
            widget=forms.CheckboxSelectMultiple(attrs={"class": "segmented"}),
            error_messages={"required": "Pick at least one day."},
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return {str(day) for day in initial or []} != {str(day) for day in data or []}


class Words(forms.CharField):
    """Words with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        words = [word.strip() for word in super().to_python(value).split(",")]
        ProhibitNullCharactersValidator()(",".join(words))  # the field's own looks at the list, and finds none
        if any(len(word) > 60 for word in words):
            raise forms.ValidationError("At most 60 characters each.")
        return [word for word in words if word]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial or []) != str(data or "").strip()


class PolicyForm(ChangesForm):
    contact_days = Days()
    high_priorities = Words(required=False)

    class Meta:
        model = Policy
        fields = [name for _, names in GROUPS for name in names]
        widgets = {
            **{name: forms.TimeInput(attrs=TIME, format="%H:%M") for name in ("contact_from", "contact_until")},
            "sentence": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label, field.help_text = LABELS[name], HINTS.get(name, "")

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in GROUPS]

    @property
    def everything(self) -> dict[str, Any]:
        """All fields: a team's own policy starts as a copy of what held for it before."""
        return {name: self.cleaned_data[name] for name in self.fields}
