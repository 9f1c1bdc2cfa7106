"""What a supervisor does to several rows at once."""

from datetime import datetime, timedelta

from django import forms
from django.db.models import Exists, OuterRef

from followups import worktime
from followups.models import Absence, Actor, Agent, Role, Team

WORKING = (Role.AGENT, Role.SUPERVISOR)


def people(actor: Actor, *, now: datetime) -> list[Agent]:
    """Who can be handed something: active agents and supervisors of the teams that the actor leads; `away` tells
    who is not there.
    """
    away = Exists(Absence.objects.at(now).filter(agent=OuterRef("pk")))
    found = Agent.objects.annotate(away=away).filter(is_active=True, role__in=WORKING)
    if not actor.sees_all:
        found = found.filter(teams__in=actor.team_ids).distinct()
    return list(found.order_by("first_name", "last_name", "username"))


def teams(actor: Actor) -> list[Team]:
    found = Team.objects.order_by("name")
    return list(found if actor.sees_all else found.filter(pk__in=actor.team_ids))


class Handover(forms.Form):
    """To a person, or to the team, where whoever is free takes it."""

    to = forms.ChoiceField(label="Hand to")
    note = forms.CharField(label="Note for them", max_length=300, required=False)

    def __init__(self, *args, people: list[Agent], teams: list[Team], **kwargs) -> None:
        super().__init__(*args, prefix="handover", **kwargs)
        self.people = {f"agent:{one.pk}": one for one in people}
        self.teams = {f"team:{one.pk}": one for one in teams}
        named = [(key, one.display_name + (" (away)" if one.away else "")) for key, one in self.people.items()]
        whole = [("team:", "Each one's own team")] + [(key, one.name) for key, one in self.teams.items()]
        self.fields["to"].choices = [("", "Choose"), ("A person", named), ("A team, whoever is free", whole)]
        self.use_required_attribute = False

    def target(self) -> tuple[Agent | None, Team | None]:
        to = self.cleaned_data["to"]
        return self.people.get(to), self.teams.get(to)


class Moving(forms.Form):
    """To each customer's own next free slot, or all of them to one time."""

    to = forms.ChoiceField(
        label="Move to",
        choices=[("slot", "Each one's next free slot"), ("time", "One time for all")],
        widget=forms.RadioSelect(attrs={"class": "segmented"}),
        initial="slot",
    )
    by = forms.DateTimeField(
        label="By",
        required=False,
        help_text="Only for one time for all.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )
    reason = forms.CharField(label="Why", max_length=300)

    def __init__(self, *args, zone: str, now: datetime, **kwargs) -> None:
        super().__init__(*args, prefix="moving", **kwargs)
        self.zone, self.now = zone, now
        self.fields["by"].label = f"By, in {zone}"
        self.use_required_attribute = False

    def clean_by(self) -> datetime | None:
        given = self.cleaned_data["by"]
        return worktime.to_instant(given.replace(tzinfo=None), self.zone) if given else None

    def clean(self) -> dict:
        found = super().clean()
        if found.get("to") != "time" or self.errors.get("by"):
            return found
        if not found.get("by"):
            self.add_error("by", "Name the time.")
        elif found["by"] <= self.now + timedelta(minutes=1):
            self.add_error("by", "This time has passed.")
        return found


class Refusal(forms.Form):
    reason = forms.CharField(label="Why not", max_length=300)
