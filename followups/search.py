"""One query language for lists, pages and the API: words, and `name:value` filters."""

import re
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q, QuerySet

from followups import inputs, numbers
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
MANY = 200
SHORTEST = 3


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
    for match in _TERM.finditer(inputs.UNKEEPABLE.sub(" ", text)):
        value = match["quoted"] if match["quoted"] is not None else match["word"]
        if match["name"] in FILTERS and value:
            filters[match["name"]] = value
        elif match["name"]:
            words.append(f"{match['name']}:{value}")
        elif value:
            words.append(value)
    return Query(tuple(words), filters)


def tickets(rows: QuerySet[Ticket], text: str) -> QuerySet[Ticket]:
    """The tickets that match: a number, phone, reference or mail as a whole, else each word in subject or name."""
    query = parse(text)
    for name, value in query.filters.items():
        rows = rows.filter(**{FILTERS[name]: value})
    whole = " ".join(query.words)
    if not whole:
        return rows
    known = _known(whole)
    if known is not None:
        return rows.filter(known)
    for word in query.words:
        rows = rows.filter(_matches(word))
    return rows


def _known(whole: str) -> Q | None:
    """What reads as a ticket number or a phone is looked up as such, and as a reference; a number may be both."""
    number, phone = numbers.normalise(whole), _phone(whole)
    if not number and not phone:
        return None
    found = Q(reference=whole)
    if number:
        found |= Q(number=number)
    if phone:
        found |= Q(customer__in=list(Customer.objects.filter(phone=phone).values_list("pk", flat=True)[:MANY]))
    return found


def _phone(text: str) -> str | None:
    return numbers.phone(text, region=settings.DESK_REGION) if any(sign.isdigit() for sign in text) else None


def _matches(word: str) -> Q:
    """Few customers are named by their keys, so that each arm of the question has its index; many are met on the way."""
    named = _contains("name", word) | Q(reference=word) | Q(email=word.lower())
    few = list(Customer.objects.filter(named).order_by().values_list("pk", flat=True)[: MANY + 1])
    hers = Q(customer__in=few) if len(few) <= MANY else _contains("customer__name", word) | Q(customer__reference=word)
    return Q(reference=word) | _contains("subject", word) | hers


def _contains(field: str, word: str) -> Q:
    """The index holds groups of three signs: a shorter word is looked for where a word begins."""
    if len(word) >= SHORTEST:
        return Q(**{f"{field}__icontains": word})
    return Q(**{f"{field}__istartswith": word}) | Q(**{f"{field}__icontains": f" {word}"})


def customers(text: str) -> QuerySet[Customer]:
    """Customers by reference, mail, phone or part of the name; merged ones are left out."""
    text = inputs.UNKEEPABLE.sub("", text).strip()[:LONGEST]
    rows = Customer.objects.filter(merged_into__isnull=True)
    if not text:
        return rows.none()
    found = Q(reference=text) | _contains("name", text)
    phone = _phone(text)
    if phone:
        found |= Q(phone=phone)
    if "@" in text:
        found |= Q(email=text.lower())
    return rows.filter(found).order_by("name", "pk")
