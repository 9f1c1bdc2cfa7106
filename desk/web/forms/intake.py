"""The phone page: whoever calls, and what it is about, in as few fields as can be."""

from typing import Any

from django import forms
from django.conf import settings

from desk.web.forms.steps import StepForm
from followups import numbers
from followups.actions.intake import CustomerGiven
from followups.models import Actor, Team

CHANNELS = [("phone", "Phone"), ("email", "Mail"), ("chat", "Chat"), ("social", "Social"), ("walk_in", "In person")]
PRIORITIES = [("", "Normal"), ("high", "High"), ("urgent", "Urgent"), ("low", "Low")]
MOODS = [("", "Not noted"), ("calm", "Calm"), ("worried", "Worried"), ("angry", "Angry")]
NEW = "new"
NAMES = {"customer.email": "email", "customer.phone": "phone", "customer.zone": "caller", "promised_by": "slot"}


def teams_of(actor: Actor) -> list[Team]:
    """Where this person may log: the teams of theirs; an administrator in each."""
    rows = Team.objects.all()
    return list(rows if actor.sees_all else rows.filter(pk__in=actor.team_ids))


class IntakeForm(StepForm):
    caller = forms.CharField(required=False, max_length=200, label="Who is calling?")
    customer = forms.CharField(required=False)
    name = forms.CharField(required=False, max_length=200, label="Name")
    email = forms.CharField(required=False, max_length=254, label="Mail")
    phone = forms.CharField(required=False, max_length=60, label="Phone")
    subject = forms.CharField(
        max_length=300, label="What is it about?", error_messages={"required": "Say in a few words what it is about."}
    )
    category = forms.CharField(
        max_length=250, label="Category", error_messages={"required": "Choose a category, or type a new one."}
    )
    channel = forms.ChoiceField(
        choices=CHANNELS, initial="phone", label="Channel", widget=forms.RadioSelect(attrs={"class": "segmented"})
    )
    priority = forms.ChoiceField(
        choices=PRIORITIES, required=False, label="Priority", widget=forms.RadioSelect(attrs={"class": "segmented"})
    )
    team = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Team")
    description = forms.CharField(required=False, label="What happened", widget=forms.Textarea(attrs={"rows": 3}))
    waited = forms.IntegerField(required=False, min_value=0, max_value=600, label="Waited, minutes")
    transfers = forms.IntegerField(required=False, min_value=0, max_value=50, label="Transfers")
    mood = forms.ChoiceField(
        choices=MOODS, required=False, label="Mood", widget=forms.RadioSelect(attrs={"class": "segmented"})
    )
    disliked = forms.CharField(required=False, max_length=200, label="What she disliked")

    def __init__(self, *args: Any, teams: list[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teams = {team.pk: team for team in teams}
        self.fields["team"].choices = [(team.pk, team.name) for team in teams] or [("", "Nobody's: for all")]
        if teams:
            self.initial.setdefault("team", teams[0].pk)

    @property
    def team_row(self) -> Team | None:
        return self.teams.get(self.cleaned_data.get("team") or 0)

    @property
    def given(self) -> CustomerGiven:
        """The caller as typed: the one field is read as what it looks like, the fields of a new customer come first."""
        data = self.cleaned_data
        typed = {
            **read_caller(data["caller"]),
            **{name: data[name] for name in ("name", "email", "phone") if data[name]},
        }
        return CustomerGiven(**typed)


def read_caller(text: str) -> dict[str, str]:
    """A mail address, a phone number, an account (one word with a digit in it), else a name."""
    text = text.strip()
    if not text:
        return {}
    if "@" in text:
        return {"email": text}
    if any(sign.isdigit() for sign in text) and numbers.phone(text, region=settings.DESK_REGION):
        return {"phone": text}
    is_account = " " not in text and any(sign.isdigit() for sign in text)
    return {"reference" if is_account else "name": text}
