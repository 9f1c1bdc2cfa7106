"""Words of the line's pages, and the icons of long lists: drawn once in a page, named by each row."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from lucide.templatetags import lucide as lucide_tags

from desk.templatetags.desk import STATES, pill
from followups import numbers

register = template.Library()


@register.filter
def phone(number: str) -> str:
    """A phone number as people write it: "+1 212-555-0101"."""
    return numbers.phone_words(number)


@register.simple_tag
def row_icons(*names: str) -> SafeString:
    """The drawings of these icons, unseen, for the rows of this page to name."""
    drawn = ((lucide_tags.lucide(name, id=f"icon-{name}", stroke_width="inherit"),) for name in names)
    return format_html("<div hidden>{}</div>", format_html_join("", "{}", drawn))


@register.simple_tag
def row_icon(name: str) -> SafeString:
    """One of `row_icons`, as decoration: a tenth of the bytes of `icon`."""
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><use href="#icon-{}"/></svg>', name)


@register.simple_tag
def row_status(kind: str, word: str = "") -> SafeString:
    """A pill as `status` makes it, with one of `row_icons`."""
    return pill(kind, word, row_icon(STATES[kind][0]))
