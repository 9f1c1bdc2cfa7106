"""Targets: what the desk and each team aim at, with what a ticket opened now would get; and the rules by name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web.clocks import by_words
from desk.web.forms.refusals import explain
from desk.web.forms.targets import RuleForm, TargetForm
from followups import clocks, complaints, targets, worktime
from followups.actions import aiming, targeting
from followups.errors import Forbidden, Missing, Refused
from followups.models import Elapsing, Policy, Role, Target, TargetClock, TargetKind, Team, Term

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
NAMES = {"unit": "measure", "template": "families"}


@dataclass(frozen=True)
class Row:
    """A target in words; `due` is when that of a ticket opened now would be."""

    target: Target
    words: str
    kind: str
    only: str
    warning: str
    due: str
    inherited: bool = False


def shown(target: Target, calendar: worktime.Calendar, now: datetime, *, inherited: bool = False) -> Row:
    return Row(
        target=target,
        words=term(target),
        kind=target.get_kind_display(),
        only=only(target),
        warning=warning(target),
        due=due(target, calendar, now),
        inherited=inherited,
    )


def due(target: Target, calendar: worktime.Calendar, now: datetime) -> str:
    try:
        at = targets.due(clocks.start(target, now, calendar))
    except worktime.NoWorkingTime:
        return "never due, there is no working time"
    return f"due {by_words(at, calendar.zone)}"


def term(target: Target) -> str:
    """`8 h of working time`, `56 days`, `1 month`."""
    if target.unit == Term.MINUTES:
        length = length_of(target.amount)
        return f"{length} of working time" if target.elapsing == Elapsing.WORKING else f"{length} of any time"
    one = {Term.DAYS: "day", Term.WORKING_DAYS: "working day", Term.MONTHS: "month"}[Term(target.unit)]
    return f"{target.amount} {one}{'' if target.amount == 1 else 's'}"


def length_of(minutes: int) -> str:
    if minutes % 1440 == 0:
        days = minutes // 1440
        return f"{days} day{'' if days == 1 else 's'}" if days > 1 else "24 h"
    hours, rest = divmod(minutes, 60)
    return " ".join(filter(None, [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]))


def only(target: Target) -> str:
    named = (*target.families, *(f"priority {word}" for word in target.priorities), *target.channels)
    return ", ".join(named)


def warning(target: Target) -> str:
    return f"warned {length_of(target.warn_before)} before" if target.warn_before else "no warning"


def team_of(key: int | None) -> Team | None:
    if key is None:
        return None
    team = Team.objects.filter(pk=key).first()
    if team is None:
        raise Missing("No such team.")
    return team


def address(team: Team | None) -> str:
    return reverse("targets-team", args=[team.pk]) if team else reverse("targets")


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def page(request: access.DeskRequest, key: int | None = None) -> HttpResponse:
    """What holds for a team, and the form for one more."""
    team = team_of(key)
    if request.method != "POST":
        return listed(request, team, TargetForm())
    require_admin(request)
    form = TargetForm(request.POST)
    if form.is_valid() and "preview" not in request.POST and saved(request, form, None, team):
        return redirect(address(team))
    return listed(request, team, form, tried=tried(form, None, team, request.now))


def require_admin(request: access.DeskRequest) -> None:
    if request.user.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")


def saved(request: access.DeskRequest, form: TargetForm, target: Target | None, team: Team | None) -> bool:
    running = "running" in request.POST
    try:
        aiming.save(target=target, team=team, changes=form.changes, by=request.actor, now=request.now, running=running)
    except Refused as refused:
        explain(form, refused, NAMES)
        return False
    messages.success(request, "Saved." if running or not target else "Saved. What runs already keeps its time.")
    return True


def tried(form: TargetForm, target: Target | None, team: Team | None, now: datetime) -> Row | None:
    """What the form would give a ticket opened now; nothing is saved."""
    if form.errors:
        return None
    begun = {name: getattr(target, name) for name in aiming.FIELDS} if target else {}
    row = Target(team=team, **{**begun, **form.changes})
    try:
        aiming.check(row)
    except Refused as refused:
        explain(form, refused, NAMES)
        return None
    return shown(row, Policy.objects.of(team.pk if team else None).calendar, now)


def listed(request: access.DeskRequest, team: Team | None, form: TargetForm, tried: Row | None = None) -> HttpResponse:
    rows = targeting.in_force(team.pk if team else None)
    policy = Policy.objects.of(team.pk if team else None)
    found = [
        shown(row, policy.calendar, request.now, inherited=row.team_id != (team.pk if team else None)) for row in rows
    ]
    order = list(TargetKind.values)
    found.sort(key=lambda row: (order.index(row.target.kind), row.inherited, row.target.pk))
    context = {
        "team": team,
        "teams": Team.objects.order_by("name"),
        "rows": [row for row in found if not row.target.template],
        "rules": rules(found, team, policy.calendar, request.now),
        "not_advice": complaints.NOT_ADVICE,
        "form": form,
        "tried": tried,
        "may_write": request.user.role == Role.ADMIN,
        "zone": policy.local_zone,
        "time_rules": reverse("time-rules-team", args=[team.pk]) if team else reverse("time-rules"),
    }
    context["rules_open"] = any(rule["is_on"] for rule in context["rules"])
    return render(request, "targets/targets.html", context, status=422 if form.errors else 200)


def rules(found: list[Row], team: Team | None, calendar: worktime.Calendar, now: datetime) -> list[dict[str, Any]]:
    """Every rule by name: its steps as they are set, or as they would be."""
    by_template: dict[str, list[Row]] = {}
    for row in found:
        if row.target.template:
            by_template.setdefault(row.target.template, []).append(row)
    described = []
    for template in complaints.TEMPLATES:
        mine = by_template.get(template.key, [])
        own = [row for row in mine if not row.inherited] or mine
        proposed = [Target(team=team, **aiming.of_step(template.key, step, [])) for step in template.steps]
        described.append(
            {
                "template": template,
                "steps": own or [shown(row, calendar, now) for row in proposed],
                "is_on": bool(mine),
                "is_own": any(not row.inherited for row in mine),
                "families": ", ".join(own[0].target.families) if own else "",
                "form": RuleForm(auto_id=f"{template.key}_%s"),
            }
        )
    return described


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def one(request: access.DeskRequest, row: int) -> HttpResponse:
    """Change a target; for what runs already only where that is said."""
    target = target_of(row)
    require_admin(request)
    form = TargetForm(request.POST or None, target=target)
    if (
        form.is_bound
        and form.is_valid()
        and "preview" not in request.POST
        and saved(request, form, target, target.team)
    ):
        return redirect(address(target.team))
    template = complaints.BY_KEY.get(target.template)
    context = {
        "target": target,
        "title": f"{template.name}: {target.get_kind_display().lower()}" if template else target.get_kind_display(),
        "template": template,
        "team": target.team,
        "back": address(target.team),
        "form": form,
        "tried": tried(form, target, target.team, request.now) if form.is_bound else None,
        "running": TargetClock.objects.filter(target=target, stopped_at__isnull=True).count(),
        "zone": Policy.objects.of(target.team_id).local_zone,
        "not_advice": complaints.NOT_ADVICE,
    }
    return render(request, "targets/target.html", context, status=422 if form.errors else 200)


def target_of(key: int) -> Target:
    row = Target.objects.filter(pk=key, replaced_at=None).select_related("team").first()
    if row is None:
        raise Missing("No such target, or it was changed in the meantime.")
    return row


@require_POST
@access.page(Role.ADMIN)
def removal(request: access.DeskRequest, row: int) -> HttpResponse:
    target = target_of(row)
    aiming.remove(target=target, by=request.actor, now=request.now)
    messages.success(request, "Taken away. What runs already goes on.")
    return redirect(address(target.team))


@require_POST
@access.page(Role.ADMIN)
def rule(request: access.DeskRequest, template: str, key: int | None = None) -> HttpResponse:
    """Turn a rule by name on for a team, or off again."""
    team = team_of(key)
    form = RuleForm(request.POST)
    if "off" in request.POST:
        aiming.turn_off(template=template, team=team, by=request.actor, now=request.now)
        messages.success(request, "Off. What runs already goes on.")
    elif form.is_valid():
        families = form.cleaned_data["families"]
        aiming.turn_on(template=template, team=team, families=families, by=request.actor, now=request.now)
        messages.success(request, "On, for tickets from now on.")
    return redirect(f"{address(team)}#rules")


urlpatterns = [
    path("targets", page, name="targets"),
    path("targets/<int:key>", page, name="targets-team"),
    path("targets/rows/<int:row>", one, name="target"),
    path("targets/rows/<int:row>/removal", removal, name="target-removal"),
    path("targets/rules/<str:template>", rule, name="target-rule"),
    path("targets/<int:key>/rules/<str:template>", rule, name="target-rule-team"),
]
