"""What is known of a customer, as a form. Value and freedom to leave are for those who lead."""

from typing import Any

from django import forms

from desk.web.forms.changes import ChangesForm
from desk.web.forms.policies import Days
from followups.models import Actor, Customer

LEADERS = ("annual_value", "free_to_leave", "contract_end")
TIME = {"type": "time"}


class AnyDays(Days):
    """Her weekdays; none picked: the team's."""

    def __init__(self) -> None:
        super().__init__()
        self.required, self.label, self.help_text = False, "On", "None: the team's days."


class CustomerForm(ChangesForm):
    revision = forms.IntegerField(widget=forms.HiddenInput)
    contact_days = AnyDays()

    class Meta:
        model = Customer
        fields = (
            "name",
            "email",
            "phone",
            "organisation",
            "zone",
            "language",
            "contact_from",
            "contact_until",
            "contact_days",
            "do_not_contact",
            "shared_account",
            "take_care",
            *LEADERS,
        )
        labels = {
            "email": "E-mail",
            "contact_from": "May be called from",
            "contact_until": "until",
            "do_not_contact": "Contact",
            "shared_account": "Several people share this phone or address",
            "take_care": "Take care",
            "annual_value": "Value a year",
            "free_to_leave": "Free to leave",
            "contract_end": "Contract ends on",
        }
        help_texts = {
            "email": "",
            "phone": "With + and the country code, or as dialled here.",
            "zone": "Like Europe/Paris.",
            "language": "Like en or pt-BR.",
            "contact_from": "In her zone. Empty: the team's hours.",
            "contact_until": "In her zone.",
            "shared_account": "The desk then asks who is calling.",
        }
        widgets = {
            "contact_from": forms.TimeInput(attrs=TIME, format="%H:%M"),
            "contact_until": forms.TimeInput(attrs=TIME, format="%H:%M"),
            "contract_end": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "do_not_contact": forms.RadioSelect(attrs={"class": "segmented"}),
            "zone": forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
            "free_to_leave": forms.NullBooleanSelect,
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The domain reads phones and addresses; a wider field takes them as they are typed.
        for name in ("email", "phone"):
            self.fields[name] = forms.CharField(
                label=self.fields[name].label,
                required=False,
                max_length=254,
                help_text=self.fields[name].help_text,
                widget=self.fields[name].widget,
            )
        if not by.supervises:
            for name in LEADERS:
                del self.fields[name]

    def _post_clean(self) -> None:
        """The row is left as it is: the act checks and writes."""

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in super().changes.items() if name != "revision"}
