"""Cadence plans: what comes next on a ticket, as the forms show it; and the plans of the desk and of each team."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web.forms import ladders, plans, steps
from desk.web.forms.refusals import explain
from followups.actions import cadencing, planning, slots
from followups.errors import Forbidden, Missing, Refused
from followups.models import Bringer, Plan, PlanStep, Policy, Role, Rota, Team, Ticket

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
ROWS = 4


@dataclass(frozen=True)
class Outlook:
    """What the plan of a ticket says comes next: `slot` is None where it is a supervisor's review, or has no window."""

    words: str
    will_bring: str
    ended: bool
    slot: steps.Slot | None

    def before(self, offered: list[steps.Slot]) -> list[steps.Slot]:
        """The slots of a form with the plan's own first."""
        if self.slot is None:
            return offered
        return [self.slot, *(each for each in offered if each.value != self.slot.value)]


def outlook(ticket: Ticket, request: access.DeskRequest, *, room: slots.Room, calls: Sequence[datetime]) -> Outlook:
    """By the room of its team and the calls made to her, which the page has asked for already."""
    given: dict[str, Any] = {"ticket": ticket, "now": request.now, "policy": room.policy}
    standing = planning.place(**given)
    step = planning.next_step(**given, standing=standing, room=room, calls=calls)
    slot = None
    if step and step.promised_from and not standing.ended:
        known = bool(ticket.customer and ticket.customer.zone)
        found = slots.Proposal(
            step.promised_from, step.promised_by, step.zone, step.promise, 0, 0, her_zone_known=known
        )
        hers = steps.is_elsewhere(step.promised_by, step.zone, access.zone_of(request.user))
        slot = steps.Slot(steps.value_of(found), found, hers, note=standing.words)
    words = "the plan has ended" if standing.ended else standing.words
    return Outlook(words, step.will_bring if step else "", standing.ended, slot)


def sentence(step: PlanStep, place: int) -> str:
    """`2 working days after the last contact: the team brings dated news`."""
    days = "1 working day" if step.gap_days == 1 else f"{step.gap_days} working days"
    since = "the last contact" if place == 1 else "that"
    return f"{days} after {since}: {_bringer(step)} {_brings(step)}"


def _bringer(step: PlanStep) -> str:
    if step.who == Bringer.PERSON:
        return step.person.display_name
    if step.who == Bringer.ROTA:
        return f"who is on duty in {step.rota}"
    return "who promised it" if step.who == Bringer.PROMISER else "the team"


def _brings(step: PlanStep) -> str:
    return f"brings {step.will_bring}" if step.will_bring else "comes back with what there is"


def kind_of(plan: Plan) -> str:
    words = [*(f"priority {word}" for word in plan.priorities), *plan.families]
    return ", ".join(words) if words else "all other tickets"


def ending(policy: Policy) -> str:
    return (
        f"Then, or after {policy.review_follow_ups} follow-ups or {policy.review_days} working days, a supervisor looks"
        " at the ticket. It is never closed by itself."
    )


def team_of(key: int | None) -> Team | None:
    if key is None:
        return None
    team = Team.objects.filter(pk=key).first()
    if team is None:
        raise Missing("No such team.")
    return team


def address(team: Team | None) -> str:
    return reverse("plans-team", args=[team.pk]) if team else reverse("plans")


def of(team: Team | None) -> list[Plan]:
    """In force, the one for the rest last."""
    rows = Plan.objects.filter(team=team, replaced_at=None).prefetch_related("steps__person", "steps__rota")
    return sorted(rows, key=lambda row: (not (row.priorities or row.families), row.position, row.pk))


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def page(request: access.DeskRequest, key: int | None = None) -> HttpResponse:
    """The plans in sentences, and the form of a new one or, with `?plan=`, of one of them."""
    team = team_of(key)
    may_write = request.user.role == Role.ADMIN
    if request.method == "POST" and not may_write:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    rows = of(team)
    chosen = next((row for row in rows if str(row.pk) == request.GET.get("plan")), None)
    forms = _forms(request, team, chosen) if may_write else None
    if request.method == "POST" and forms and _saved(request, team, chosen, *forms):
        return redirect(address(team))
    return _shown(request, team, rows, chosen, forms)


