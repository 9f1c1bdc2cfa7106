"""The next step in a form: one of the free slots that were offered, or a time of one's own in her zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from desk import access
from desk.templatetags.desk import when
from followups import worktime
from followups.actions import promising, slots
from followups.models import Agent, Contact, Customer, Policy, Ticket

OWN = "own"
# What the domain calls the fields of a step, and where the form says it.
NAMES = dict.fromkeys(("promised_by", "promised_from", "zone", "promise", "owner", "then"), "slot")

Window = tuple[datetime | None, datetime]


@dataclass(frozen=True)
class Slot:
    """An offered slot: what the form sends back, and whether her clock shows another hour than ours. `note` says where
    it comes from.
    """

    value: str
    proposal: slots.Proposal
    hers: bool
    note: str = ""


def offered(proposals: Iterable[slots.Proposal], zone: str) -> list[Slot]:
    """The proposals as choices for an agent in `zone`."""
    return [Slot(value_of(each), each, is_elsewhere(each.by_at, each.zone, zone)) for each in proposals]


def value_of(proposal: slots.Proposal) -> str:
    return f"{proposal.from_at.isoformat()}/{proposal.by_at.isoformat()}"


def is_elsewhere(at: datetime, hers: str, ours: str) -> bool:
    """Whether two zones show different hours at that instant."""
    return at.astimezone(ZoneInfo(hers)).utcoffset() != at.astimezone(ZoneInfo(ours)).utcoffset()


def zone_of(customer: Customer | None, policy: Policy) -> str:
    """The zone in which she is promised a time."""
    return policy.window_of(customer).zone


def read_slot(value: str) -> Window:
    """The window that a slot's value names; ValidationError for any other text."""
    try:
        since, until = (datetime.fromisoformat(part) for part in value.split("/"))
        if since.utcoffset() is None or until.utcoffset() is None:
            raise ValueError("without an offset")
    except ValueError as wrong:
        raise ValidationError("Choose one of the times.") from wrong
    return since, until


class ContactChoice(forms.ModelChoiceField):
    """One of a ticket's contacts in which something can have been said, with its hour in the reader's zone."""

    zone = "UTC"

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.get_direction_display()}, {obj.channel}, {when(obj.at, self.zone)}"


def contact_choice(label: str, empty: str) -> ContactChoice:
    return ContactChoice(Contact.objects.none(), required=False, empty_label=empty, label=label)


def offer_contacts(field: Any, ticket: Ticket, reader: Agent) -> None:
    """Fill such a field for a ticket and a reader."""
    field.queryset = ticket.contacts.filter(reached__in=["reached", "written"]).order_by("-at")
    field.zone = access.zone_of(reader)


class DateInput(forms.DateInput):
    input_type = "date"


class TimeInput(forms.TimeInput):
    input_type = "time"


class StepForm(forms.Form):
    """`slot` is a slot's value, `own`, or empty: then the policy decides. Own times are on the wall of `zone`."""

    slot = forms.CharField(required=False, label="When")
    own_on = forms.DateField(required=False, label="Day", widget=DateInput)
    own_from = forms.TimeField(required=False, label="From", widget=TimeInput(format="%H:%M"))
    own_by = forms.TimeField(required=False, label="Until", widget=TimeInput(format="%H:%M"))
    will_bring = forms.CharField(required=False, max_length=300, label="What we will bring")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone

    def clean_slot(self) -> str:
        value = self.cleaned_data["slot"]
        if value and value != OWN:
            read_slot(value)
        return value

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("slot") == OWN:
            for name in ("own_on", "own_by"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, "Say the day and the time.")
        return given

    @property
    def window(self) -> Window | None:
        """The chosen window as instants; None where the policy decides."""
        given = self.cleaned_data
        if not given.get("slot"):
            return None
        if given["slot"] != OWN:
            return read_slot(given["slot"])
        since = self._instant(given["own_on"], given["own_from"]) if given["own_from"] else None
        return since, self._instant(given["own_on"], given["own_by"])

    def _instant(self, day: date, hour: time) -> datetime:
        return worktime.to_instant(datetime.combine(day, hour), self.zone)

    def step(self, *, told: Contact | bool | None = None, **more: Any) -> promising.Step | None:
        """The step to hand to the domain; None where the policy decides."""
        if self.window is None:
            return None
        since, until = self.window
        bring = self.cleaned_data.get("will_bring", "")
        return promising.Step(until, since, zone=self.zone, told=told or None, will_bring=bring, **more)
