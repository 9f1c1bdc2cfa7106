"""Waivers asked for: granted many at once or refused, each by the gate's own rules."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import team
from desk.web.forms import team as forms
from followups.actions import waiving
from followups.errors import Forbidden, Missing, Refused
from followups.models import Closure, WaiverKind, WaiverRequest

SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*team.WATCHING)
def waivers(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _grant(request)
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    rows = list(_rows(request)[: SHOWN + 1])
    context = {
        "groups": _grouped(rows[:SHOWN]),
        "more": len(rows) > SHOWN,
        "zone": access.zone_of(request.user),
        "may_act": request.actor.supervises,
        "results": request.session.pop(team.RESULTS, None) if team.RESULTS in request.session else None,
        **team.tabs(request.actor),
        **more,
    }
    return render(request, "team/waivers.html", context, status=status)


def _rows(request: HttpRequest) -> QuerySet[WaiverRequest]:
    """With whether the reader had a hand in the ticket, as far as can be seen cheaply; the gate decides."""
    me = request.user
    tried = Closure.objects.filter(ticket=OuterRef("ticket"), by=me, undone_at__isnull=True)
    owned = Q(ticket__agent=me) | Q(ticket__opened_agent=me)
    related = ("ticket__customer", "ticket__category", "ticket__team", "asked_by", "told_contact")
    return (
        team.asked(request.actor)
        .select_related(*related)
        .annotate(own=Q(Exists(tried)) | owned)
        .order_by("kind", "asked_at")
    )


def _grouped(rows: list[WaiverRequest]) -> list[dict[str, Any]]:
    """By kind, then by reason, so that alike ones are decided alike."""
    groups: dict[str, list[WaiverRequest]] = {}
    for row in rows:
        row.not_told = row.kind not in waiving.NOT_TOLD and row.told_contact_id is None
        groups.setdefault(row.kind, []).append(row)
    return [
        {
            "kind": kind,
            "label": WaiverKind(kind).label,
            "rows": sorted(found, key=lambda row: (row.reason.casefold(), row.asked_at)),
        }
        for kind, found in groups.items()
    ]


def _grant(request: HttpRequest) -> HttpResponse:
    if not request.actor.supervises:
        raise Forbidden("read-only", "Auditors read.")
    keys = [key for text in request.POST.getlist("selected")[: team.MOST] if (key := team.key(text))]
    rows = list(
        team.asked(request.actor).filter(pk__in=keys).select_related("ticket", "told_contact").order_by("asked_at")
    )
    done = waiving.grant(requests=rows, by=request.actor, now=request.now)
    refused = [team.refusal_of(row.ticket, result) for row, result in done if isinstance(result, Refused)]
    if not rows:
        messages.warning(request, "Nothing was selected.")
    elif len(refused) < len(rows):
        messages.success(request, f"{len(rows) - len(refused)} granted. The tickets are closed as waived.")
    if refused:
        request.session[team.RESULTS] = refused
    return redirect("overdue-waivers")


@require_POST
@access.page(*team.LEADING)
def refusal(request: HttpRequest, key: UUID) -> HttpResponse:
    row = team.asked(request.actor).filter(pk=key).first()
    if row is None:
        raise Missing("No such request.")
    form = forms.Refusal(request.POST)
    if not form.is_valid():
        return _page(request, status=400, refused=row.pk, form=form)
    waiving.refuse(request=row, reason=form.cleaned_data["reason"], by=request.actor, now=request.now)
    messages.success(request, f"Refused. {row.asked_by.display_name} is told why.")
    return redirect("overdue-waivers")


urlpatterns = [
    path("overdue/waivers", waivers, name="overdue-waivers"),
    path("overdue/waivers/<uuid:key>/refusal", refusal, name="overdue-waiver-refusal"),
]
