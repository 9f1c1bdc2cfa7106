"""Customers: looked up while the phone rings, changed, merged."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from followups import inputs, numbers, search, timeline, worktime
from followups.actions import marking, matching, turning
from followups.errors import Invalid, Outdated, Refused
from followups.models import Actor, Contact, Customer, Delivery, DoNotContact, Ticket

MOST = 8
FILLED = ("name", "email", "phone", "zone", "language", "organisation", "annual_value", "take_care")


def lookup(*, reference: str = "", phone: str = "", email: str = "", text: str = "") -> list[Customer]:
    """Candidates for a caller, best first: at most eight. Refuses a phone or mail that is none, by name."""
    known = Customer.objects.filter(merged_into__isnull=True)
    found = Q()
    if reference:
        found |= _under("reference", inputs.plain("reference", reference, most=120))
    if email:
        found |= _under("email", _email(email))
    if phone:
        found |= _under("phone", _phone(phone))
    rows = list(known.filter(found).order_by("name", "pk")[:MOST]) if found else []
    if text and len(rows) < MOST:
        ids = {row.pk for row in rows}
        rows += [row for row in search.customers(text)[:MOST] if row.pk not in ids]
    return rows[:MOST]


def _under(field: str, value: str) -> Q:
    """By what she is known under, or what a record merged into hers was."""
    merged = Customer.objects.filter(**{field: value}, merged_into__isnull=False).order_by().values("merged_into")
    return Q(**{field: value}) | Q(pk__in=merged)


def _plain(field: str) -> Callable[[str], str]:
    return lambda text: inputs.plain(field, text, most=matching.LENGTHS[field])


def _email(text: str) -> str:
    given = _plain("email")(text)
    email = numbers.email(given) if given else ""
    if email is None:
        raise Invalid("email", "This is not an e-mail address.", "not-an-email")
    return email


def _phone(text: str) -> str:
    given = _plain("phone")(text)
    phone = numbers.phone(given, region=settings.DESK_REGION) if given else ""
    if phone is None:
        raise Invalid("phone", "This is not a phone number. Begin with + and the country code.", "not-a-phone")
    return phone


def _zone(text: str) -> str:
    if text and not worktime.is_zone(text):
        raise Invalid("zone", "This is not a time zone. Write it like Europe/Berlin.", "unknown-zone")
    return text


def _do_not_contact(value: str) -> str:
    if value not in DoNotContact.values:
        raise Invalid("do_not_contact", f"One of {', '.join(DoNotContact.values)}.", "unknown-choice")
    return value


def _days(value: Any) -> list[int] | None:
    """Weekdays, 0 is Monday; None where the team's hold."""
    if value and not set(value) <= set(range(7)):
        raise Invalid("contact_days", "Days from 0 (Monday) to 6.", "out-of-range")
    return sorted(set(value)) if value else None


def _same(value: Any) -> Any:
    return value


CHANGES: dict[str, Callable[[Any], Any]] = {
    "name": _plain("name"),
    "email": _email,
    "phone": _phone,
    "zone": _zone,
    "language": _plain("language"),
    "organisation": _plain("organisation"),
    "annual_value": lambda value: inputs.amount("annual_value", value),
    "free_to_leave": _same,
    "contract_end": _same,
    "contact_from": _same,
    "contact_until": _same,
    "contact_days": _days,
    "do_not_contact": _do_not_contact,
    "shared_account": _same,
    "take_care": lambda text: inputs.line("take_care", text, most=300),
}


@transaction.atomic
def change(
    *, customer: Customer, changes: Mapping[str, Any], by: Actor, now: datetime, revision: int | None = None
) -> Customer:
    """Change fields. With `revision`, only if nobody changed her since: else Outdated.

    The history names fields, never values. Where she wants no calls from now on, her open ones become writing or a
    review in the same act.
    """
    if changes.get("do_not_contact") == DoNotContact.ALL:
        turning.hold_tickets(customer.pk)
    row = Customer.objects.select_for_update(no_key=True).get(pk=customer.pk)
    if row.merged_into_id:
        raise Refused("already-merged", "She was merged into another record. Change that one.")
    if revision is not None and row.revision != revision:
        raise Outdated
    changed = _put(row, changes)
    _check_hours(row)
    if "phone" in changed:
        row.phone_wrong_at = None
    if changed:
        row.revision += 1
        row.updated_at = now
        row.save()
        timeline.record("customer.changed", by=by, now=now, customer=row, fields=sorted(changed))
    if "shared_account" in changed:
        marking.shared(customer=row, by=by, now=now)
    if "do_not_contact" in changed and row.do_not_contact == DoNotContact.ALL:
        turning.turn_all(customer=row, by=by, now=now)
    return row


