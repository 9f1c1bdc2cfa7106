"""Who went silent and is to be contacted, with owner and next step; one button plans it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from desk import access
from desk.web import comparing
from desk.web import rows as listing
from followups.actions import reviving
from followups.errors import Refused
from followups.models import FollowUp, Role, Ticket
from followups.reports import against, cuts, outreach, rows, silent


def rows_of(request: HttpRequest, listed: list[cuts.Listed]) -> list[dict[str, Any]]:
    """Those of the tickets that the reader sees."""
    steps = Prefetch("follow_ups", FollowUp.objects.open().order_by("promised_by"), to_attr="next_steps")
    visible = Ticket.objects.visible_to(request.actor, now=request.now).filter(pk__in=[row.ticket_id for row in listed])
    found = visible.select_related("customer", "team", "agent", "category").prefetch_related(steps)
    by_id = {ticket.pk: ticket for ticket in found}
    return [shown(request, by_id[row.ticket_id], row) for row in listed if row.ticket_id in by_id]


def shown(request: HttpRequest, ticket: Ticket, row: cuts.Listed) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "who": listing.name_of(ticket.customer, request.user),
        "owner": ticket.agent or ticket.team,
        "step": next(iter(ticket.next_steps), None),
        "left_at": row.at - outreach.WATCHED,
        "may": request.actor.role != Role.AUDITOR,
    }


LABELS = {
    "came_back": "Contacted us again",
    "resolved": "Have a solution",
    "reached": "Were reached by us",
}
# Of those to be contacted, beside those held out.
SIGNS = {
    against.MORE: ("done", "more than without"),
    against.FEWER: ("overdue", "fewer than without"),
    against.ALIKE: ("info", "no clear difference"),
    against.FEW: ("info", "too few to say"),
    against.NONE: ("info", "nothing to compare"),
}


def effects(found: rows.Outreach, link: Callable[..., str]) -> dict[str, Any]:
    """What reaching out does, each count with its rows."""
    shown = [effect(name, getattr(found, name), link) for name in outreach.BECAME]
    sides = (found.came_back.to_contact, found.came_back.held_out)
    young = sum(side.immature for side in sides)
    known = sum(side.den for side in sides)
    return {"rows": shown if known else [], "why": found.why, "young": young, "days": outreach.FOLLOWED.days}


def effect(name: str, it: rows.Effect, link: Callable[..., str]) -> dict[str, Any]:
    look, said = SIGNS[it.verdict]
    known = it.difference is not None and it.verdict != against.FEW
    return {
        "label": LABELS[name],
        "now": it.to_contact,
        "before": it.held_out,
        "sign": look,
        "said": said,
        "shift": comparing.points(it.difference) if known else "",
        "shift_range": f"{comparing.points(it.ci_low)} to {comparing.points(it.ci_high)}" if known else "",
        "links": {
            f"{place}_{count}": link(f"{side}.{part}")
            for place, side in (("now", "drawn"), ("before", "held"))
            for count, part in (("num", name), ("den", "den"))
        },
    }


@require_POST
@access.page(*access.DESK_PEOPLE)
def plan(request: access.DeskRequest, number: str) -> HttpResponse:
    """Open it again where it ended, and promise nothing yet: the step is planned, she is told when she is reached."""
    ticket = access.ticket(request.actor, number, now=request.now)
    access.require(request.actor, ticket, "log", now=request.now)
    try:
        step = reviving.reach_out(ticket=ticket, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("report", name=silent.NAME)
    messages.success(request, "Planned.")
    return redirect("follow-up", key=step.pk)
