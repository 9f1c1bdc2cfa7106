"""Forms over a row: they collect what changed. The rules are the domain's, said in its own words."""

from typing import Any

from django import forms


class ChangesForm(forms.ModelForm):
    """Never saves: `changes` goes to the act. Uniqueness and constraints are the act's to check."""

    def validate_unique(self) -> None:
        return

    def validate_constraints(self) -> None:
        return

    @property
    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    def lock(self) -> "ChangesForm":
        """For those who read: every field shown, none to be changed."""
        for field in self.fields.values():
            field.disabled = True
        return self
