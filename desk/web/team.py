"""The supervisors' board: what is overdue and whose, what comes up unattended, and acts on several at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from desk import access
from desk.web import clocks, paging, rows
from desk.web.forms import team as forms
from followups.actions import promising, scheduling
from followups.errors import Refused
from followups.models import Actor, Delivery, DoNotContact, Finding, FollowUp, Role, Ticket, WaiverRequest
from followups.reports import overdue

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
LEADING = (Role.SUPERVISOR, Role.ADMIN)
SHOWN, PRINTED = 25, 500
SOON_SHOWN = 10
MOST = 200
RESULTS = "board_results"


@require_GET
@access.page(*WATCHING)
def board(request: HttpRequest) -> HttpResponse:
    return _board(request)


def _board(request: HttpRequest, *, status: int = 200, **bound: Any) -> HttpResponse:
    actor, now, zone = request.actor, request.now, access.zone_of(request.user)
    counts = overdue.board(actor, now=now, zone=zone)
    printed = "all" in request.GET
    found = _shown(_filtered(request, zone))
    page = paging.page(found, request.GET, field="promised_by", size=PRINTED if printed else SHOWN)
    soon = list(_shown(overdue.unattended(actor, now=now)).order_by("promised_by", "pk")[: SOON_SHOWN + 1])
    targets = clocks.nearest([row.ticket_id for row in [*page.rows, *soon]], zone=zone, now=now)

    def line(row: FollowUp) -> dict[str, Any]:
        return _line(row, zone, now, counts.away, targets.get(row.ticket_id))

    context = {
        "board": counts,
        "bands": [(key, words, counts.bands[key]) for key, words in overdue.BANDS.items()],
        "page": page,
        "lines": [line(row) | ({"phone": _phone(row)} if printed else {}) for row in page.rows],
        "soon": [line(row) for row in soon[:SOON_SHOWN]],
        "more_soon": len(soon) > SOON_SHOWN,
        "may_act": actor.supervises,
        "results": request.session.pop(RESULTS) if RESULTS in request.session else None,
        **tabs(actor),
        **(_forms(request) if actor.supervises else {}),
        **bound,
    }
    return render(request, "team/board.html", context, status=status)


def _shown(found: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    return rows.with_tries(found).select_related("ticket__team", "team", "acknowledged_by")


def _line(
    row: FollowUp, zone: str, now: datetime, away: frozenset[int], target: clocks.Nearest | None
) -> dict[str, Any]:
    """A row of the list, with who is on it and how far it climbed."""
    held = bool(row.acknowledged_until and row.acknowledged_until > now)
    team = row.team or row.ticket.team
    notes = [
        team.name if team else "no team",
        "escalated" if row.stage == "escalated" and not held else "",
        f"{row.acknowledged_by.display_name} is on it" if held else "",
        "away" if row.owner_id in away else "",
    ]
    band = overdue.BANDS[overdue.band_of(row.promised_by, now=now, zone=zone)]
    return {
        "row": rows.of(row, zone=zone, now=now, target=target),
        "note": " · ".join(filter(None, notes)),
        "band": band,
    }


def _phone(row: FollowUp) -> str:
    """For a list on paper: where she may be called, her number."""
    customer = row.ticket.customer
    return customer.phone if customer and customer.do_not_contact != DoNotContact.ALL else ""


def tabs(actor: Actor) -> dict[str, Any]:
    """What all tabs show: counts of lists that are short where the desk is well, and names but for auditors."""
    lists: dict[str, QuerySet] = {"asked": asked(actor), "findings": Finding.objects.filter(cleared_at__isnull=True)}
    if actor.supervises:
        lists["undelivered"] = Delivery.objects.led_by(actor).undelivered()
    return {
        "names": actor.role != Role.AUDITOR,
        "may_replay": actor.supervises,
        "undelivered": 0,
        **access.counts_at_once(actor.agent, **lists),
    }


def asked(actor: Actor) -> QuerySet[WaiverRequest]:
    """Waivers asked for and not answered, on tickets the actor leads or reads."""
    open_ones = WaiverRequest.objects.filter(answered_at__isnull=True)
    return open_ones if actor.sees_all else open_ones.filter(ticket__in=Ticket.objects.workable_by(actor))


def _forms(request: HttpRequest) -> dict[str, Any]:
    people, teams = forms.people(request.actor, now=request.now), forms.teams(request.actor)
    return {
        "handover": forms.Handover(people=people, teams=teams),
        "moving": forms.Moving(zone=access.zone_of(request.user), now=request.now),
    }


def _filtered(request: HttpRequest, zone: str) -> QuerySet[FollowUp]:
    found = overdue.rows(request.actor).overdue(request.now)
    band, owner, team = (request.GET.get(name, "") for name in ("band", "owner", "team"))
    if band in overdue.BANDS:
        found = overdue.in_band(found, band, now=request.now, zone=zone)
    if owner == "none":
        found = found.filter(owner__isnull=True)
    elif owner.isdecimal():
        found = found.filter(owner_id=int(owner) % 2**31)
    return found.filter(ticket__team_id=int(team) % 2**31) if team.isdecimal() else found


def _keys(request: HttpRequest) -> list[UUID]:
    return [found for text in request.POST.getlist("selected")[:MOST] if (found := key(text))]


def _selected(request: HttpRequest) -> list[FollowUp]:
    found = FollowUp.objects.led_by(request.actor).filter(pk__in=_keys(request))
    return list(found.select_related("ticket__customer", "ticket__team").order_by("promised_by", "pk"))


def key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _each(request: HttpRequest, act: str, done: Callable[[FollowUp], Any], words: str) -> HttpResponse:
    """Do it to each selected row by itself; what is refused is said row by row, and the others are done."""
    chosen, refused = _selected(request), []
    for row in chosen:
        try:
            access.require(request.actor, row.ticket, act, now=request.now)
            done(row)
        except Refused as refusal:
            refused.append(refusal_of(row.ticket, refusal))
    if not chosen:
        messages.warning(request, "Nothing was selected.")
    elif len(chosen) > len(refused):
        messages.success(request, f"{len(chosen) - len(refused)} {words}.")
    if refused:
        request.session[RESULTS] = refused
    return redirect(_back(request))


def refusal_of(ticket: Ticket, refusal: Refused) -> dict[str, str]:
    return {"number": ticket.number, "subject": ticket.subject, "why": refusal.message}


def _back(request: HttpRequest) -> str:
    query = request.POST.get("query", "")
    return f"{request.path.rsplit('/', 1)[0]}{'?' + query if query else ''}"


@require_POST
@access.page(*LEADING)
def assignments(request: HttpRequest) -> HttpResponse:
    actor, now = request.actor, request.now
    form = forms.Handover(request.POST, people=forms.people(actor, now=now), teams=forms.teams(actor))
    if not form.is_valid():
        return _board(request, status=400, selected=_keys(request), handover=form)
    owner, team = form.target()
    note = form.cleaned_data["note"]

    def hand_over(row: FollowUp) -> None:
        scheduling.assign(follow_up=row, owner=owner, team=team, note=note, by=actor, now=now)

    name = owner.display_name if owner else (team.name if team else "their teams")
    return _each(request, "assign", hand_over, f"handed to {name}")


@require_POST
@access.page(*LEADING)
def moves(request: HttpRequest) -> HttpResponse:
    form = forms.Moving(request.POST, zone=access.zone_of(request.user), now=request.now)
    if not form.is_valid():
        return _board(request, status=400, selected=_keys(request), moving=form)
    given = form.cleaned_data

    def move(row: FollowUp) -> None:
        step = promising.Step(promised_by=given["by"]) if given["to"] == "time" else _next_slot(row, request)
        scheduling.move(follow_up=row, step=step, reason=given["reason"], by=request.actor, now=request.now)

    return _each(
        request, "change", move, "moved. Customers hear of it in writing where their team writes so; tell the others"
    )


def _next_slot(row: FollowUp, request: HttpRequest) -> promising.Step:
    found = promising.proposals(ticket=row.ticket, now=request.now, count=1)
    if not found:
        raise Refused("no-slot", "No slot is free within two months: name a time.")
    return promising.Step(promised_by=found[0].by_at, promised_from=found[0].from_at)


@require_POST
@access.page(*LEADING)
def acknowledgements(request: HttpRequest) -> HttpResponse:
    def acknowledge(row: FollowUp) -> None:
        scheduling.acknowledge(follow_up=row, by=request.actor, now=request.now)

    return _each(request, "assign", acknowledge, "acknowledged: escalation rests as long as the ladder says")


urlpatterns = [
    path("overdue", board, name="overdue"),
    path("overdue/acknowledgements", acknowledgements, name="overdue-acknowledgements"),
    path("overdue/assignments", assignments, name="overdue-assignments"),
    path("overdue/moves", moves, name="overdue-moves"),
]
