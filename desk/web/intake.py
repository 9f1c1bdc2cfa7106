"""A new ticket on the phone: who calls, what she was promised before, what it is about, and the sentence to say."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import rows, ticket
from desk.web.forms import refusals, steps
from desk.web.forms.intake import NAMES, NEW, IntakeForm, read_caller, teams_of
from followups import masking, numbers, search
from followups.actions import handling, intake, slots
from followups.errors import Missing, Refused
from followups.models import Actor, Category, Customer, Policy, Team, Ticket

CANDIDATES = 6
SHORTEST = 3
KNOWN_CATEGORIES = 300


@dataclass(frozen=True)
class Candidate:
    """A customer who may be the caller; mail and phone are masked for those who never dealt with her."""

    pk: UUID
    name: str
    detail: str
    matched: str
    sure: bool


@dataclass(frozen=True)
class OpenOne:
    """An open ticket of the caller: `seen` may be read, `opens` once it is written down that she is on the line."""

    ticket: Ticket
    spoken: str
    seen: bool
    opens: bool


def candidates(actor: Actor, text: str, now: Any) -> list[Candidate]:
    """Customers who may be meant by what was typed, with how each was matched."""
    if len(text.strip()) < SHORTEST:
        return []
    found = list(search.customers(text)[:CANDIDATES])
    known, typed = access.served(actor, found, now=now), read_caller(text)
    return [_candidate(each, typed, in_full=each.pk in known) for each in found]


def _candidate(customer: Customer, typed: dict[str, str], *, in_full: bool) -> Candidate:
    mail = customer.email if in_full else masking.mask_email(customer.email)
    phone = numbers.phone_words(customer.phone) if in_full else masking.mask_phone(customer.phone)
    name = str(customer) if in_full else masking.mask_name(customer.name) or "Customer"
    parts = (customer.organisation, customer.reference, mail, phone)
    detail = " · ".join(part for part in parts if part)
    return Candidate(customer.pk, name, detail, _matched(customer, typed), _is_sure(customer, typed))


def _is_sure(customer: Customer, typed: dict[str, str]) -> bool:
    """Whether what was typed names her: part of a name, or a number that several share, asks first."""
    if "name" in typed:
        return customer.name.casefold() == typed["name"].casefold()
    return not ("phone" in typed and customer.shared_account)


def _matched(customer: Customer, typed: dict[str, str]) -> str:
    if "phone" in typed:
        return "shared number, ask who it is" if customer.shared_account else "by phone alone, ask the name"
    if "email" in typed:
        return "by mail"
    return "by account" if "reference" in typed and customer.reference == typed["reference"] else ""


def picked(form: IntakeForm, found: list[Candidate], said: str) -> Customer | None:
    """The customer chosen by hand, else the only one who surely is meant; nobody where the caller is said to be new."""
    if said == NEW:
        return None
    keys = [str(each.pk) for each in found]
    chosen = said if said in keys else keys[0] if len(keys) == 1 and found[0].sure else None
    return Customer.objects.filter(pk=chosen, merged_into__isnull=True).first() if chosen else None


def caller_context(request: access.DeskRequest, form: IntakeForm) -> dict[str, Any]:
    """The caller's part of the page: who it may be, what she went through, and the slots in her hours."""
    text = str(form["caller"].value() or "")
    found = candidates(request.actor, text, request.now)
    customer = picked(form, found, str(form["customer"].value() or ""))
    team = form.teams.get(_number(form["team"].value()))
    policy = Policy.objects.of(team.pk if team else None)
    room = slots.room(team, policy, now=request.now)
    return {
        "candidates": found,
        "customer": customer,
        "customer_name": next((each.name for each in found if customer and each.pk == customer.pk), ""),
        "typed": read_caller(text),
        "repeat": _repeat(customer, request),
        "slots": _slots(customer, room, str(form["priority"].value() or ""), request),
        "her_zone": steps.zone_of(customer, policy),
        "own_sentence": policy.sentence.replace("{window}", "at the time that we have just agreed"),
        "first_update": slots.free(room, customer=customer, now=request.now, first_update=True),
    }


def _number(value: Any) -> int:
    return int(value) if str(value or "").isdigit() else 0


def _repeat(customer: Customer | None, request: access.DeskRequest) -> dict[str, Any] | None:
    if customer is None:
        return None
    before = intake.previous_of(customer, now=request.now)
    promise = before.last_promise
    zone = access.zone_of(request.user)
    return {
        "before": before,
        "tickets": _open_ones(before.open_tickets, request),
        "promise": promise,
        "promise_row": rows.of(promise, zone=zone, now=request.now) if promise else None,
    }


def _open_ones(found: list[Ticket], request: access.DeskRequest) -> list[OpenOne]:
    """Her open tickets. Of another team's one sees that it is there; being on the line with her opens it."""
    if not found:
        return []
    seen = Ticket.objects.visible_to(request.actor, now=request.now).filter(pk__in=[row.pk for row in found])
    keys = set(seen.values_list("pk", flat=True))
    apart = len(keys) < len(found) and _is_apart(request.actor)
    return [OpenOne(row, numbers.read_aloud(row.number), row.pk in keys, _opens(row, apart)) for row in found]


