"""Working time of the desk and of each team; a change shows what it does to open work before it is saved."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from desk import access
from desk.web import zones
from desk.web.forms.calendars import CalendarForms
from desk.web.forms.hours import WEEKDAYS, written
from desk.web.policies import WATCHING, team_of
from followups import worktime
from followups.actions import calendars, rehearing
from followups.errors import Forbidden, Refused
from followups.models import Policy, Role, Team

DAY = 24 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def calendar(request: access.DeskRequest, key: int | None = None) -> HttpResponse:
    team = team_of(key)
    policy = Policy.objects.of(key)
    if request.user.role != Role.ADMIN and request.method == "POST":
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    forms = _forms(request, policy)
    if request.POST.get("do") == "follow" and team:
        return _followed(request, team)
    if request.POST.get("do") in ("look", "save") and forms.is_valid():
        try:
            return _sent(request, team, policy, forms)
        except Refused as refused:
            forms.explain(refused)
    wrong = forms.errors and request.POST.get("do") != "offer"
    return _page(request, team, policy, forms, status=400 if wrong else 200)


def _forms(request: access.DeskRequest, policy: Policy) -> CalendarForms:
    today = worktime.to_wall(request.now, policy.local_zone).date()
    data = request.POST if request.method == "POST" else None
    return CalendarForms(data, policy, today=today, region=settings.DESK_REGION)


def _sent(request: access.DeskRequest, team: Team | None, policy: Policy, forms: CalendarForms) -> HttpResponse:
    """Saved where the effect of just this calendar was shown; else the effect is shown."""
    hours = forms.hours
    seen = _digest(hours)
    if request.POST.get("do") == "save" and request.POST.get("seen") == seen:
        climbing = request.POST.get("climbing") != "leave"
        moved = calendars.save(team=team, hours=hours, by=request.actor, now=request.now, climbing=climbing)
        messages.success(request, f"Saved. {_moved(team, moved)}; every promised time stays.")
        return redirect(_address(team))
    effect = calendars.effect(team=team, hours=hours, now=request.now)
    wished = calendars.checked(team, hours)
    again = CalendarForms(None, wished, today=forms.today, region=forms.country, part=forms.part)
    return _page(request, team, policy, again, effect=effect, seen=seen, wished=wished)


def _followed(request: access.DeskRequest, team: Team) -> HttpResponse:
    moved = calendars.drop(team=team, by=request.actor, now=request.now)
    messages.success(request, f"{team.name} follows the desk's calendar again. {_moved(team, moved)}.")
    return redirect(_address(team))


def _moved(team: Team | None, count: int) -> str:
    """How many moved at once; of more that are open the page itself says how many are left."""
    if rehearing.remaining(team=team):
        return "Reminders are being moved"
    return "No reminder moved" if not count else "1 reminder moved" if count == 1 else f"{count} reminders moved"


def _digest(hours: calendars.Hours) -> str:
    return hashlib.sha256(json.dumps(asdict(hours), sort_keys=True).encode()).hexdigest()


def _address(team: Team | None) -> str:
    return reverse("calendar-team", args=[team.pk]) if team else reverse("calendar")


def _page(
    request: access.DeskRequest,
    team: Team | None,
    policy: Policy,
    forms: CalendarForms,
    *,
    status: int = 200,
    wished: Policy | None = None,
    **more: Any,
) -> HttpResponse:
    shown = wished or policy
    context = {
        "team": team,
        "own": policy.team_id == (team.pk if team else None) and policy.pk is not None and policy.own_hours,
        "left": rehearing.remaining(team=team),
        "teams": Team.objects.select_related("policy").order_by("name"),
        "forms": forms,
        "policy": shown,
        "days": picture(shown.week),
        "special_days": [{**day, "written": written(day["hours"])} for day in shown.special_days],
        "may_write": request.user.role == Role.ADMIN,
        "zones": zones.names(),
        **more,
    }
    return render(request, "calendars/calendar.html", context, status=status)


def picture(week: list) -> list[dict[str, Any]]:
    """Each weekday with its hours as text and as bars of a day 1440 wide; what passes midnight goes on the day after."""
    bars: list[list[dict[str, int]]] = [[] for _ in WEEKDAYS]
    for number, pairs in enumerate(week):
        for start, end in worktime.periods_of(pairs):
            begins, ends = start.hour * 60 + start.minute, end.hour * 60 + end.minute
            last = ends if end > start else DAY
            bars[number].append({"x": begins, "width": last - begins})
            if end <= start and ends:
                bars[(number + 1) % 7].append({"x": 0, "width": ends})
    return [{"name": name, "written": written(week[n]), "bars": bars[n]} for n, name in enumerate(WEEKDAYS)]


urlpatterns = [
    path("calendars", calendar, name="calendar"),
    path("calendars/<int:key>", calendar, name="calendar-team"),
]
