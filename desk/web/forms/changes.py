"""Forms over a row: they collect what changed. The rules are the domain's, said in its own words."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance


class ChangesForm(forms.ModelForm):
    """Never saves: `changes` goes to the act. Uniqueness and constraints are the act's to check."""

    def _post_clean(self) -> None:
        """As ever, without uniqueness and constraints: the database's words for them say nothing to people."""
        self.instance = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())
        except ValidationError as wrong:
            self._update_errors(wrong)

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    def lock(self) -> "ChangesForm":
        """For those who read: every field shown, none to be changed."""
        for field in self.fields.values():
            field.disabled = True
        return self
