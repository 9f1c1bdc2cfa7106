"""The policy of the desk and of each team, with what it would promise at this moment."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import zones
from desk.web.forms.policies import PolicyForm
from desk.web.forms.refusals import explain
from followups import worktime
from followups.actions import people, slots
from followups.errors import Forbidden, Missing, Refused
from followups.models import Policy, Role, Team

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)


def team_of(key: int | None) -> Team | None:
    if key is None:
        return None
    team = Team.objects.filter(pk=key).first()
    if team is None:
        raise Missing("No such team.")
    return team


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def policy(request: HttpRequest, key: int | None = None) -> HttpResponse:
    team = team_of(key)
    own = Policy.objects.filter(team=team).first()
    row = own or Policy.objects.of(None)
    if request.user.role != Role.ADMIN:
        if request.method == "POST":
            raise Forbidden("not-an-admin", "Only an administrator may do this.")
        return _page(request, team, own, PolicyForm(instance=row).lock())
    form = PolicyForm(request.POST or None, instance=row)
    if _saved(request, team, form):
        return redirect("policy-team", key) if key else redirect("policy")
    return _page(request, team, own, form)


def _saved(request: HttpRequest, team: Team | None, form: PolicyForm) -> bool:
    if not form.is_bound or not form.is_valid():
        return False
    try:
        people.save_policy(team=team, changes=form.everything, by=request.actor, now=request.now)
    except Refused as refused:
        explain(form, refused)
        return False
    messages.success(request, "Saved. What was promised before keeps its date.")
    return True


def _page(request: HttpRequest, team: Team | None, own: Policy | None, form: PolicyForm) -> HttpResponse:
    context = {
        "form": form,
        "team": team,
        "own": own and own.own_rules,
        "teams": Team.objects.select_related("policy").order_by("name"),
        "may_write": request.user.role == Role.ADMIN,
        "zones": zones.names(),
        "preview_url": reverse("policy-preview-team", args=[team.pk]) if team else reverse("policy-preview"),
        **_preview(request, team, None if form.errors else form.instance),
    }
    return render(request, "policies/policy.html", context, status=400 if form.errors else 200)


@require_POST
@access.page(Role.ADMIN)
def preview(request: HttpRequest, key: int | None = None) -> HttpResponse:
    """What the policy in the form would promise now; nothing is saved."""
    team = team_of(key)
    form = PolicyForm(request.POST, instance=Policy.objects.of(key))
    valid = form.is_valid() and _is_usable(form.instance)
    return render(request, "policies/_parts/preview.html", _preview(request, team, form.instance if valid else None))


def _is_usable(row: Policy) -> bool:
    try:
        people.check_policy(policy=row)
    except Refused:
        return False
    return True


def _preview(request: HttpRequest, team: Team | None, row: Policy | None) -> dict[str, Any]:
    """The slot after a dead end and the one for a new ticket; nothing where the form cannot be read."""
    if row is None:
        return {"dead_end": None, "first": None, "unreadable": True}
    given: dict[str, Any] = {"customer": None, "now": request.now}
    try:
        room = slots.room(team, row, now=request.now)
        dead_end, first = slots.free(room, **given), slots.free(room, **given, first_update=True)
    except worktime.NoWorkingTime:
        dead_end = first = []
    return {"dead_end": dead_end[0] if dead_end else None, "first": first[0] if first else None, "unreadable": False}


@require_POST
@access.page(Role.ADMIN)
def dropping(request: HttpRequest, key: int) -> HttpResponse:
    """The team follows the desk's policy again."""
    team = team_of(key)
    people.drop_policy(team=team, by=request.actor, now=request.now)
    messages.success(request, f"{team.name} follows the desk's policy again.")
    return redirect("policy-team", key)


urlpatterns = [
    path("policy", policy, name="policy"),
    path("policy/preview", preview, name="policy-preview"),
    path("policy/<int:key>", policy, name="policy-team"),
    path("policy/<int:key>/preview", preview, name="policy-preview-team"),
    path("policy/<int:key>/dropping", dropping, name="policy-dropping"),
]
