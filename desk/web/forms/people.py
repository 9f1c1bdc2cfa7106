"""People, teams and tokens as forms."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from desk.web.forms.changes import ChangesForm
from followups import worktime
from followups.models import Agent, Role, Scope, Team

LOCAL = "%Y-%m-%dT%H:%M"
LIVES = {"30": "30 days", "90": "90 days", "365": "a year", "": "until it is revoked"}


class PersonForm(ChangesForm):
    teams = forms.ModelMultipleChoiceField(
        Team.objects.all(), required=False, widget=forms.CheckboxSelectMultiple(attrs={"class": "cards"})
    )

    class Meta:
        model = Agent
        fields = (
            "username",
            "first_name",
            "last_name",
            "email",
            "role",
            "zone",
            "started_on",
            "credit_limit",
            "is_active",
        )
        labels = {
            "username": "Name to sign in with",
            "is_active": "May sign in",
            "started_on": "Started on",
            "email": "E-mail",
        }
        help_texts = {
            "username": "",
            "zone": "Like Europe/Paris. Empty: the desk's own.",
            "credit_limit": "How much this person may give away in one case without asking.",
            "is_active": "Switched off, sessions and tokens end at once. What the person did stays.",
        }
        widgets = {
            "started_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "username": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
            "zone": forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["teams"].initial = list(self.instance.teams.values_list("pk", flat=True))
        else:
            del self.fields["is_active"]
        self.order_fields(["username", "first_name", "last_name", "email", "role", "teams"])

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in super().changes.items() if name != "teams"}


class AwayForm(forms.Form):
    """Local time of `zone`; empty means back again."""

    until = forms.DateTimeField(
        label="Away until",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL),
        input_formats=[LOCAL, f"{LOCAL}:%S"],
    )

    def __init__(self, *args: Any, zone: str, until: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.fields["until"].help_text = f"In {zone}. Reminders go to the team meanwhile. Empty: present."
        self.initial["until"] = worktime.to_wall(until, zone) if until else None

    def clean_until(self) -> datetime | None:
        given = self.cleaned_data["until"]
        return worktime.to_instant(given.replace(tzinfo=None), self.zone) if given else None


class TeamForm(ChangesForm):
    class Meta:
        model = Team
        fields = ("name", "kind", "separate")
        labels = {"separate": "Separate"}
        help_texts = {"separate": "Sees of other teams' customers only that a promise exists, its words and its hour."}
        widgets = {"kind": forms.RadioSelect(attrs={"class": "segmented"})}


class TokenForm(forms.Form):
    name = forms.CharField(label="What it is for", max_length=120, help_text="Like: telephone system.")
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(one, one) for one in Scope.values],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "cards"}),
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="Every team", help_text="Sees and writes this team alone."
    )
    agent = forms.ModelChoiceField(
        Agent.objects.filter(is_active=True).exclude(role=Role.AUDITOR),
        label="On behalf of",
        required=False,
        empty_label="Nobody in person",
        help_text="May then do no more than this person.",
    )
    lives = forms.ChoiceField(label="Lives", choices=list(LIVES.items()), required=False, initial="365")

    def clean_lives(self) -> timedelta | None:
        days = self.cleaned_data["lives"]
        return timedelta(days=int(days)) if days else None


class CategoryForm(forms.Form):
    path = forms.CharField(label="Path", max_length=250)
    fold = forms.BooleanField(required=False, widget=forms.HiddenInput)
