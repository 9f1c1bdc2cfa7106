"""Words of the line's pages."""

from django import template

from followups import numbers

register = template.Library()


@register.filter
def phone(number: str) -> str:
    """A phone number as people write it: "+1 212-555-0101"."""
    return numbers.phone_words(number)