def _is_apart(actor: Actor) -> bool:
    return Team.objects.filter(pk__in=actor.team_ids, separate=True).exists()


def _opens(row: Ticket, apart: bool) -> bool:
    return not apart and not (row.team and row.team.separate)


def _slots(customer: Customer | None, room: slots.Room, priority: str, request: access.DeskRequest) -> list[steps.Slot]:
    found = slots.free(room, customer=customer, now=request.now, priority=priority, count=6)
    return steps.offered(found, access.zone_of(request.user))


def half_filled(request: access.DeskRequest) -> IntakeForm:
    """What was typed so far, without judging it; the slot is chosen anew, as it depends on whose hours count."""
    typed = {name: value for name, value in request.POST.items() if name != "slot"}
    return IntakeForm(initial=typed, teams=teams_of(request.actor), zone="UTC", auto_id="new_%s")


@require_POST
@access.page(*access.DESK_PEOPLE)
def caller(request: access.DeskRequest) -> HttpResponse:
    """Who it may be, while it is typed. Posted, so that no address stands in a log."""
    form = half_filled(request)
    return render(request, "tickets/_parts/caller.html", {"form": form, **caller_context(request, form)})


@require_POST
@access.page(*access.DESK_PEOPLE)
def on_the_line(request: access.DeskRequest, number: str) -> HttpResponse:
    """She is on the line about a ticket of another team: writing that down opens it, for half an hour."""
    customer = _chosen(request)
    row = Ticket.objects.open().filter(number=number, customer=customer).select_related("team").first()
    if customer is None or row is None or not _opens(row, _is_apart(request.actor)):
        raise Missing("No such ticket.")
    told = handling.Told(direction="inbound", channel="phone", purpose="chase")
    handling.record_contact(told=told, ticket=row, by=request.actor, now=request.now)
    messages.success(request, "Written down that she called about it.")
    return redirect(ticket.address(row))


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def ticket_new(request: access.DeskRequest) -> HttpResponse:
    """The phone page. With `said` she heard the sentence and agreed; else the policy dates the first step."""
    if request.method != "POST" or "find" in request.POST:
        return _page(request, half_filled(request))
    form = IntakeForm(request.POST, teams=teams_of(request.actor), zone="UTC", auto_id="new_%s")
    form.zone = _zone(request, form)
    if form.is_valid():
        try:
            return _logged(request, form)
        except Refused as refused:
            refusals.explain(form, refused, NAMES)
    return _page(request, form, status=422)


def _page(request: access.DeskRequest, form: IntakeForm, status: int = 200) -> HttpResponse:
    shown = {
        "form": form,
        "categories": categories(),
        "sentence_open": request.POST.get("find") == "sentence",
        **caller_context(request, form),
    }
    return render(request, "tickets/new.html", shown, status=status)


def categories() -> list[str]:
    return list(Category.objects.values_list("path", flat=True)[:KNOWN_CATEGORIES])


def _zone(request: access.DeskRequest, form: IntakeForm) -> str:
    team = form.teams.get(_number(request.POST.get("team")))
    return steps.zone_of(_chosen(request), Policy.objects.of(team.pk if team else None))


def _chosen(request: access.DeskRequest) -> Customer | None:
    """The customer picked by hand, by her key alone."""
    try:
        key = UUID(request.POST.get("customer", ""))
    except ValueError:
        return None
    return Customer.objects.filter(pk=key, merged_into__isnull=True).first()


def _logged(request: access.DeskRequest, form: IntakeForm) -> HttpResponse:
    given = form.cleaned_data
    said = request.POST.get("said") == "yes"
    row, _made = intake.open_ticket(
        intake=intake.Intake(
            subject=given["subject"],
            category=given["category"],
            channel=given["channel"],
            customer=form.given,
            customer_row=_chosen(request),
            description=given["description"],
            priority=given["priority"],
            team=form.team_row,
            agent=request.user,
            follow_up=form.step(told=True) if said else None,
            waited_seconds=given["waited"] * 60 if given["waited"] is not None else None,
            transfers=given["transfers"],
            mood=given["mood"],
            disliked=given["disliked"],
        ),
        by=request.actor,
        now=request.now,
    )
    _thank(request, row, said)
    return redirect(ticket.address(row))


def _thank(request: access.DeskRequest, row: Ticket, said: bool) -> None:
    following = row.follow_ups.open().first()
    until = rows.until(following, access.zone_of(request.user)) if following else "no next step"
    messages.success(request, f"{numbers.read_aloud(row.number)}: {until}{'' if said else ', not told yet'}.")


urlpatterns = [
    path("tickets/new", ticket_new, name="ticket-new"),
    path("tickets/new/caller", caller, name="ticket-new-caller"),
    path("tickets/new/line/<str:number>", on_the_line, name="ticket-new-line"),
]
