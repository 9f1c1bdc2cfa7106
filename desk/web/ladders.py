"""Ladders of the desk and of each team, in plain sentences; made, changed and tried without saving."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import access
from desk.web import rehearsals, sentences, zones
from desk.web.forms import ladders as forms
from desk.web.forms.refusals import explain
from followups import ladders, worktime
from followups.actions import laddering, reclimbing
from followups.errors import Missing, Refused
from followups.models import Ladder, Role, Rota, Team

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
ROWS = 3


def team_of(key: int | None) -> Team | None:
    if key is None:
        return None
    team = Team.objects.select_related("lead", "manager").filter(pk=key).first()
    if team is None:
        raise Missing("No such team.")
    return team


def in_order(rows: list[Ladder]) -> list[Ladder]:
    """As they are looked at: the one for the rest comes last."""
    return sorted(rows, key=lambda row: (not (row.priorities or row.families), row.position, row.pk))


def address(team: Team | None) -> str:
    return reverse("ladders-team", args=[team.pk]) if team else reverse("ladders")


@require_safe
@access.page(*WATCHING)
def listing(request: HttpRequest, key: int | None = None) -> HttpResponse:
    return page(request, team_of(key))


def page(request: HttpRequest, team: Team | None, *, status: int = 200, **bound: Any) -> HttpResponse:
    """The ladders of a team or of the desk, its rotas, its lead and its manager."""
    may_write = request.user.role == Role.ADMIN
    found = Ladder.objects.filter(team=team, replaced_at=None).prefetch_related("steps__person", "steps__rota")
    own = in_order(list(found))
    usual = ladders.in_force(team_id=None, priority="", family="") if not own else None
    context = {
        "team": team,
        "teams": Team.objects.order_by("name"),
        "rows": [shown(row) for row in own],
        "desks": sentences.of_steps(ladders.steps_of(usual)) if not own else [],
        "rotas": rotas_of(team, request),
        "may_write": may_write,
        "leaders": leaders_form(team) if may_write and team else None,
        **bound,
    }
    return render(request, "ladders/ladders.html", context, status=status)


def shown(row: Ladder) -> dict[str, Any]:
    steps = ladders.steps_of(row)
    return {
        "ladder": row,
        "kind": sentences.kind_of(row),
        "steps": sentences.of_steps(steps),
        "holds": sentences.span(row.holds_minutes, "working"),
        "acts": [word.lower() for act, word in forms.ACTS if act in row.acknowledging],
        "may_be_unheard": laddering.may_be_unheard(steps),
    }


def rotas_of(team: Team | None, request: HttpRequest) -> list[dict[str, Any]]:
    rows = Rota.objects.filter(team=team).prefetch_related("members__agent")
    return [{"rota": row, **rehearsals.duty(row, now=request.now)} for row in rows]


def leaders_form(team: Team, data: Any = None) -> forms.LeadersForm:
    start = {"lead": str(team.lead_id or ""), "manager": str(team.manager_id or "")}
    return forms.LeadersForm(data, initial=start, people=forms.hearing())


@require_POST
@access.page(Role.ADMIN)
def leaders(request: HttpRequest, key: int) -> HttpResponse:
    team = team_of(key)
    form = leaders_form(team, request.POST)
    if not form.is_valid():
        return page(request, team, status=400, leaders=form)
    try:
        laddering.save_leaders(team=team, **form.given, by=request.actor)
    except Refused as refused:
        explain(form, refused)
        return page(request, team, status=400, leaders=form)
    messages.success(request, "Saved. The next reminder knows.")
    return redirect(address(team))


@require_POST
@access.page(Role.ADMIN)
def dropping(request: HttpRequest, key: int) -> HttpResponse:
    """The team follows the desk's ladders again."""
    team = team_of(key)
    laddering.drop_ladders(team=team, by=request.actor, now=request.now)
    messages.success(request, f"{team} follows the desk's ladders again. What climbs goes on as it began.")
    return redirect(address(team))


@require_POST
@access.page(Role.ADMIN)
def removal(request: HttpRequest, key: int) -> HttpResponse:
    row = found(key)
    laddering.drop_ladder(ladder=row, by=request.actor, now=request.now)
    messages.success(request, f"{row} is taken away. What climbs it goes on as it began.")
    return redirect(address(row.team))


def found(key: int) -> Ladder:
    rows = Ladder.objects.select_related("team").prefetch_related("steps__person", "steps__rota")
    row = rows.filter(pk=key, replaced_at=None).first()
    if row is None:
        raise Missing("No such ladder, or it was replaced. Look at the list again.")
    return row


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def new(request: HttpRequest, key: int | None = None) -> HttpResponse:
    return _edited(request, team_of(key), None)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def ladder(request: HttpRequest, key: int) -> HttpResponse:
    row = found(key)
    return _edited(request, row.team, row)


