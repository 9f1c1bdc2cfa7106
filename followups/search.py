"""One query language for lists, pages and the API: words, and `name:value` filters."""

import re
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper

from followups import numbers
from followups.errors import Invalid
from followups.models import Customer, Ticket

FILTERS = {
    "state": "state",
    "team": "team__name",
    "agent": "agent__username",
    "channel": "channel",
    "category": "category__path",
    "family": "category__family",
    "priority": "priority",
    "reference": "reference",
    "outcome": "outcome",
}
_TERM = re.compile(r'(?:(?P<name>[a-z_]+):)?(?:"(?P<quoted>[^"]*)"|(?P<word>\S+))')
LONGEST = 200


@dataclass(frozen=True)
class Query:
    """A parsed query: free words, and the filters by name."""

    words: tuple[str, ...] = ()
    filters: dict[str, str] = field(default_factory=dict)


def parse(text: str) -> Query:
    """`refund team:Billing state:open "not arrived"`. An unknown `name:` is a word like any other."""
    if len(text) > LONGEST:
        raise Invalid("q", f"At most {LONGEST} characters.", "too-long")
    words, filters = [], {}
    for match in _TERM.finditer(text.replace("\x00", " ")):
        value = match["quoted"] if match["quoted"] is not None else match["word"]
        if match["name"] in FILTERS and value:
            filters[match["name"]] = value
        elif match["name"]:
            words.append(f"{match['name']}:{value}")
        elif value:
            words.append(value)
    return Query(tuple(words), filters)


def tickets(rows: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """The tickets that match: a number or phone as it is read aloud, a reference, a mail, else words of subject or
    name.
    """
    query = parse(text)
    for name, value in query.filters.items():
        rows = rows.filter(**{FILTERS[name]: value})
    exact = " ".join(query.words)
    if not exact:
        return rows
    number = numbers.normalise(exact)
    if number and numbers.is_valid(number):
        return rows.filter(Q(number=number) | Q(reference=exact))
    phone = numbers.phone(exact, region=settings.DESK_REGION) if any(c.isdigit() for c in exact) else None
    if phone:
        return rows.filter(customer__in=Customer.objects.filter(phone=phone))
    if "@" in exact:
        return rows.filter(customer__in=Customer.objects.filter(email=exact.lower()))
    for word in query.words:
        rows = rows.filter(_matches(word))
    return rows


def _matches(word: str) -> Q:
    named = Customer.objects.annotate(upper=Upper("name")).filter(upper__contains=word.upper()).order_by().values("pk")
    return Q(reference=word) | Q(subject__icontains=word) | Q(customer__in=named[:200]) | Q(customer__reference=word)


def customers(text: str) -> QuerySet[Customer]:
    """Customers by reference, mail, phone or part of the name; merged ones are left out."""
    text = text.replace("\x00", "").strip()[:LONGEST]
    rows = Customer.objects.filter(merged_into__isnull=True)
    if not text:
        return rows.none()
    phone = numbers.phone(text, region=settings.DESK_REGION) if any(c.isdigit() for c in text) else None
    found = Q(reference=text) | Q(name__icontains=text)
    if phone:
        found |= Q(phone=phone)
    if "@" in text:
        found |= Q(email=text.lower())
    return rows.filter(found).order_by("name", "pk")
