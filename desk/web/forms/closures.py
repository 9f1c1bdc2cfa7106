"""How a ticket ends: the outcome in the customer's words, and only what that outcome needs."""

from typing import Any

from django import forms

from desk.web.forms import steps
from followups import numbers
from followups.actions import closing
from followups.models import REPLACED, Agent, Contact, Evidence, Outcome, Ticket, WaiverKind, Why

# value, key, icon, word, what follows
OUTCOMES = (
    ("resolved", "1", "check", "It is solved", "She said so, or we saw it"),
    ("no_remedy", "2", "handshake", "Nothing more can be done now", "It becomes a promise with a date"),
    ("unreachable", "3", "phone-missed", "She cannot be reached", "We try again at another hour"),
    ("withdrawn", "4", "undo-2", "She withdrew it", "Say why"),
    ("duplicate", "5", "copy", "It is a duplicate", "Name the other ticket"),
    ("spam", "6", "ban", "It is spam", "Left out of every figure"),
)
EVIDENCE = (
    ("customer_said", "1", "She said so"),
    ("observed", "2", "We saw it work"),
    ("other_system", "3", "Another system says so"),
)
WHYS = (
    ("no_longer_needed", "1", "No longer needed"),
    ("solved_elsewhere", "2", "Solved elsewhere"),
    ("gave_up", "3", "She gave up"),
)
NAMES = {**steps.NAMES, "evidence.text": "evidence_text", "evidence.contact": "evidence"}


class ClosureForm(steps.StepForm):
    """`said` is yes where she heard the sentence of the next step and agreed."""

    outcome = forms.ChoiceField(
        choices=Outcome.choices, label="How did it end?", error_messages={"required": "Choose how it ended."}
    )
    note = forms.CharField(required=False, label="Note", widget=forms.Textarea(attrs={"rows": 2}))
    evidence = forms.ChoiceField(choices=[("", ""), *Evidence.choices], required=False)
    evidence_text = forms.CharField(required=False, max_length=500, label="What was seen, or the reference")
    why = forms.ChoiceField(choices=[("", ""), *Why.choices], required=False)
    duplicate_of = forms.CharField(required=False, max_length=30, label="Number of the other ticket")
    said = forms.CharField(required=False)

    def clean_duplicate_of(self) -> Ticket | None:
        typed = self.cleaned_data["duplicate_of"]
        if not typed:
            return None
        found = Ticket.objects.filter(number=numbers.normalise(typed) or "").first()
        if found is None:
            raise forms.ValidationError("No ticket has this number.")
        return found

    def closing(self, *, evidence_contact: Contact | None = None) -> closing.Closing:
        given: dict[str, Any] = self.cleaned_data
        replaced = given["outcome"] in REPLACED
        return closing.Closing(
            outcome=given["outcome"],
            note=given["note"],
            evidence=given["evidence"],
            evidence_text=given["evidence_text"],
            evidence_contact=evidence_contact,
            why=given["why"],
            follow_up=self.step(told=given["said"] == "yes") if replaced else None,
            duplicate_of=given["duplicate_of"],
            told=replaced and given["said"] == "yes",
        )


class WaiverForm(forms.Form):
    """An honest no. `told` names the contact in which she was told what she can do next."""

    kind = forms.ChoiceField(choices=WaiverKind.choices, label="What kind of end", widget=forms.RadioSelect)
    reason = forms.CharField(label="Why", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    told = steps.contact_choice("How she was told", "Not told yet")

    def __init__(self, *args: Any, ticket: Ticket, reader: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps.offer_contacts(self.fields["told"], ticket, reader)


class ReopenForm(forms.Form):
    reason = forms.CharField(
        max_length=300, label="Why is it open again?", error_messages={"required": "Say why it is open again."}
    )
