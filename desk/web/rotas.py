"""Rotas: who takes turns, and who is on duty in the next weeks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import ladders, rehearsals, zones
from desk.web.forms import ladders as forms
from desk.web.forms.refusals import explain
from followups import worktime
from followups.actions import laddering
from followups.errors import Missing, Refused
from followups.models import Role, Rota, Team


def found(key: int) -> Rota:
    row = Rota.objects.select_related("team").prefetch_related("members__agent").filter(pk=key).first()
    if row is None:
        raise Missing("No such rota.")
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def new(request: HttpRequest, key: int | None = None) -> HttpResponse:
    return _edited(request, ladders.team_of(key), None)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def rota(request: HttpRequest, key: int) -> HttpResponse:
    row = found(key)
    return _edited(request, row.team, row)


def _edited(request: HttpRequest, team: Team | None, row: Rota | None) -> HttpResponse:
    form = _form(request, row)
    if form.is_bound and form.is_valid():
        try:
            laddering.save_rota(team=team, rota=row, given=form.given, by=request.actor)
        except Refused as refused:
            explain(form, refused, {"members": "member_0"})
        else:
            messages.success(request, "Saved. The next reminder knows.")
            return redirect(ladders.address(team))
    context = {
        "form": form,
        "team": team,
        "rota": row,
        "row": {"rota": row, **rehearsals.duty(row, now=request.now)} if row else None,
        "zones": zones.names(),
        "back": ladders.address(team),
    }
    return render(request, "ladders/rota.html", context, status=400 if form.errors else 200)


def _form(request: HttpRequest, row: Rota | None) -> forms.RotaForm:
    names = ("name", "starts_on", "hands_over_at", "turn_days", "zone")
    if row:
        start = {name: getattr(row, name) for name in names}
    else:
        start = {"starts_on": worktime.to_wall(request.now, access.zone_of(request.user)).date()}
    members = [member.agent for member in row.members.all()] if row else []
    return forms.RotaForm(request.POST or None, initial=start, people=forms.hearing(), members=members)


@require_POST
@access.page(Role.ADMIN)
def removal(request: HttpRequest, key: int) -> HttpResponse:
    row = found(key)
    try:
        laddering.drop_rota(rota=row, by=request.actor)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("rota", key)
    messages.success(request, f"{row} is taken away.")
    return redirect(ladders.address(row.team))


urlpatterns = [
    path("rotas/new", new, name="rota-new"),
    path("rotas/<int:key>/new", new, name="rota-new-team"),
    path("rota/<int:key>", rota, name="rota"),
    path("rota/<int:key>/removal", removal, name="rota-removal"),
]
