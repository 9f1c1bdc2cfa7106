"""The list of tickets: one search, a few filters, a page at a time."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET

from desk import access
from desk.templatetags.desk import window
from desk.web import clocks, history
from desk.web import rows as names
from followups import numbers, search
from followups.errors import Invalid
from followups.models import Actor, Agent, FollowUp, Team, Ticket

PAGE = 40
STATES = (("open", "Open"), ("closed", "Closed"), ("none", "No next step"))


def next_steps(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """With the earliest open step of each ticket."""
    steps = FollowUp.objects.open().filter(ticket=OuterRef("pk")).order_by("promised_by")[:1]
    wanted = ("promised_from", "promised_by", "told_at", "zone")
    return rows.annotate(**{f"next_{name}": Subquery(steps.values(name)) for name in wanted})


def filtered(actor: Actor, asked: dict[str, str], now: datetime) -> QuerySet[Ticket]:
    rows = Ticket.objects.visible_to(actor, now=now)
    if asked["state"] == "none":
        rows = rows.without_next_step()
    elif asked["state"]:
        rows = rows.filter(state=asked["state"])
    if asked["mine"]:
        rows = rows.filter(
            Q(agent=actor.agent) | Exists(FollowUp.objects.open().filter(ticket=OuterRef("pk"), owner=actor.agent))
        )
    if asked["team"].isdigit():
        rows = rows.filter(team_id=int(asked["team"]))
    return search.tickets(rows, asked["q"]) if asked["q"] else rows


def asked_of(request: access.DeskRequest) -> dict[str, str]:
    """What the address asks for; open tickets unless something is searched."""
    names = ("q", "state", "team", "mine")
    asked = {name: request.GET.get(name, "").strip() for name in names}
    if "state" not in request.GET and not asked["q"]:
        asked["state"] = "open"
    if asked["state"] not in dict(STATES):
        asked["state"] = ""
    return asked


def page(rows: QuerySet[Ticket], before: str) -> tuple[list[Ticket], str]:
    cursor = history.read_cursor(before)
    rows = rows.order_by("-opened_at", "-pk")
    if cursor:
        rows = rows.filter(opened_at__lte=cursor[0]).exclude(opened_at=cursor[0], pk__gte=cursor[1])
    found = list(next_steps(rows.select_related("customer", "category", "team", "agent"))[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], f"{last.opened_at.isoformat()}_{last.pk}" if last else ""


def shown(
    row: Ticket, *, zone: str, now: datetime, reader: Agent, target: clocks.Nearest | None = None
) -> dict[str, Any]:
    """A ticket as a row: its state, until when, its nearest target, and whose it is."""
    mark, word = mark_of(row, now)
    due = window(row.next_promised_from, row.next_promised_by, zone) if row.next_promised_by else ""
    verb = "promised" if row.next_told_at else "next step"
    return {
        "number": row.number,
        "ref": numbers.read_aloud(row.number),
        "title": row.subject,
        "mark": mark,
        "word": word,
        "why": " · ".join(part for part in (f"{verb} {due}" if due else "", row.category.path) if part),
        "who": names.name_of(row.customer, reader),
        "side": row.agent.display_name if row.agent else str(row.team or "for all"),
        "target": target,
    }


def mark_of(row: Ticket, now: datetime) -> tuple[str, str]:
    if not row.is_open:
        word = "waived" if row.waived else history.OUTCOMES.get(row.outcome, row.outcome or "closed").lower()
        return ("waived" if row.waived else "closed"), word
    if row.next_promised_by is None:
        return "warn", "no next step"
    if row.next_promised_by <= now:
        return "overdue", "overdue"
    return ("promised", "promised") if row.next_told_at else ("next", "not told yet")


@require_GET
@access.page()
def tickets(request: access.DeskRequest) -> HttpResponse:
    """Search and filters; a number that is found leads straight to its ticket."""
    asked, error = asked_of(request), ""
    number = numbers.normalise(asked["q"])
    if number and Ticket.objects.visible_to(request.actor, now=request.now).filter(number=number).exists():
        return redirect("ticket", number=number)
    try:
        found, older = page(filtered(request.actor, asked, request.now), request.GET.get("before", ""))
    except Invalid as refused:
        found, older, error = [], "", refused.message
    given: dict[str, Any] = {"zone": access.zone_of(request.user), "now": request.now}
    targets = clocks.nearest([row.pk for row in found if row.is_open], **given)
    teams = Team.objects.all() if request.actor.sees_all else Team.objects.filter(pk__in=request.actor.team_ids)
    page_context = {
        "rows": [shown(row, **given, reader=request.user, target=targets.get(row.pk)) for row in found],
        "older": older,
        "asked": asked,
        "states": STATES,
        "teams": list(teams),
        "error": error,
    }
    return render(request, "tickets/list.html", page_context)


urlpatterns = [path("tickets", tickets, name="tickets")]
