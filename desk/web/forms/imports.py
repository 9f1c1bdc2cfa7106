"""Uploads, and the map of their columns."""

import json
from typing import Any

from django import forms

from followups.actions import import_maps, importing, uploading
from followups.models import ImportMap

NEEDED = {"reference", "opened_at"}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="Tickets", help_text="A table with a header, plain CSV or packed with gzip, at most 100 MB."
    )
    events = forms.FileField(
        label="History of their states", required=False, help_text="One line for each change of a ticket."
    )
    source = forms.ChoiceField(choices=[(one, one.upper()) for one in importing.SOURCES], label="From")
    map = forms.ModelChoiceField(
        ImportMap.objects.all(), required=False, empty_label="Columns named as ours", to_field_name="name", label="Map"
    )
    zone = forms.CharField(
        required=False,
        max_length=64,
        label="Zone of times without an offset",
        help_text="Like Europe/Paris. Empty: the map's, or the desk's own.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )


class MapForm(forms.Form):
    """One select for each field; what a select cannot say (several columns, constants, words, rows to skip) is kept."""

    zone = UploadForm.base_fields["zone"]

    def __init__(self, *args: Any, map: dict, columns: list[str], events: list[str], **kwargs: Any) -> None:  # noqa: A002
        super().__init__(*args, **kwargs)
        self.map, self.events = map, events
        inner = map.get("fields") or map
        self._add("t_", import_maps.TICKET_FIELDS, inner, columns)
        if events:
            self._add("e_", import_maps.EVENT_FIELDS, map.get("events") or {}, events)
        self.fields["json"] = forms.CharField(
            required=False,
            label="The whole map",
            widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "class": "ref"}),
            initial=json.dumps(map, indent=2, ensure_ascii=False),
            help_text="Changed here, it counts instead of the choices above.",
        )
        self.fields["name"] = forms.CharField(required=False, max_length=120, label="Keep this map as")

    def _add(self, prefix: str, names: tuple[str, ...], said: dict, columns: list[str]) -> None:
        own = {column.casefold() for column in columns}
        for name in names:
            now = said.get(name)
            nothing = f"{name}, the column of that name" if name in own else "nothing"
            choices = [("", nothing), *((column, column) for column in columns)]
            if now is not None and not isinstance(now, str):
                choices[0] = ("", f"as the map says: {_words(now)}")
            initial = next(
                (column for column in columns if isinstance(now, str) and column.casefold() == now.casefold()), ""
            )
            self.fields[prefix + name] = forms.ChoiceField(
                choices=choices, required=False, initial=initial, label=_label(name)
            )

    @property
    def tickets(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("t_")]

    @property
    def history(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("e_")]

    def clean_json(self) -> dict | None:
        if "json" not in self.changed_data:
            return None
        try:
            found = json.loads(self.cleaned_data["json"] or "{}")
        except (ValueError, RecursionError) as wrong:
            raise forms.ValidationError("This is not JSON.") from wrong
        if not isinstance(found, dict):
            raise forms.ValidationError("A map is a JSON object.")
        return found

    def chosen(self) -> dict:
        given = self.cleaned_data
        if given["json"] is not None:
            return given["json"]
        tickets = {name[2:]: given[name] for name in self.fields if name.startswith("t_")}
        events = {name[2:]: given[name] for name in self.fields if name.startswith("e_")}
        return uploading.mapped(map=self.map, tickets=tickets, events=events)


def _words(said: Any) -> str:
    if isinstance(said, list):
        return " or ".join(str(one) for one in said)
    return f"always {said['const']}" if isinstance(said, dict) and "const" in said else "nothing"


def _label(name: str) -> str:
    return name.replace("_", " ") + (" (needed)" if name in NEEDED else "")
