"""Customers: found, looked at, changed, two records of one person made one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from desk import access
from desk.web import paging, rows, zones
from desk.web.forms.customers import CustomerForm
from desk.web.forms.policies import DAYS
from desk.web.forms.refusals import explain
from followups import masking, search
from followups.actions import customers
from followups.errors import Forbidden, Missing, Refused
from followups.models import Actor, Contact, Customer, FollowUp, Role, Ticket

SHOWN = 20
RECENT = 10
LEADING = (Role.SUPERVISOR, Role.ADMIN)
NAMES = {"into": None}


@dataclass(frozen=True)
class Face:
    """A customer as this reader may see her."""

    pk: UUID
    name: str
    phone: str
    email: str
    organisation: str
    reference: str
    full: bool


def face(row: Customer, full: bool) -> Face:
    return Face(
        pk=row.pk,
        name=str(row) if full else masking.mask_name(row.name) or "Customer",
        phone=row.phone if full else masking.mask_phone(row.phone),
        email=row.email if full else masking.mask_email(row.email),
        organisation=row.organisation,
        reference=row.reference or "",
        full=full,
    )


def faces(found: Iterable[Customer], actor: Actor, *, now: Any) -> list[Face]:
    """Each in full where the reader sees a ticket of hers; one query for all of them."""
    known = list(found)
    full = access.served(actor, known, now=now)
    return [face(row, row.pk in full) for row in known]


@require_safe
@access.page()
def listing(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    page = paging.page(search.customers(words), request.GET, field="name") if words else paging.Page(recent(request))
    context = {"q": words, "faces": faces(page.rows, request.actor, now=request.now), "older": page.older}
    return render(request, "customers/customers.html", context)


def recent(request: HttpRequest) -> list[Customer]:
    """Whom this person last wrote down a call of."""
    calls = Contact.objects.inbound().filter(recorded_by=request.user, customer__merged_into__isnull=True)
    latest = calls.order_by("-entered_at").select_related("customer")[: RECENT * 3]
    return list({call.customer_id: call.customer for call in latest}.values())[:RECENT]


def _found(key: UUID) -> Customer:
    row = Customer.objects.select_related("merged_into").filter(pk=key).first()
    if row is None:
        raise Missing("No such customer.")
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def customer(request: HttpRequest, key: UUID) -> HttpResponse:
    row = _found(key)
    if row.merged_into_id:
        return redirect("customer", row.merged_into_id)
    full = access.sees_personal(request.actor, row, now=request.now)
    form = CustomerForm(request.POST or None, instance=row, by=request.actor, initial={"revision": row.revision})
    if request.method == "POST" and not full:
        raise Forbidden("not-yours", "You have no ticket of this customer.")
    if _changed(request, row, form):
        return redirect("customer", key)
    return _page(request, row, form if full else None)


def _changed(request: HttpRequest, row: Customer, form: CustomerForm) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    try:
        customers.change(
            customer=row,
            changes=form.changes,
            by=request.actor,
            now=request.now,
            revision=form.cleaned_data["revision"],
        )
    except Refused as refused:
        explain(form, refused)
        return False
    messages.success(request, "Saved.")
    return True


def _page(request: HttpRequest, row: Customer, form: CustomerForm | None) -> HttpResponse:
    actor, now, zone = request.actor, request.now, access.zone_of(request.user)
    tickets = Ticket.objects.visible_to(actor, now=now).filter(customer=row)
    page = paging.page(_tickets(tickets), request.GET, field="opened_at", newest_first=True, size=SHOWN)
    context = {
        "customer": row,
        "face": face(row, form is not None),
        "form": form,
        "page": page,
        "promises": [rows.of(one, zone=zone, now=now) for one in promises(tickets)],
        "contacts": list(contacts(tickets)) if form else [],
        "may_merge": actor.supervises and form is not None,
        "leads": actor.supervises and form is not None,
        "zones": zones.names(),
        "days": ", ".join(word for day, word in DAYS if day in (row.contact_days or [])),
    }
    status = 400 if form is not None and form.errors else 200
    return render(request, "customers/customer.html", context, status=status)


def _tickets(found: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return found.select_related("team", "agent", "category")


def promises(tickets: QuerySet[Ticket]) -> QuerySet[FollowUp]:
    """The latest, open ones and ended ones together."""
    mine = FollowUp.objects.filter(ticket__in=tickets.values("pk"))
    return rows.with_tries(mine).order_by("-promised_by", "-pk")[:SHOWN]


def contacts(tickets: QuerySet[Ticket]) -> QuerySet[Contact]:
    mine = Contact.objects.filter(ticket__in=tickets.values("pk"))
    return mine.select_related("ticket", "recorded_by").order_by("-at", "-pk")[:SHOWN]


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*LEADING)
def merger(request: HttpRequest, key: UUID) -> HttpResponse:
    """Find the other record, look at both, then make them one; `into` is the one that stays."""
    row = _readable(request, key)
    given = request.POST if request.method == "POST" else request.GET
    other = _readable(request, chosen) if (chosen := _uuid(given.get("into", ""))) else None
    if request.method == "POST" and other:
        stays = customers.merge(customer=row, into=other, by=request.actor, now=request.now)
        messages.success(request, f"Now one: {stays}.")
        return redirect("customer", stays.pk)
    words = request.GET.get("q", "").strip()
    found = search.customers(words)[:SHOWN] if words else customers.alike(customer=row)
    others = [one for one in faces(found, request.actor, now=request.now) if one.pk != row.pk and one.full]
    context = {"customer": row, "other": other, "others": others, "q": words, "fields": _side_by_side(row, other)}
    return render(request, "customers/merger.html", context)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _readable(request: HttpRequest, key: UUID) -> Customer:
    row = _found(key)
    if row.merged_into_id:
        raise Missing("This record was merged before.")
    if not access.sees_personal(request.actor, row, now=request.now):
        raise Forbidden("not-yours", "You have no ticket of this customer.")
    return row


def _side_by_side(row: Customer, other: Customer | None) -> list[tuple[str, str, str, str]]:
    """Field, what goes, what stays, and what the merged record says."""
    if other is None:
        return []
    names = (*customers.FILLED, "reference")
    pairs = [(name, str(getattr(row, name) or ""), str(getattr(other, name) or "")) for name in names]
    return [
        (name.replace("_", " "), gone, stays, stays or (gone if name != "reference" else ""))
        for name, gone, stays in pairs
    ]


urlpatterns = [
    path("customers", listing, name="customers"),
    path("customers/<uuid:key>", customer, name="customer"),
    path("customers/<uuid:key>/merger", merger, name="customer-merger"),
]
