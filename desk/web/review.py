"""What a supervisor should look at beside the overdue: tickets for review, and what the watch found."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from desk import access
from desk.web import paging, team
from followups.models import Finding
from followups.reports import review

FINDINGS_SHOWN = 100
CLEARED_SHOWN = 20
KINDS = {
    "reminder-missing": "A reminder was missing",
    "reminders-unsent": "Reminders were not sent",
    "lease-ran-out": "A message got stuck",
    "gate-broken": "A ticket breaks the gate's rule",
    "sweep-silent": "A sweep fell silent",
}


@require_safe
@access.page(*team.WATCHING)
def listing(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("list", "")
    chosen = asked if asked in review.LISTS else "no_next_step"
    context = {
        "lists": review.LISTS,
        "chosen": chosen,
        "page": paging.page(review.listed(chosen, request.actor, now=request.now), request.GET, field="opened_at"),
        "zone": access.zone_of(request.user),
        **team.tabs(request.actor),
    }
    return render(request, "team/review.html", context)


@require_safe
@access.page(*team.WATCHING)
def findings(request: HttpRequest) -> HttpResponse:
    """Those that stand first, then the latest that were cleared."""
    standing = Finding.objects.filter(cleared_at__isnull=True)[:FINDINGS_SHOWN]
    cleared = Finding.objects.filter(cleared_at__isnull=False).order_by("-cleared_at")[:CLEARED_SHOWN]
    counts = team.tabs(request.actor)
    context = {**counts, "count": counts["findings"], "standing": _named(standing), "cleared": _named(cleared)}
    return render(request, "team/findings.html", context)


def _named(found: Iterable[Finding]) -> list[Finding]:
    rows = list(found)
    for row in rows:
        row.words = KINDS.get(row.kind, row.kind)
    return rows


urlpatterns = [
    path("overdue/findings", findings, name="overdue-findings"),
    path("overdue/review", listing, name="overdue-review"),
]
