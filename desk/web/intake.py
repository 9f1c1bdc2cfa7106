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
from followups.actions import intake, slots
from followups.errors import Refused
from followups.models import Actor, Customer, Policy, Team, Ticket

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


def candidates(actor: Actor, text: str, now: Any) -> list[Candidate]:
    """Customers who may be meant by what was typed, with how each was matched."""
    if len(text.strip()) < SHORTEST:
        return []
    found = list(search.customers(text)[:CANDIDATES])
    known = set(
        Ticket.objects.visible_to(actor, now=now).filter(customer__in=found).values_list("customer_id", flat=True)
    )
    typed = read_caller(text)
    return [_candidate(each, typed, in_full=each.pk in known or actor.role == "admin") for each in found]


def _candidate(customer: Customer, typed: dict[str, str], *, in_full: bool) -> Candidate:
    mail = customer.email if in_full else masking.mask_email(customer.email)
    phone = numbers.phone_words(customer.phone) if in_full else masking.mask_phone(customer.phone)
    parts = (customer.organisation, customer.reference, mail, phone)
    return Candidate(customer.pk, str(customer), " · ".join(part for part in parts if part), _matched(customer, typed))


def _matched(customer: Customer, typed: dict[str, str]) -> str:
    if "phone" in typed:
        return "shared number, ask who it is" if customer.shared_account else "by phone alone, ask the name"
    if "email" in typed:
        return "by mail"
    return "by account" if "reference" in typed and customer.reference == typed["reference"] else ""


def picked(form: IntakeForm, found: list[Candidate], said: str) -> Customer | None:
    """The customer chosen by hand, else the only one that fits; nobody where the caller is said to be new."""
    if said == NEW:
        return None
    keys = [str(each.pk) for each in found]
    chosen = said if said in keys else keys[0] if len(keys) == 1 else None
    return Customer.objects.filter(pk=chosen, merged_into__isnull=True).first() if chosen else None


def caller_context(request: access.DeskRequest, form: IntakeForm) -> dict[str, Any]:
    """The caller's part of the page: who it may be, what she went through, and the slots in her hours."""
    text = str(form["caller"].value() or "")
    found = candidates(request.actor, text, request.now)
    customer = picked(form, found, str(form["customer"].value() or ""))
    team = form.teams.get(_number(form["team"].value()))
    policy = Policy.objects.of(team.pk if team else None)
    return {
        "candidates": found,
        "customer": customer,
        "typed": read_caller(text),
        "repeat": _repeat(customer, request),
        "slots": _slots(customer, team, policy, str(form["priority"].value() or ""), request),
        "her_zone": steps.zone_of(customer, policy),
        "own_sentence": policy.sentence.replace("{window}", "at the time that we have just agreed"),
        "first_update": slots.propose(customer=customer, team=team, policy=policy, now=request.now, first_update=True),
    }


def _number(value: Any) -> int:
    return int(value) if str(value or "").isdigit() else 0


def _repeat(customer: Customer | None, request: access.DeskRequest) -> dict[str, Any] | None:
    if customer is None:
        return None
    before = intake.previous_of(customer, now=request.now)
    promise = before.last_promise
    return {
        "before": before,
        "visible": set(
            Ticket.objects.visible_to(request.actor, now=request.now)
            .filter(pk__in=[t.pk for t in before.open_tickets])
            .values_list("pk", flat=True)
        )
        if before.open_tickets
        else set(),
        "promise": promise,
        "promise_row": rows.of(promise, zone=access.zone_of(request.user), now=request.now) if promise else None,
        "tickets": [(each, numbers.read_aloud(each.number)) for each in before.open_tickets],
    }


def _slots(
    customer: Customer | None, team: Team | None, policy: Policy, priority: str, request: access.DeskRequest
) -> list[steps.Slot]:
    found = slots.propose(customer=customer, team=team, policy=policy, now=request.now, priority=priority, count=6)
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
    return list(ticket.Category.objects.values_list("path", flat=True)[:KNOWN_CATEGORIES])


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
]
