"""What is written down on a ticket: contacts, notes, changed fields."""

from typing import Any

from django import forms

from desk.web.forms import intake
from followups.actions import handling
from followups.errors import Outdated
from followups.models import Agent, Direction, Purpose, Reached, Role, Team, Ticket

CHANNELS = [*intake.CHANNELS, ("sms", "SMS"), ("letter", "Letter"), ("web", "Web")]
THEN = [("reopen", "Open this ticket again"), ("new_ticket", "Make a new ticket"), ("nothing", "Leave it closed")]


def segmented() -> forms.RadioSelect:
    return forms.RadioSelect(attrs={"class": "segmented"})


class ContactForm(forms.Form):
    direction = forms.ChoiceField(choices=Direction.choices, initial="inbound", label="Who began", widget=segmented())
    channel = forms.ChoiceField(choices=CHANNELS, initial="phone", label="Channel")
    reached = forms.ChoiceField(choices=Reached.choices, initial="reached", label="How it went", widget=segmented())
    purpose = forms.ChoiceField(
        choices=[("", "Not noted"), *Purpose.choices], required=False, label="What it was about"
    )
    summary = forms.CharField(required=False, label="What was said", widget=forms.Textarea(attrs={"rows": 2}))
    then = forms.ChoiceField(choices=THEN, required=False, label="This ticket is closed. What now?", widget=segmented())

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        if ticket.is_open:
            del self.fields["then"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not self.ticket.is_open and given.get("direction") == "inbound" and not given.get("then"):
            self.add_error("then", "Choose what happens with the closed ticket.")
        return given

    @property
    def told(self) -> handling.Told:
        return handling.Told(**{name: value for name, value in self.cleaned_data.items() if value})


class NoteForm(forms.Form):
    text = forms.CharField(
        label="Note for colleagues",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write something."},
    )


class FieldsForm(forms.Form):
    """Subject, category, priority, team and owner of a ticket, as they were at `revision`."""

    revision = forms.IntegerField(widget=forms.HiddenInput)

    subject = forms.CharField(max_length=300, label="Subject")
    category = forms.CharField(max_length=250, label="Category", widget=forms.TextInput(attrs={"list": "categories"}))
    priority = forms.CharField(max_length=60, required=False, label="Priority")
    team = forms.ModelChoiceField(Team.objects.none(), required=False, empty_label="For all", label="Team")
    agent = forms.ModelChoiceField(Agent.objects.none(), required=False, empty_label="The team", label="Owner")

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        initial = {name: getattr(ticket, name) for name in ("revision", "subject", "priority", "team", "agent")}
        super().__init__(*args, initial={**initial, "category": ticket.category.path}, **kwargs)
        self.ticket = ticket
        self.fields["team"].queryset = Team.objects.filter(is_demo=ticket.is_demo)
        self.fields["agent"].queryset = owners()
        self.fields["agent"].label_from_instance = lambda person: person.display_name

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if "revision" in self.changed_data:
            self.data = {**self.data.dict(), "revision": self.ticket.revision}
            raise forms.ValidationError(Outdated().message)
        return given

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data}


def owners() -> Any:
    """Who can own tickets and follow-ups."""
    return Agent.objects.filter(is_active=True, role__in=[Role.AGENT, Role.SUPERVISOR, Role.ADMIN])
