"""Reports by mail: what one has sent to oneself, and what the next one says. Administrators see everybody's."""

from datetime import datetime, time
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import access
from desk.web import doing
from desk.web.forms.mailings import ScheduleForm
from desk.web.forms.refusals import explain
from followups.actions import exporting, mailing, rhythms
from followups.clock import letters, mailings
from followups.errors import Invalid, Missing, Refused
from followups.models import Delivery, DeliveryState, Mailing, Period, Rhythm, Role, Way
from followups.reports import reading, windows

USUAL = {"rhythm": Rhythm.WEEK, "at": time(8)}
LINES = 12


@require_safe
@access.page(*access.DESK_PEOPLE)
def listing(request: HttpRequest) -> HttpResponse:
    rows = Mailing.objects.managed_by(request.actor).select_related("agent")
    shown = cards(rows, now=request.now)
    context = {
        "own": [card for card in shown if card["row"].agent_id == request.user.pk],
        "others": [card for card in shown if card["row"].agent_id != request.user.pk],
        "is_admin": request.user.role == Role.ADMIN,
    }
    return render(request, "mailings/mailings.html", context)


def cards(rows: QuerySet[Mailing], *, now: datetime) -> list[dict[str, Any]]:
    """Each with when it leaves next and what became of the last: a constant number of queries."""
    found = list(rows)
    calendars = mailings.calendars_of({row.agent_id: row.agent for row in found}.values()) if found else {}
    newest = Delivery.objects.filter(mailing__in=found).order_by("mailing_id", "-made_at").distinct("mailing_id")
    last = {one.mailing_id: one for one in newest}
    return [
        {
            "row": row,
            "title": letters.said(row),
            "rhythm": rhythms.spoken(row),
            "period": Period(row.period).label,
            "url": _report(row),
            "next": None if row.paused_at else rhythms.following(row, calendars[row.agent_id], now=now),
            "last": _last(last.get(row.pk)),
        }
        for row in found
    ]


def _report(row: Mailing) -> str:
    return f"{reverse('report', args=[row.report])}?{urlencode(row.asked)}"


def _last(row: Delivery | None) -> dict[str, Any] | None:
    """What became of the last letter, in words."""
    if row is None:
        return None
    if row.state == DeliveryState.SENT:
        return {"words": "last sent", "at": row.sent_at}
    if row.state == DeliveryState.WAITING:
        return {"words": f"tried again: {row.error}" if row.error else "on its way", "at": row.due_at}
    return {"words": f"the last was not delivered: {row.error}", "at": row.made_at, "failed": True}


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*access.DESK_PEOPLE)
def new(request: HttpRequest) -> HttpResponse:
    """The report of this address by mail: `report` and the words of its page."""
    given = request.GET.dict()
    report = given.pop("report", "")
    if not report:
        raise Invalid("report", "Which report? Open it, and choose By mail there.")
    scope = windows.scope_of(request.actor)
    question = windows.question(given, now=reading.clock(), zone=settings.DESK_ZONE, scope=scope)
    usual = USUAL | {"period": _period(given, question), "zone": access.zone_of(request.user)}
    draft = mailing.draft(
        report=report, words=given, schedule=mailing.Schedule(**usual), by=request.actor, now=request.now
    )
    form = ScheduleForm.of(draft, request.POST or None, own_zone=request.user.zone)
    if form.is_bound and form.is_valid():
        try:
            row = mailing.make(report=report, words=given, schedule=form.schedule, by=request.actor, now=request.now)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"You get it {rhythms.spoken(row)}.")
            return redirect("mailings")
    return _page(request, draft, form)


