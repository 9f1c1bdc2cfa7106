"""Channels, quiet hours, and what a team writes to its customers, as forms. The rules are the domain's."""

from typing import Any

from django import forms

from followups import languages, outward
from followups.models import Channel, ChannelKind, Heard, Listening, Messaging

TIME = {"type": "time"}
HINTS = {
    ChannelKind.MAIL: "a mail address",
    ChannelKind.CHAT: "the address that the chat itself gives for incoming messages, like https://hooks.slack.com/services",
    ChannelKind.SMS: "a number like +12125550123",
}
WRITES = (
    ("told", "What was promised, where nobody has told her yet"),
    ("moved", "A new time, when a promise was moved"),
    ("kept", "What was brought, when a promise was kept"),
    ("closed", "That a ticket was closed as resolved, with a link for “not so?”"),
)


def kinds() -> list[tuple[str, str]]:
    """Those that this site can send to."""
    found = [ChannelKind.MAIL]
    found += [ChannelKind.CHAT] if outward.allowed() else []
    found += [ChannelKind.SMS] if outward.sends_sms() else []
    return [(str(kind), str(kind.label)) for kind in found]


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label="Kind", widget=forms.RadioSelect(attrs={"class": "segmented"}))
    address = forms.CharField(
        label="Address",
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "data-not-kept": ""}),
    )
    name = forms.CharField(label="Name", max_length=60, required=False, help_text="Your own word for it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = kinds()
        self.fields["kind"].choices = choices
        self.fields["kind"].initial = choices[0][0]
        said = "; ".join(f"{label}: {HINTS[ChannelKind(kind)]}" for kind, label in choices)
        self.fields["address"].help_text = f"{said}."


class HearsForm(forms.Form):
    hears = forms.MultipleChoiceField(
        label="Sends me", choices=Heard.choices, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, channel: Channel, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"channel{channel.pk}_%s", initial={"hears": channel.hears}, **kwargs)


class HoursForm(forms.Form):
    quiet_from = forms.TimeField(label="Quiet from", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    quiet_until = forms.TimeField(label="Until", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    quiet_days_off = forms.BooleanField(label="Quiet on my days off", required=False)
    your_day = forms.BooleanField(label="Mail me my day each morning", required=False)

    @classmethod
    def of(cls, row: Listening) -> "HoursForm":
        return cls(initial={name: getattr(row, name) for name in cls.base_fields})


class MessagingForm(forms.Form):
    writes = forms.MultipleChoiceField(
        label="Written by itself", choices=WRITES, required=False, widget=forms.CheckboxSelectMultiple
    )
    language = forms.ChoiceField(
        label="Language",
        choices=[(code, language.name) for code, language in languages.LANGUAGES.items()],
        help_text="Where hers is not known, or not written here.",
    )

    @classmethod
    def of(cls, row: Messaging, *, locked: bool) -> "MessagingForm":
        form = cls(initial={"language": row.language, "writes": [kind for kind, _ in WRITES if getattr(row, kind)]})
        for field in form.fields.values():
            field.disabled = locked
        return form
