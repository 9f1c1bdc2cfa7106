"""A ticket is parked and taken up again; a rule by name is applied by hand."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import ticket as tickets
from desk.web.forms.refusals import explain
from desk.web.forms.targets import PauseForm
from followups import complaints
from followups.actions import aiming, parking, targeting
from followups.errors import Missing, Refused
from followups.models import Pause


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*access.DESK_PEOPLE)
def pauses(request: access.DeskRequest, number: str) -> HttpResponse:
    """Park a ticket: what was asked, and until when."""
    row = tickets.found(request, number)
    access.require(request.actor, row, "answer", now=request.now)
    form = PauseForm(request.POST or None, zone=access.zone_of(request.user), auto_id="pause_%s")
    if form.is_valid():
        try:
            parking.pause(ticket=row, by=request.actor, now=request.now, **form.cleaned_data)
            messages.success(request, "Parked.")
            return redirect(tickets.address(row))
        except Refused as refused:
            explain(form, refused)
    status = 422 if form.is_bound else 200
    return tickets.act(request, row, title="Park this ticket", part="pause_form", pause_form=form, status=status)


@require_POST
@access.page(*access.DESK_PEOPLE)
def ending(request: access.DeskRequest, key: UUID) -> HttpResponse:
    """Take it up again before the promised end."""
    pause = Pause.objects.filter(pk=key).select_related("ticket").first()
    if pause is None:
        raise Missing("No such pause.")
    row = tickets.found(request, pause.ticket.number)
    access.require(request.actor, row, "answer", now=request.now)
    parking.end(pause=pause, by=request.actor, now=request.now)
    messages.success(request, "Taken up again: the clock runs.")
    return redirect(tickets.address(row))


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*access.DESK_PEOPLE)
def rules(request: access.DeskRequest, number: str) -> HttpResponse:
    """The rules by name that are on for the ticket's team; applied from its opening, with the letter."""
    row = tickets.found(request, number)
    access.require(request.actor, row, "answer", now=request.now)
    wrong = ""
    if request.method == "POST":
        try:
            aiming.apply(ticket=row, template=request.POST.get("template", ""), by=request.actor, now=request.now)
            messages.success(request, "Applied. The letter is among the next steps.")
            return redirect(tickets.address(row))
        except Refused as refused:
            wrong = refused.message
    on = {each.template for each in targeting.in_force(row.team_id) if each.template and each.is_on}
    applied = set(row.target_clocks.values_list("target__template", flat=True))
    shown = [(each, each.key in applied) for each in complaints.TEMPLATES if each.key in on]
    more = {"rules": shown, "wrong": wrong, "not_advice": complaints.NOT_ADVICE, "status": 422 if wrong else 200}
    return tickets.act(request, row, title="Apply a rule", part="rules_form", **more)


urlpatterns = [
    path("tickets/<str:number>/pauses", pauses, name="ticket-pauses"),
    path("tickets/<str:number>/rules", rules, name="ticket-rules"),
    path("pauses/<uuid:key>/ending", ending, name="pause-ending"),
]
