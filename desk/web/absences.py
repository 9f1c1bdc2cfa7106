"""Who is away in the next thirty days, who stands in, and what of theirs is promised meanwhile; own shifts."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web.forms import absences as forms
from desk.web.forms.hours import WeekForm, written
from desk.web.forms.refusals import explain
from desk.web.people import LEADING, found
from followups.actions import absences
from followups.errors import Forbidden, Missing, Refused
from followups.models import Absence, Actor, Agent, FollowUp, Policy, Role

AHEAD = timedelta(days=30)
SHOWN = 8


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def listing(request: access.DeskRequest) -> HttpResponse:
    if request.method == "POST" and request.user.role == Role.AUDITOR:
        raise Forbidden("read-only", "Auditors read.")
    form = forms.AbsenceForm(request.POST or None, actor=request.actor, zone=access.zone_of(request.user))
    if form.is_bound and form.is_valid():
        try:
            row = absences.save(by=request.actor, now=request.now, **form.cleaned_data)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"{row.agent.display_name} is entered as away.")
            return redirect("absences")
    return _page(request, form)


def _page(request: access.DeskRequest, form: forms.AbsenceForm) -> HttpResponse:
    rows = list(seen(request.actor, now=request.now))
    promised, settable = _promised(request, rows), set(forms.settable(request.actor).values_list("pk", flat=True))
    context = {
        "form": form,
        "rows": [_line(row, promised[row.pk], row.agent_id in settable, request.now) for row in rows],
        "may_write": request.user.role != Role.AUDITOR,
        "own_hours": _own_hours(request.user),
    }
    return render(request, "people/absences.html", context, status=400 if form.errors else 200)


def seen(actor: Actor, *, now: datetime) -> QuerySet[Absence]:
    """Of those one works with, of everybody for those who see all; `alone`: the stand-in is away meanwhile too."""
    also = Absence.objects.filter(agent=OuterRef("stand_in"), from_at__lt=OuterRef("until_at"))
    rows = Absence.objects.between(now, now + AHEAD).annotate(
        alone=Exists(also.filter(until_at__gt=OuterRef("from_at")))
    )
    if not actor.sees_all:
        mine = Agent.objects.filter(teams__in=actor.team_ids).values("pk")
        rows = rows.filter(Q(agent__in=mine) | Q(agent=actor.agent))
    return rows.select_related("agent", "stand_in").order_by("from_at", "pk")


def _promised(request: access.DeskRequest, rows: list[Absence]) -> dict[int, list[FollowUp]]:
    """What those who are away have promised in person for a time in which they are not there: one query."""
    found: dict[int, list[FollowUp]] = defaultdict(list)
    of: dict[int, list[Absence]] = defaultdict(list)
    for row in rows:
        of[row.agent_id].append(row)
    away = Absence.objects.filter(agent=OuterRef("owner"), pk__in=[row.pk for row in rows])
    away = away.filter(from_at__lte=OuterRef("promised_by"), until_at__gt=OuterRef("promised_by"))
    open_ones = FollowUp.objects.visible_to(request.actor, now=request.now).open().filter(owner__in=of.keys())
    due = open_ones.filter(Exists(away), promised_by__lt=request.now + AHEAD).select_related("ticket")
    for follow_up in due.order_by("promised_by", "pk") if of else ():
        for row in of[follow_up.owner_id]:
            if row.from_at <= follow_up.promised_by < row.until_at:
                found[row.pk].append(follow_up)
    return found


def _line(row: Absence, promised: list[FollowUp], leads: bool, now: datetime) -> dict[str, Any]:
    return {
        "absence": row,
        "now": row.from_at <= now,
        "promised": promised[:SHOWN],
        "more": max(0, len(promised) - SHOWN),
        "may_set": leads,
        "reason": row.reason if leads else "",
    }


def _own_hours(user: Agent) -> list[str]:
    return [written(day) or "off" for day in user.week] if user.week else []


@require_POST
@access.page(*access.DESK_PEOPLE)
def ending(request: access.DeskRequest, key: int) -> HttpResponse:
    """Back again, or not away after all."""
    row = seen(request.actor, now=request.now).filter(pk=key).first()
    if row is None:
        raise Missing("No such absence.")
    absences.drop(absence=row, by=request.actor, now=request.now)
    messages.success(request, f"{row.agent.display_name} is not away any more.")
    return redirect("absences")


class ShiftsForm(WeekForm):
    """Empty throughout: the team's hours hold."""


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*LEADING)
def shifts(request: access.DeskRequest, key: int) -> HttpResponse:
    """The hours of one person by weekday, where they are not the team's."""
    person = found(request, key)
    form = ShiftsForm(request.POST or None, week=person.week)
    if form.is_bound and form.is_valid():
        try:
            absences.save_shifts(agent=person, week=form.week if any(form.week) else None, by=request.actor)
        except Refused as refused:
            number = (refused.field or "").rpartition(".")[2]
            form.add_error(f"day_{number}" if number.isdigit() else None, refused.message)
        else:
            messages.success(request, f"The hours of {person.display_name} are saved.")
            return redirect("person", key)
    team = person.teams.first()
    context = {"form": form, "person": person, "zone": person.zone or Policy.objects.of(team and team.pk).local_zone}
    return render(request, "people/shifts.html", context, status=400 if form.errors else 200)


urlpatterns = [
    path("absences", listing, name="absences"),
    path("absences/<int:key>/ending", ending, name="absence-ending"),
    path("people/<int:key>/shifts", shifts, name="person-shifts"),
]
