"""Who is this? The customer of an intake, found by reference, mail or phone, or made."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from followups import inputs, numbers, worktime
from followups.errors import Invalid
from followups.models import Customer

FILLED = ("name", "email", "phone", "zone", "language", "organisation")
QUEUE = "SELECT pg_advisory_xact_lock(hashtext('customer'), hashtext(a)) FROM unnest(%s::text[]) a"
LENGTHS = {
    "reference": 120,
    "name": 200,
    "email": 254,
    "phone": 60,
    "zone": 64,
    "language": 12,
    "organisation": 200,
}


@dataclass(frozen=True)
class CustomerGiven:
    """A customer as an intake names her; empty fields are not known."""

    reference: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    zone: str = ""
    language: str = ""
    organisation: str = ""
    annual_value: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.reference or self.name or self.email or self.phone)


def tidy(given: CustomerGiven) -> CustomerGiven:
    """Lower-case mail and E.164 phone; refuses by name what is neither, and what cannot be kept."""
    given = CustomerGiven(
        **{name: inputs.plain(f"customer.{name}", getattr(given, name), most=most) for name, most in LENGTHS.items()},
        annual_value=inputs.amount("customer.annual_value", given.annual_value),
    )
    email = numbers.email(given.email) if given.email else ""
    if email is None:
        raise Invalid("customer.email", "This is not an e-mail address.", "not-an-email")
    phone = numbers.phone(given.phone, region=settings.DESK_REGION) if given.phone else ""
    if phone is None:
        raise Invalid("customer.phone", "This is not a phone number. Begin with + and the country code.", "not-a-phone")
    if given.zone and not worktime.is_zone(given.zone):
        raise Invalid("customer.zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    return replace(given, email=email, phone=phone)


def find_customer(given: CustomerGiven, *, hold: bool = False) -> tuple[Customer | None, str]:
    """The customer of an intake and by what she was matched: reference, email, phone, or nothing. `given` is tidy.

    What a merged record was known by leads to the one that stayed. `hold` keeps her row from being merged away until
    the transaction ends.
    """
    rows = Customer.objects.order_by("created_at", "id")
    rows = rows.select_for_update(no_key=True, of=["self"]) if hold else rows
    if given.reference:
        row = rows.filter(reference=given.reference).first()
        return (row.merged_into or row, "reference") if row else (None, "")
    if given.email:
        row = rows.filter(email=given.email).first()
        if row:
            return row.merged_into or row, "email"
    if given.phone:
        found = {each.pk: each for each in _present(rows.filter(phone=given.phone)) if not each.shared_account}
        if len(found) == 1:
            return found.popitem()[1], "phone"
    return None, ""


def _present(rows: QuerySet[Customer]) -> Iterator[Customer]:
    """A few are enough to know that it is not one."""
    return (row.merged_into or row for row in rows[:20])


@transaction.atomic(savepoint=False)
def customer_for(*, given: CustomerGiven, now: datetime, is_demo: bool = False) -> Customer | None:
    """Find or make the customer, in the transaction of the act. Given fields fill empty ones and never overwrite."""
    if given.is_empty:
        return None
    given = tidy(given)
    row, _matched_by = find_customer(given, hold=True)
    if row is None:
        row, made = _make_customer(given, now=now, is_demo=is_demo)
        if made:
            return row
    _fill(row, given, now=now)
    return row


def _make_customer(given: CustomerGiven, *, now: datetime, is_demo: bool) -> tuple[Customer, bool]:
    """Two intakes at once make one customer: by her reference, which is unique, else by queueing at her address."""
    fields = {name: getattr(given, name) for name in FILLED}
    fields |= {"annual_value": given.annual_value, "created_at": now, "updated_at": now, "is_demo": is_demo}
    if given.reference:
        row = Customer(reference=given.reference, **fields)
        Customer.objects.bulk_create([row], ignore_conflicts=True)
        written = Customer.objects.get(reference=given.reference)
        return written, written.pk == row.pk
    addresses = sorted(filter(None, (given.email, given.phone)))
    if addresses:
        _queue_at(addresses)
        twin, _matched_by = find_customer(given, hold=True)
        if twin:
            return twin, False
    return Customer.objects.create(**fields), True


def _queue_at(addresses: list[str]) -> None:
    """Wait until every other intake that is making a customer of these addresses has ended."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [addresses])


def _fill(row: Customer, given: CustomerGiven, *, now: datetime) -> None:
    empty = {name: getattr(given, name) for name in FILLED if getattr(given, name) and not getattr(row, name)}
    if given.annual_value is not None and row.annual_value is None:
        empty["annual_value"] = given.annual_value
    if empty:
        for name, value in empty.items():
            setattr(row, name, value)
        row.revision += 1
        row.updated_at = now
        row.save(update_fields=[*empty, "revision", "updated_at"])