def _put(row: Customer, changes: Mapping[str, Any]) -> list[str]:
    """Which fields were changed."""
    changed = []
    for name, value in changes.items():
        if name not in CHANGES:
            raise Invalid(name, "This field cannot be changed.", "read-only-field")
        clean = CHANGES[name](value)
        if getattr(row, name) != clean:
            setattr(row, name, clean)
            changed.append(name)
    return changed


def _check_hours(row: Customer) -> None:
    if bool(row.contact_from) != bool(row.contact_until) or (
        row.contact_from and row.contact_until and row.contact_from >= row.contact_until
    ):
        raise Invalid("contact_until", "Give both, the end later than the beginning.", "end-before-start")


def number_is_wrong(*, customer: Customer, by: Actor, now: datetime) -> None:
    """Somebody else answered at her number: marked until it changes. The ticket's row is held."""
    known = Customer.objects.filter(pk=customer.pk, phone=customer.phone, phone_wrong_at__isnull=True)
    if customer.phone and known.update(phone_wrong_at=now, revision=F("revision") + 1, updated_at=now):
        customer.refresh_from_db()
        timeline.record("customer.changed", by=by, now=now, customer=customer, fields=["phone_wrong_at"])


@transaction.atomic
def merge(*, customer: Customer, into: Customer, by: Actor, now: datetime) -> Customer:
    """Two records of one person: tickets and contacts go to `into`, whose empty fields are filled.

    The other stays as a pointer.
    """
    if customer.pk == into.pk:
        raise Invalid("into", "This is the same customer.", "itself")
    turning.hold_tickets(customer.pk, into.pk)
    rows = {
        row.pk: row
        for row in Customer.objects.select_for_update(no_key=True).filter(pk__in=[customer.pk, into.pk]).order_by("pk")
    }
    gone, stays = rows[customer.pk], rows[into.pk]
    if gone.is_demo != stays.is_demo:
        raise Invalid("into", "One of the two is only for practice.", "other-customer")
    if gone.merged_into_id or stays.merged_into_id:
        raise Refused("already-merged", "One of the two was merged before.")
    Ticket.objects.filter(customer=gone).update(customer=stays, revision=F("revision") + 1, updated_at=now)
    Contact.objects.filter(customer=gone).update(customer=stays)
    Delivery.objects.filter(customer=gone).update(customer=stays)
    Customer.objects.filter(merged_into=gone).update(merged_into=stays)
    was_shared = stays.shared_account
    _fill(gone, stays)
    gone.merged_into = stays
    for row in (gone, stays):
        row.revision += 1
        row.updated_at = now
        row.save()
    timeline.record("customer.merged", by=by, now=now, customer=stays, merged=str(gone.pk))
    if stays.shared_account != was_shared:
        marking.shared(customer=stays, by=by, now=now)
    if stays.do_not_contact == DoNotContact.ALL:
        turning.turn_all(customer=stays, by=by, now=now)
    return stays


def alike(*, customer: Customer) -> list[Customer]:
    """Records that may be of the same person: the same mail, phone or name."""
    shared = [Q(**{name: value}) for name in ("email", "phone", "name") if (value := getattr(customer, name))]
    if not shared:
        return []
    rows = Customer.objects.filter(reduce(or_, shared), merged_into__isnull=True).exclude(pk=customer.pk)
    return list(rows.order_by("name", "pk")[:MOST])


def _fill(gone: Customer, stays: Customer) -> None:
    if not stays.phone:
        stays.phone_wrong_at = gone.phone_wrong_at
    for name in (*matching.FILLED, "annual_value", "take_care", "free_to_leave", "contract_end"):
        if getattr(stays, name) in (None, ""):
            setattr(stays, name, getattr(gone, name))
    if stays.contact_from is None:
        stays.contact_from, stays.contact_until = gone.contact_from, gone.contact_until
    stays.contact_days = stays.contact_days or gone.contact_days
    stays.shared_account = stays.shared_account or gone.shared_account
    order = [DoNotContact.NONE, DoNotContact.MARKETING, DoNotContact.ALL]
    stays.do_not_contact = max(
        stays.do_not_contact, gone.do_not_contact, key=lambda kind: order.index(DoNotContact(kind))
    )
