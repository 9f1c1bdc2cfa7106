"""Who took which report out of the desk, and who read figures of single agents: seen, never changed, without figures."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import dateformat
from django.views.decorators.http import require_safe

from desk import access
from desk.web import paging
from followups.models import Export, Role
from followups.reports import wording

SIZE = 50
A_DAY = timedelta(days=1)
LAST = timedelta(microseconds=1)  # the end of a period is not in it
SAID = {
    "by": "by {}",
    "team": "team {}",
    "family": "family {}",
    "category": "category {}",
    "channel": "channel {}",
    "priority": "priority {}",
    "customer": "one customer",
    "part": "rows of {}",
    "key": "{} alone",
}


@require_safe
@access.page(Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
def listing(request: HttpRequest) -> HttpResponse:
    rows = Export.objects.visible_to(request.actor).select_related("token")
    page = paging.page(rows, request.GET, field="at", newest_first=True, size=SIZE)
    context = {"page": page, "lines": [line(row) for row in page.rows], "all": request.actor.sees_all}
    return render(request, "reports/exports.html", context)


def line(row: Export) -> dict[str, Any]:
    asked = row.asked
    start, end, as_of = (datetime.fromisoformat(asked[name]) for name in ("from", "to", "as_of"))
    words = [words.format(asked[name]) for name, words in SAID.items() if asked.get(name)]
    return {
        "row": row,
        "title": wording.TITLES.get(row.report, row.report),
        "words": ", ".join(words) or "the whole",
        "span": f"{day(start)} to {day(end - LAST)}",
        "as_of": "" if row.at - as_of < A_DAY else day(as_of),
    }


def day(instant: datetime) -> str:
    return dateformat.format(instant.astimezone(ZoneInfo(settings.DESK_ZONE)), "D j M Y")


urlpatterns = [path("exports", listing, name="exports")]