def _forms(request: HttpRequest, team: Team | None, chosen: Plan | None) -> tuple[plans.PlanForm, Any]:
    data = request.POST if request.method == "POST" else None
    begun = [plans.initial_of(step) for step in planning.steps_of(chosen)]
    rotas = list(Rota.objects.filter(team=team) | Rota.objects.filter(team=None))
    filled = [*begun, *({} for _ in range(max(1, ROWS - len(begun))))][: cadencing.MOST_STEPS]
    given = {"people": ladders.hearing(), "rotas": rotas}
    return plans.PlanForm.of(chosen, data=data), plans.StepForms(
        data, initial=filled, prefix="steps", form_kwargs=given
    )


def _saved(request: access.DeskRequest, team: Team | None, chosen: Plan | None, head: Any, rows: Any) -> bool:
    if not all([head.is_valid(), rows.is_valid()]):
        return False
    filled = [row for row in rows if not row.is_empty]
    clean = head.cleaned_data
    given = cadencing.Given(
        name=clean["name"],
        steps=tuple(row.step for row in filled),
        priorities=tuple(clean["priorities"]),
        families=tuple(clean["families"]),
        also_running=clean["also_running"],
    )
    try:
        cadencing.save_plan(team=team, plan=chosen, given=given, by=request.actor, now=request.now)
    except Refused as refused:
        _explain(refused, head, filled)
        return False
    messages.success(request, "Saved. What runs goes on as it began." if not given.also_running else "Saved for all.")
    return True


def _explain(refused: Refused, head: plans.PlanForm, filled: list[plans.StepForm]) -> None:
    """At the field of its step, where it names one: `steps.2.gap_days`."""
    parts = (refused.field or "").split(".")
    if len(parts) == 3:
        filled[int(parts[1])].add_error(parts[2], refused.message)
    else:
        explain(head, refused)


def _shown(
    request: access.DeskRequest, team: Team | None, rows: list[Plan], chosen: Plan | None, forms: Any
) -> HttpResponse:
    usual = next((row for row in of(None) if not (row.priorities or row.families)), None) if team else None
    head, steps_forms = forms or (None, None)
    wrong = bool(forms and (head.errors or steps_forms.total_error_count()))
    context = {
        "team": team,
        "teams": Team.objects.order_by("name"),
        "rows": [shown(row) for row in rows],
        "usual": sentences(usual),
        "ending": ending(Policy.objects.of(team.pk if team else None)),
        "plan": chosen,
        "running": cadencing.running(chosen).count() if chosen and forms else 0,
        "form": head,
        "steps": steps_forms,
        "opened": wrong or chosen is not None,
        "may_write": forms is not None,
    }
    return render(request, "plans/plans.html", context, status=400 if wrong else 200)


def shown(plan: Plan) -> dict[str, Any]:
    return {"plan": plan, "kind": kind_of(plan), "steps": sentences(plan)}


def sentences(plan: Plan | None) -> list[str]:
    return [sentence(step, place) for place, step in enumerate(planning.steps_of(plan), start=1)]


@require_POST
@access.page(Role.ADMIN)
def removal(request: access.DeskRequest, row: int) -> HttpResponse:
    found = Plan.objects.select_related("team").filter(pk=row, replaced_at=None).first()
    if found is None:
        raise Missing("No such plan, or it was replaced. Look at the list again.")
    cadencing.drop_plan(plan=found, by=request.actor, now=request.now)
    messages.success(request, f"{found} is taken away. What runs goes on by it.")
    return redirect(address(found.team))


urlpatterns = [
    path("plans", page, name="plans"),
    path("plans/<int:key>", page, name="plans-team"),
    path("plans/<int:row>/removal", removal, name="plan-removal"),
]