class Editing:
    """The form of a ladder with its rows of steps, and the case on which it is tried."""

    def __init__(self, request: HttpRequest, team: Team | None, row: Ladder | None) -> None:
        self.request, self.team, self.row = request, team, row
        self.climbing = reclimbing.count(team=team, ladder=row)
        self.doing = request.POST.get("do", "") if request.method == "POST" else ""
        self.people = forms.hearing()
        self.rotas = list(Rota.objects.filter(team=team) | Rota.objects.filter(team=None))
        data = request.POST if self.doing and self.doing != "more" else None
        start = forms.typed(request.POST) if self.doing == "more" else None
        self.head = forms.LadderForm(data, initial=start) if start else forms.LadderForm.of(row, data=data)
        self.steps = forms.StepForms(
            data,
            initial=self._steps(),
            prefix="steps",
            form_kwargs={"people": self.people, "rotas": self.rotas},
        )
        self.case = rehearsals.form(request, team, data=request.POST if self.doing else None, people=self.people)

    def _steps(self) -> list[dict[str, Any]]:
        if self.doing == "more":
            typed = forms.typed_steps(self.request.POST)
            return [*typed, {}][: laddering.MOST_STEPS]
        if self.row is None:
            held = ladders.in_force(team_id=self.team.pk if self.team else None, priority="", family="")
            steps = ladders.steps_of(held)
        else:
            steps = ladders.steps_of(self.row)
        rows = [forms.initial_of(step) for step in steps]
        return [*rows, *({} for _ in range(len(rows), ROWS))]

    def is_valid(self) -> bool:
        return all([self.head.is_valid(), self.steps.is_valid()])

    @property
    def given(self) -> laddering.Given:
        clean = self.head.cleaned_data
        return laddering.Given(
            name=clean["name"],
            steps=tuple(form.step for form in self.steps if not form.is_empty),
            priorities=tuple(clean["priorities"]),
            families=tuple(clean["families"]),
            holds_minutes=clean["holds"],
            acknowledging=tuple(clean["acknowledging"]),
            position=clean["position"],
        )

    def explain(self, refused: Refused) -> None:
        """At the field of its step, where it names one: `steps.2.after_minutes`."""
        parts = (refused.field or "").split(".")
        if len(parts) == 3:
            filled = [form for form in self.steps if not form.is_empty]
            filled[int(parts[1])].add_error(forms.OF_STEP.get(parts[2], parts[2]), refused.message)
        else:
            explain(self.head, refused, {"holds_minutes": "holds"})

    def save(self) -> Ladder:
        return laddering.save_ladder(
            team=self.team, ladder=self.row, given=self.given, by=self.request.actor, now=self.request.now
        )


def _edited(request: HttpRequest, team: Team | None, row: Ladder | None) -> HttpResponse:
    editing = Editing(request, team, row)
    if editing.doing == "try":
        return _form(request, editing, _tried(editing))
    if editing.doing == "save" and editing.is_valid():
        try:
            made = editing.save()
        except Refused as refused:
            editing.explain(refused)
        else:
            return _saved(request, editing, made)
    return _form(request, editing, None)


def _saved(request: HttpRequest, editing: Editing, made: Ladder) -> HttpResponse:
    words = "What climbs already goes on as it began."
    if request.POST.get("climbing"):
        changed = reclimbing.onto(ladder=made, by=request.actor, now=request.now)
        words = f"{sentences.counted(changed, 'promise')} that climbed already climb by it now."
    messages.success(request, f"{made} is saved. {words}")
    return redirect(address(editing.team))


def _tried(editing: Editing) -> rehearsals.Shown | None:
    """What would be heard by the unsaved ladder: it is saved, rehearsed, and taken back."""
    if not all([editing.is_valid(), editing.case.is_valid()]):
        return None
    with transaction.atomic():
        try:
            editing.climbing = reclimbing.count(team=editing.team, ladder=editing.save())
            return rehearsals.of(editing.case.case, editing.case.policy)
        except Refused as refused:
            editing.explain(refused)
            return None
        except worktime.NoWorkingTime as trouble:
            editing.head.add_error(None, str(trouble))
            return None
        finally:
            transaction.set_rollback(True)


def _form(request: HttpRequest, editing: Editing, tried: rehearsals.Shown | None) -> HttpResponse:
    wrong = bool(editing.head.errors or (editing.steps.is_bound and not editing.steps.is_valid()))
    context = {
        "editing": editing,
        "form": editing.head,
        "steps": editing.steps,
        "team": editing.team,
        "ladder": editing.row,
        "case": editing.case,
        "tried": tried,
        "title": "Who would hear what, when",
        "zones": zones.names(),
        "back": address(editing.team),
        "climbing": editing.climbing,
        "families": rehearsals.families(),
        "full": editing.steps.total_form_count() >= laddering.MOST_STEPS,
        "unheard": tried is not None and laddering.may_be_unheard(editing.given.steps),
    }
    return render(request, "ladders/ladder.html", context, status=400 if wrong or editing.case.errors else 200)


urlpatterns = [
    path("ladders", listing, name="ladders"),
    path("ladders/new", new, name="ladder-new"),
    path("ladders/<int:key>", listing, name="ladders-team"),
    path("ladders/<int:key>/new", new, name="ladder-new-team"),
    path("ladders/<int:key>/leaders", leaders, name="ladders-leaders"),
    path("ladders/<int:key>/dropping", dropping, name="ladders-dropping"),
    path("ladder/<int:key>", ladder, name="ladder"),
    path("ladder/<int:key>/removal", removal, name="ladder-removal"),
]
