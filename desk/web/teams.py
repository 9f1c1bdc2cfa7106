"""Teams, and the category tree that intakes fill and supervisors sort."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from desk import access
from desk.web import paging
from desk.web.forms import people as forms
from desk.web.forms.refusals import explain
from followups.actions import people, sorting
from followups.errors import Forbidden, Missing, Refused
from followups.models import Category, Role, Team

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
UNSORTED_SHOWN = 50


@require_safe
@access.page(*WATCHING)
def teams(request: HttpRequest) -> HttpResponse:
    active = Q(agents__is_active=True)
    rows = Team.objects.select_related("policy").annotate(people=Count("agents", filter=active)).order_by("name")
    return render(request, "people/teams.html", {"rows": rows, "may_write": request.user.role == Role.ADMIN})


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def team_new(request: HttpRequest) -> HttpResponse:
    return _team(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def team(request: HttpRequest, key: int) -> HttpResponse:
    row = Team.objects.filter(pk=key).first()
    if row is None:
        raise Missing("No such team.")
    return _team(request, row)


def _team(request: HttpRequest, row: Team | None) -> HttpResponse:
    name = row.name if row else ""
    form = forms.TeamForm(request.POST or None, instance=row)
    if form.is_bound and form.is_valid():
        try:
            saved = people.save_team(team=row, changes=form.changes, by=request.actor, now=request.now)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"{saved.name} is saved.")
            return redirect("teams")
    return render(
        request, "people/team.html", {"form": form, "name": name, "team": row}, status=400 if form.errors else 200
    )


@require_safe
@access.page(*WATCHING)
def categories(request: HttpRequest) -> HttpResponse:
    return _categories(request)


def _categories(request: HttpRequest, *, status: int = 200, **bound: Any) -> HttpResponse:
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = Category.objects.filter(path__icontains=words) if words else Category.objects.all()
    unsorted = list(rows.filter(is_sorted=False).order_by("path")[: UNSORTED_SHOWN + 1])
    context = {
        "unsorted": unsorted[:UNSORTED_SHOWN],
        "more_unsorted": len(unsorted) > UNSORTED_SHOWN,
        "page": paging.page(rows.filter(is_sorted=True), request.GET, field="path"),
        "may_write": request.actor.supervises,
        "q": words,
        **bound,
    }
    return render(request, "people/categories.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def category(request: HttpRequest, key: int) -> HttpResponse:
    """Rename, which marks it as sorted; into a path that exists only once that was said."""
    row = Category.objects.filter(pk=key).first()
    if row is None:
        raise Missing("No such category.")
    if request.method != "POST":
        return redirect("categories")
    if not request.actor.supervises:
        raise Forbidden("not-a-supervisor", "Only a supervisor sorts categories.")
    form = forms.CategoryForm(request.POST)
    if not form.is_valid():
        return _categories(request, status=400, changed=row.pk, form=form)
    return _renamed(request, row, form)


def _renamed(request: HttpRequest, row: Category, form: forms.CategoryForm) -> HttpResponse:
    path, old = form.cleaned_data["path"].strip(), row.path
    other = Category.objects.filter(path=path).exclude(pk=row.pk).first()
    if other and not form.cleaned_data["fold"]:
        return _categories(request, status=400, changed=row.pk, form=form, other=other)
    try:
        saved = sorting.save_category(category=row, path=path, by=request.actor, now=request.now)
    except Refused as refused:
        explain(form, refused)
        return _categories(request, status=400, changed=row.pk, form=form)
    words = f"{old} is folded into {saved.path}." if other else f"{saved.path} is sorted."
    messages.success(request, words)
    return redirect("categories")


urlpatterns = [
    path("categories", categories, name="categories"),
    path("categories/<int:key>", category, name="category"),
    path("teams", teams, name="teams"),
    path("teams/new", team_new, name="team-new"),
    path("teams/<int:key>", team, name="team"),
]
