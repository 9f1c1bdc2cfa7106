"""One ticket: what she was promised and brought, the next steps, the history; notes, contacts and changed fields."""

from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from desk import access
from desk.web import clocks, history, rows
from desk.web.forms import closures, refusals, steps
from desk.web.forms.tickets import ContactForm, FieldsForm, NoteForm
from followups import numbers
from followups.actions import handling, slots
from followups.errors import Refused
from followups.models import Actor, Category, FollowUp, Policy, Ticket

LATEST = 40
OFFERED = 6
KNOWN_CATEGORIES = 300


@dataclass(frozen=True)
class Steps:
    """The follow-ups of a ticket: the open ones, the words promised last, and what she was brought last."""

    open: list[FollowUp]
    told: FollowUp | None
    brought: FollowUp | None

    def standing(self, now: datetime) -> FollowUp | None:
        """The step that a dead end falls back on: the earliest whose time has not passed."""
        return next((each for each in self.open if each.promised_by > now), None)


def steps_of(ticket: Ticket) -> Steps:
    latest = list(rows.with_tries(ticket.follow_ups.order_by("-promised_at"))[:LATEST])
    for each in latest:
        each.ticket = ticket
    told = sorted((each for each in latest if each.told_at), key=attrgetter("told_at"))
    brought = sorted((each for each in latest if each.brought), key=attrgetter("ended_at"))
    opened = sorted((each for each in latest if each.is_open), key=lambda each: each.promised_by)
    return Steps(opened, told[-1] if told else None, brought[-1] if brought else None)


def found(request: access.DeskRequest, number: str) -> Ticket:
    """The ticket of a number in any of its spellings, or Missing."""
    return access.ticket(request.actor, numbers.normalise(number) or "", now=request.now)


def address(ticket: Ticket) -> str:
    return reverse("ticket", args=[ticket.number])


def status_of(ticket: Ticket, opened: list[FollowUp], now: datetime) -> tuple[str, str]:
    """The mark and the word at the head of the page."""
    if not ticket.is_open:
        if ticket.waived:
            return "waived", "ended by waiver"
        return "closed", history.OUTCOMES.get(ticket.outcome, ticket.outcome or "closed").lower()
    if not opened:
        return "warn", "no next step"
    return rows.state_of(opened[0], now)


def room_of(ticket: Ticket, request: access.DeskRequest, policy: Policy | None = None) -> slots.Room:
    return slots.room(ticket.team, policy or Policy.objects.of(ticket.team_id), now=request.now)


def offers(ticket: Ticket, request: access.DeskRequest, room: slots.Room | None = None) -> dict[str, Any]:
    """The free slots of a ticket as choices, and the words for a time of one's own."""
    room = room or room_of(ticket, request)
    policy, zone = room.policy, access.zone_of(request.user)
    found = slots.free(room, customer=ticket.customer, now=request.now, priority=ticket.priority, count=OFFERED)
    return {
        "slots": steps.offered(found, zone),
        "her_zone": steps.zone_of(ticket.customer, policy),
        "own_sentence": policy.sentence.replace("{window}", "at the time that we have just agreed"),
        "do_not_call": bool(ticket.customer and ticket.customer.do_not_contact == "all"),
    }


def rights(actor: Actor, ticket: Ticket, now: datetime) -> dict[str, bool]:
    works = access.may(actor, ticket, "change", now=now)
    closes = works or access.may(actor, ticket, "close", now=now)
    return {"change": works, "close": closes, "log": closes, "supervise": works and actor.supervises}


def head(ticket: Ticket, found: Steps, request: access.DeskRequest) -> dict[str, Any]:
    """What every page about a ticket shows of it."""
    mark, word = status_of(ticket, found.open, request.now)
    zone, standing = access.zone_of(request.user), found.standing(request.now)
    return {
        "ticket": ticket,
        "spoken": numbers.read_aloud(ticket.number),
        "customer": ticket.customer,
        "customer_name": rows.name_of(ticket.customer, request.user),
        "mark": mark,
        "mark_word": word,
        "told": found.told,
        "told_window": rows.until(found.told, zone) if found.told else "",
        "brought": found.brought,
        "standing": standing,
        "standing_until": rows.until(standing, zone) if standing else "",
    }


