"""A refusal of the domain, said at the field at fault; nothing that was typed is lost."""

from collections.abc import Mapping

from django import forms

from followups.errors import Refused


def explain(form: forms.Form, refused: Refused, names: Mapping[str, str] | None = None) -> None:
    """Add the refusal to the form: at its field (`names` maps the domain's to the form's), else above all."""
    name = (names or {}).get(refused.field or "", refused.field)
    known = name if name in form.fields else None
    form.add_error(known, refused.message)
