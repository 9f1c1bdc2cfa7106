"""What becomes of a follow-up: how it went, what she got, and what comes next, in one form."""

from typing import Any

from django import forms

from desk.web.forms import closures, steps
from desk.web.forms.steps import DateInput
from desk.web.forms.tickets import owners
from followups.actions import answering, closing
from followups.models import Agent, Brought, FollowUp, Reached, Team, Ticket

# value, key, icon, word
REACHED = (
    ("reached", "1", "phone", "Reached"),
    ("written", "2", "mail", "Written"),
    ("voicemail", "3", "voicemail", "Voicemail"),
    ("no_answer", "4", "phone-missed", "No answer"),
    ("wrong_number", "5", "phone-off", "Wrong number"),
)
# value, key, word
BROUGHT = (
    ("answer", "a", "Answer"),
    ("workaround", "w", "Workaround"),
    ("credit", "c", "Credit"),
    ("refund", "f", "Refund"),
    ("replacement", "r", "Replacement"),
    ("appointment", "m", "Appointment"),
    ("document", "d", "Document"),
    ("news", "e", "Dated news"),
    ("no_news", "0", "No news"),
)
THENS = (
    ("next", "x", "The next date"),
    ("resolved", "s", "It is solved"),
    ("withdrawn", "v", "She withdrew it"),
    ("planned", "l", "As planned"),
    ("review", "u", "A supervisor looks"),
)
NAMES = {
    **closures.NAMES,
    "brought.from_party": "from_party",
    "brought.expected_on": "expected_on",
    "then": "then",
    "outcome": "then",
    "evidence.contact": "then",
}


class AnswerForm(steps.StepForm):
    """`then`: the next date, an outcome, what is planned already, or a supervisor's review. `said` is on where she heard
    the next date.
    """

    reached = forms.ChoiceField(
        choices=Reached.choices, label="How did it go?", error_messages={"required": "Say how it went."}
    )
    brought = forms.ChoiceField(choices=[("", ""), *Brought.choices], required=False, label="What do you bring her?")
    text = forms.CharField(required=False, label="In your words", widget=forms.Textarea(attrs={"rows": 2}))
    from_party = forms.CharField(required=False, max_length=120, label="News from whom")
    expected_on = forms.DateField(required=False, label="More is expected on", widget=DateInput)
    then = forms.ChoiceField(
        choices=[("", ""), *((value, word) for value, _, word in THENS)], required=False, label="And then?"
    )
    why = forms.ChoiceField(choices=closures.ClosureForm.base_fields["why"].choices, required=False)
    said = forms.BooleanField(required=False, label="She heard it and agrees")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("then") == "next" and not given.get("slot"):
            self.add_error("slot", "Choose the next date.")
        return given

    @property
    def answer(self) -> answering.Answer:
        given = self.cleaned_data
        return answering.Answer(
            reached=given["reached"],
            brought=given["brought"],
            text=given["text"],
            from_party=given["from_party"],
            expected_on=given["expected_on"],
            closure=self._closure(),
            next_step=self.step(told=given["said"]) if given["then"] == "next" else None,
        )

    def _closure(self) -> closing.Closing | None:
        given = self.cleaned_data
        if given["then"] not in ("resolved", "withdrawn"):
            return None
        evidence = "customer_said" if given["then"] == "resolved" else ""
        return closing.Closing(outcome=given["then"], note=given["text"], evidence=evidence, why=given["why"])


class NumberForm(forms.Form):
    phone = forms.CharField(
        max_length=254,
        label="Another number of hers",
        error_messages={"required": "Write the number."},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class MoveForm(steps.StepForm):
    reason = forms.CharField(max_length=300, label="Why another date?", error_messages={"required": "Say why."})
    agreed_contact = steps.contact_choice("She agreed in", "She has not agreed")

    def __init__(self, *args: Any, ticket: Ticket, reader: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        steps.offer_contacts(self.fields["agreed_contact"], ticket, reader)

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not given.get("slot"):
            self.add_error("slot", "Choose another time.")
        return given


class HandOverForm(forms.Form):
    owner = forms.ModelChoiceField(Agent.objects.none(), required=False, empty_label="The team", label="To whom")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="The same team", label="Team")
    note = forms.CharField(required=False, max_length=300, label="A word for them")

    def __init__(self, *args: Any, follow_up: FollowUp, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners().filter(is_demo=follow_up.ticket.is_demo)
        self.fields["owner"].label_from_instance = lambda person: person.display_name
        self.fields["team"].queryset = Team.objects.filter(is_demo=follow_up.ticket.is_demo)


class CallOffForm(forms.Form):
    called_off_by = forms.ChoiceField(
        choices=[("customer", "She did"), ("us", "We did")],
        label="Who called it off",
        widget=forms.RadioSelect(attrs={"class": "segmented"}),
    )
    reason = forms.CharField(max_length=300, label="Why", error_messages={"required": "Say why."})
