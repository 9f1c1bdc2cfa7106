"""The end of a ticket, and what may follow it: the gate, undo, opening again, her own word, waivers."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import history, rows, ticket
from desk.web.forms import closures, refusals
from followups.actions import closing, waiving
from followups.errors import Refused
from followups.models import Closure, Contact, Policy, Ticket


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def closure(request: access.DeskRequest, number: str) -> HttpResponse:
    """Say how it ended. A dead end does not close: it becomes the promise that was just read aloud."""
    row = ticket.found(request, number)
    access.require(request.actor, row, "close", now=request.now)
    zone = closures.steps.zone_of(row.customer, Policy.objects.of(row.team_id))
    form = closures.ClosureForm(request.POST or None, zone=zone, auto_id="closing_%s")
    if form.is_valid():
        try:
            return _closed(
                request, closing.close(ticket=row, closing=form.closing(), by=request.actor, now=request.now)
            )
        except Refused as refused:
            refusals.explain(form, refused, closures.NAMES)
    return closing_page(request, row, form)


def closing_page(request: access.DeskRequest, row: Ticket, form: closures.ClosureForm) -> HttpResponse:
    choices = {**ticket.closing_choices(form.zone), **ticket.offers(row, request), "closure_form": form}
    return ticket.act(
        request, row, title="How did it end?", part="closing_form", status=422 if form.is_bound else 200, **choices
    )


def _closed(request: access.DeskRequest, closed: closing.Closed) -> HttpResponse:
    """Back to the ticket: what was done, ten seconds to undo it, and at most one hint."""
    if closed.closed:
        undo = reverse("closure-undo", args=[closed.closure.pk])
        word = history.OUTCOMES[closed.closure.outcome].lower()
        messages.success(request, f"Closed: {word}.", extra_tags=f"undo:{undo}")
    elif closed.replaced_by:
        until = rows.until(closed.replaced_by, access.zone_of(request.user))
        messages.success(request, f"Not the end: {until}.")
    for hint in closed.hints[:1]:
        messages.info(request, hint.message)
    return redirect(ticket.address(closed.ticket))


@require_POST
@access.page(*access.DESK_PEOPLE)
def undo(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Take a closing back, within ten seconds."""
    row = get_object_or_404(Closure.objects.select_related("ticket"), pk=key)
    found = access.ticket(request.actor, row.ticket.number, now=request.now)
    try:
        closing.undo(closure=row, by=request.actor, now=request.now)
        messages.info(request, "Taken back: the ticket is open as before.")
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect(ticket.address(found))


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def reopening(request: access.DeskRequest, number: str) -> HttpResponse:
    row = ticket.found(request, number)
    access.require(request.actor, row, "log", now=request.now)
    form = closures.ReopenForm(request.POST or None, auto_id="reopen_%s")
    if form.is_valid():
        try:
            closing.reopen(ticket=row, reason=form.cleaned_data["reason"], by=request.actor, now=request.now)
            messages.success(request, "Open again, with a next step.")
            return redirect(ticket.address(row))
        except Refused as refused:
            refusals.explain(form, refused)
    return ticket.act(
        request, row, title="Open it again", part="reopen_form", reopen_form=form, status=422 if form.is_bound else 200
    )


@require_POST
@access.page(*access.DESK_PEOPLE)
def confirmation(request: access.DeskRequest, number: str) -> HttpResponse:
    """Her own word on the end, as an agent heard it. No opens the ticket again."""
    row = ticket.found(request, number)
    access.require(request.actor, row, "log", now=request.now)
    confirmed = request.POST.get("confirmed") == "yes"
    closing.confirm(ticket=row, confirmed=confirmed, by=request.actor, now=request.now)
    messages.success(
        request, "She says that it is solved." if confirmed else "Not solved: open again, with a next step."
    )
    return redirect(ticket.address(row))


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def waiver(request: access.DeskRequest, number: str) -> HttpResponse:
    """Ask for an honest no; a supervisor gives it here."""
    row = ticket.found(request, number)
    access.require(request.actor, row, "close", now=request.now)
    form = closures.WaiverForm(request.POST or None, ticket=row, reader=request.user, auto_id="waiver_%s")
    gives = request.actor.supervises
    if form.is_valid():
        try:
            (_waive if gives else _ask)(request, row, form)
            return redirect(ticket.address(row))
        except Refused as refused:
            refusals.explain(form, refused)
    title = "Waive: an honest no" if gives else "Ask for a waiver"
    status = 422 if form.is_bound else 200
    return ticket.act(request, row, title=title, part="waiver_form", waiver_form=form, gives=gives, status=status)


def _waive(request: access.DeskRequest, row: Ticket, form: closures.WaiverForm) -> None:
    given = form.cleaned_data
    waiving.waive(
        ticket=row,
        kind=given["kind"],
        reason=given["reason"],
        told_contact=given["told"],
        by=request.actor,
        now=request.now,
    )
    messages.success(request, "Waived. It stays unresolved in every figure.")


def _ask(request: access.DeskRequest, row: Ticket, form: closures.WaiverForm) -> None:
    given = form.cleaned_data
    told: Contact | None = given["told"]
    waiving.ask(ticket=row, kind=given["kind"], reason=given["reason"], contact=told, by=request.actor, now=request.now)
    messages.success(request, "Asked. The ticket goes on as it is until a supervisor answers.")


urlpatterns = [
    path("tickets/<str:number>/closure", closure, name="closure"),
    path("tickets/<str:number>/reopening", reopening, name="reopening"),
    path("tickets/<str:number>/confirmation", confirmation, name="confirmation"),
    path("tickets/<str:number>/waiver", waiver, name="waiver"),
    path("closures/<uuid:key>/undo", undo, name="closure-undo"),
]
