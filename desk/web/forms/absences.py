"""An absence as a form: who, from when until when, who stands in."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet

from desk.web.forms.people import LOCAL
from followups import worktime
from followups.models import Actor, Agent, Role

WORKING = (Role.AGENT, Role.SUPERVISOR, Role.ADMIN)


def settable(actor: Actor) -> QuerySet[Agent]:
    """Whose absences the actor enters: their own, of those they lead, as administrator everybody's."""
    people = Agent.objects.filter(is_active=True, role__in=WORKING)
    if actor.role == Role.ADMIN:
        found = people
    elif actor.supervises:
        found = people.filter(Q(teams__in=actor.team_ids) | Q(pk=actor.agent.pk)).distinct()
    else:
        found = people.filter(pk=actor.agent.pk)
    return found.order_by("first_name", "last_name", "username")


def colleagues(actor: Actor) -> QuerySet[Agent]:
    """Who may stand in: those of the actor's teams, for administrators everybody."""
    people = Agent.objects.filter(is_active=True, role__in=WORKING)
    found = people if actor.sees_all else people.filter(teams__in=actor.team_ids).distinct()
    return found.order_by("first_name", "last_name", "username")


class Person(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return obj.display_name


class Moment(forms.DateTimeField):
    """A local time of the reader's zone, as an instant."""

    def __init__(self, *, zone: str, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
        super().__init__(widget=widget, input_formats=[LOCAL, f"{LOCAL}:%S"], **kwargs)
        self.zone = zone

    def clean(self, value: Any) -> datetime | None:
        given = super().clean(value)
        return worktime.to_instant(given.replace(tzinfo=None), self.zone) if given else None


class AbsenceForm(forms.Form):
    agent = Person(Agent.objects.none(), label="Who", empty_label=None)
    stand_in = Person(
        Agent.objects.none(),
        required=False,
        empty_label="Nobody: the team",
        help_text="Hears and does meanwhile what is theirs.",
    )
    reason = forms.CharField(max_length=120, required=False, help_text="Seen by those who lead.")

    def __init__(self, *args: Any, actor: Actor, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].queryset = settable(actor)
        self.fields["stand_in"].queryset = colleagues(actor)
        self.initial.setdefault("agent", actor.agent.pk)
        self.fields["from_at"] = Moment(zone=zone, label="From", help_text=f"In {zone}.")
        self.fields["until_at"] = Moment(zone=zone, label="Back again", help_text="The first moment at work.")
        self.order_fields(["agent", "from_at", "until_at", "stand_in", "reason"])