def page_of(ticket: Ticket, request: access.DeskRequest) -> dict[str, Any]:
    known, zone = steps_of(ticket), access.zone_of(request.user)
    may = rights(request.actor, ticket, request.now)
    lines, older = history.page(ticket, before=request.GET.get("before", ""))
    shown = {
        **head(ticket, known, request),
        "rows": [rows.of(each, zone=zone, now=request.now, reader=request.user) for each in known.open],
        "may": may,
        "lines": lines,
        "older": older,
        "note_form": NoteForm(auto_id="note_%s"),
        "contact_form": ContactForm(ticket=ticket, auto_id="contact_%s"),
        "waiver_request": ticket.waiver_requests.filter(answered_at__isnull=True).first() if ticket.is_open else None,
        "shown_personal": may["close"] or request.user.role == "admin",
    }
    if ticket.is_open:
        policy = Policy.objects.of(ticket.team_id)
        shown |= clocks.of_ticket(ticket, policy, request)
        shown |= _choices(ticket, policy, request) if may["close"] else {}
    return shown


def _choices(ticket: Ticket, policy: Policy, request: access.DeskRequest) -> dict[str, Any]:
    offered = offers(ticket, request, room_of(ticket, request, policy))
    return offered | closing_choices(offered["her_zone"])


def closing_choices(zone: str) -> dict[str, Any]:
    return {
        "closure_form": closures.ClosureForm(zone=zone, auto_id="closing_%s"),
        "promise_form": steps.StepForm(zone=zone, auto_id="promise_%s"),
        "outcomes": closures.OUTCOMES,
        "evidences": closures.EVIDENCE,
        "whys": closures.WHYS,
    }


@require_GET
@access.page()
def ticket(request: access.DeskRequest, number: str) -> HttpResponse:
    """A ticket as its people see it; another spelling of its number leads to the one address."""
    row = found(request, number)
    if row.number != number:
        return redirect(address(row))
    return render(request, "tickets/page.html", page_of(row, request))


def act(
    request: access.DeskRequest, row: Ticket, *, title: str, part: str, status: int = 200, **more: Any
) -> HttpResponse:
    """The small page of one act: where it is refused, and where there is no script."""
    known = head(row, steps_of(row), request)
    return render(
        request,
        "tickets/act.html",
        {**known, "title": title, "part": f"tickets/_parts/{part}.html", **more},
        status=status,
    )


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def notes(request: access.DeskRequest, number: str) -> HttpResponse:
    row = found(request, number)
    access.require(request.actor, row, "log", now=request.now)
    form = NoteForm(request.POST or None, auto_id="note_%s")
    if form.is_valid():
        handling.note(ticket=row, text=form.cleaned_data["text"], by=request.actor, now=request.now)
        return redirect(address(row))
    return act(request, row, title="Add a note", part="note_form", note_form=form, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def contacts(request: access.DeskRequest, number: str) -> HttpResponse:
    """Write down a contact; on a closed ticket it says what becomes of it."""
    row = found(request, number)
    access.require(request.actor, row, "log", now=request.now)
    form = ContactForm(request.POST or None, ticket=row, auto_id="contact_%s")
    if form.is_valid():
        try:
            recorded = handling.record_contact(told=form.told, ticket=row, by=request.actor, now=request.now)
            messages.success(request, "Written down.")
            return redirect(address(recorded.ticket or row))
        except Refused as refused:
            refusals.explain(form, refused)
    return act(
        request, row, title="A contact", part="contact_form", contact_form=form, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def fields(request: access.DeskRequest, number: str) -> HttpResponse:
    """Change what the ticket says of itself."""
    row = found(request, number)
    access.require(request.actor, row, "change", now=request.now)
    form = FieldsForm(request.POST or None, ticket=row, auto_id="field_%s")
    if form.is_valid():
        try:
            handling.change(ticket=row, changes=form.changes, by=request.actor, now=request.now)
            messages.success(request, "Changed.")
            return redirect(address(row))
        except Refused as refused:
            refusals.explain(form, refused)
    known = list(Category.objects.values_list("path", flat=True)[:KNOWN_CATEGORIES])
    shown = {"fields_form": form, "categories": known}
    if request.htmx:
        return render(request, "tickets/_parts/fields_form.html", {"ticket": row, **shown})
    status = 422 if form.is_bound else 200
    return act(request, row, title="Change the ticket", part="fields_form", status=status, **shown)


@require_POST
@access.page(*access.DESK_PEOPLE)
def turn_to(request: access.DeskRequest, number: str) -> HttpResponse:
    """Take a ticket as one's own."""
    row = found(request, number)
    access.require(request.actor, row, "change", now=request.now)
    handling.change(ticket=row, changes={"agent": request.user}, by=request.actor, now=request.now)
    return redirect(address(row))


urlpatterns = [
    path("tickets/<str:number>", ticket, name="ticket"),
    path("tickets/<str:number>/notes", notes, name="ticket-notes"),
    path("tickets/<str:number>/contacts", contacts, name="ticket-contacts"),
    path("tickets/<str:number>/fields", fields, name="ticket-fields"),
    path("tickets/<str:number>/owner", turn_to, name="ticket-owner"),
]
