"""Time rules: everything that the clock does for a team, as one line of time, each mark with the rule that made it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from desk import access
from desk.web import ladders as pages
from desk.web import rehearsals, rules, zones
from followups.models import Role, Team

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)


@require_safe
@access.page(*WATCHING)
def page(request: HttpRequest, key: int | None = None) -> HttpResponse:
    """For a ticket closed now as a dead end, or for the case in the query string; nothing is ever saved."""
    team = pages.team_of(key)
    asked = any(name.startswith("case-") for name in request.GET)
    form = rehearsals.form(request, team, data=request.GET if asked else None)
    shown, trouble = _shown(request, team, form, asked=asked)
    context: dict[str, Any] = {
        "team": team,
        "teams": Team.objects.order_by("name"),
        "case": form,
        "asked": asked,
        "shown": shown,
        "trouble": trouble,
        "rules": rules.of(team),
        "families": rehearsals.families(),
        "zones": zones.names(),
        "address": reverse("time-rules-team", args=[team.pk]) if team else reverse("time-rules"),
    }
    return render(request, "rules/time_rules.html", context, status=400 if form.errors else 200)


def _shown(
    request: HttpRequest, team: Team | None, form: rehearsals.CaseForm, *, asked: bool
) -> tuple[rehearsals.Shown | None, str]:
    """The case as it is played, or why it cannot be."""
    if asked and not form.is_valid():
        return None, ""
    case = form.case if asked else rehearsals.usual(team, now=request.now)
    try:
        return rehearsals.of(case, form.policy), ""
    except rehearsals.TROUBLE as trouble:
        return None, str(trouble)


urlpatterns = [
    path("time-rules", page, name="time-rules"),
    path("time-rules/<int:key>", page, name="time-rules-team"),
]