def _period(given: dict[str, str], question: windows.Question) -> Period:
    """The one that the dates of the address are, else the one nearest in length; of the usual 90 days where none are."""
    if not (given.get("from") and given.get("to")):
        return Period.DAYS_90
    asked = (question.start, question.end)
    same = (period for period in Period if rhythms.span(period, now=question.as_of) == asked)
    days = (question.end - question.start).days
    near = (period for period, most in ((Period.DAYS_7, 10), (Period.DAYS_30, 45)) if days <= most)
    return next(same, None) or next(near, Period.DAYS_90)


def _page(request: HttpRequest, row: Mailing, form: ScheduleForm) -> HttpResponse:
    letter = letters.of(row, now=reading.clock())
    if letter.question and exporting.is_per_agent(letter.question):
        seen = {"words": row.asked, "count": letter.count, "by": request.actor, "now": request.now}
        exporting.record(way=Way.PAGE, report=row.report, question=letter.question, **seen)
    context = {
        "row": row,
        "form": form,
        "title": letters.said(row),
        "url": _report(row),
        "letter": letter,
        "lines": letter.file.splitlines()[:LINES],
        "address": request.user.email,
        "next": mailings.following(row, now=request.now) if row.pk else None,
        "rhythm": rhythms.spoken(row),
    }
    return render(request, "mailings/mailing.html", context, status=400 if form.errors else 200)


def own(request: HttpRequest, key: int) -> Mailing:
    row = Mailing.objects.filter(agent=request.user, pk=key).select_related("agent").first()
    if row is None:
        raise Missing("No such report by mail.")
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*access.DESK_PEOPLE)
def one(request: HttpRequest, key: int) -> HttpResponse:
    """What it says as things stand, and when it is sent."""
    row = own(request, key)
    form = ScheduleForm.of(row, request.POST or None, own_zone=request.user.zone)
    if form.is_bound and form.is_valid():
        try:
            row = mailing.change(mailing=row, schedule=form.schedule, by=request.actor, now=request.now)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"You get it {rhythms.spoken(row)}.")
            return redirect("mailing", key)
    return _page(request, row, form)


def _managed(request: HttpRequest, key: int) -> Mailing:
    row = Mailing.objects.managed_by(request.actor).filter(pk=key).first()
    if row is None:
        raise Missing("No such report by mail.")
    return row


_do = partial(doing.act, back="mailings")


@require_POST
@access.page(*access.DESK_PEOPLE)
def pause(request: HttpRequest, key: int) -> HttpResponse:
    row = _managed(request, key)
    act = {"mailing": row, "by": request.actor, "now": request.now}
    return _do(request, lambda: mailing.pause(**act), "It is paused: nothing is sent until you resume it.")


@require_POST
@access.page(*access.DESK_PEOPLE)
def resumption(request: HttpRequest, key: int) -> HttpResponse:
    row = own(request, key)
    act = {"mailing": row, "by": request.actor, "now": request.now}
    return _do(request, lambda: mailing.resume(**act), f"You get it again {rhythms.spoken(row)}.")


@require_POST
@access.page(*access.DESK_PEOPLE)
def removal(request: HttpRequest, key: int) -> HttpResponse:
    row = _managed(request, key)
    return _do(request, lambda: mailing.remove(mailing=row, by=request.actor), "It is deleted: no more of it is sent.")


@require_POST
@access.page(*access.DESK_PEOPLE)
def sending(request: HttpRequest, key: int) -> HttpResponse:
    row = own(request, key)
    act = {"mailing": row, "by": request.actor, "now": request.now}
    return _do(request, lambda: mailing.send_now(**act), f"One is on its way to {request.user.email}.")


urlpatterns = [
    path("mailings", listing, name="mailings"),
    path("mailings/new", new, name="mailing-new"),
    path("mailings/<int:key>", one, name="mailing"),
    path("mailings/<int:key>/pause", pause, name="mailing-pause"),
    path("mailings/<int:key>/resumption", resumption, name="mailing-resumption"),
    path("mailings/<int:key>/removal", removal, name="mailing-removal"),
    path("mailings/<int:key>/sending", sending, name="mailing-sending"),
]
