"""Notices: what the desk tells this person, and the bell that counts them."""

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils.cache import patch_cache_control
from django.views.decorators.http import condition, require_http_methods, require_safe

from desk import access
from desk.web import paging
from desk.web import rows as rows_of
from followups import notices
from followups.actions import contacting
from followups.models import Notice


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def listing(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _read(request)
    rows = Notice.objects.filter(recipient=request.user).select_related("ticket", "follow_up__ticket__customer")
    unread_only = request.GET.get("show") == "unread"
    if unread_only:
        rows = rows.filter(read_at__isnull=True)
    page = paging.page(rows, request.GET, field="at", newest_first=True)
    _say_from_when(page.rows, request)
    return render(request, "notices/notices.html", {"page": page, "unread_only": unread_only})


def _say_from_when(shown: list[Notice], request: HttpRequest) -> None:
    """Reminders of calls that must not be made at this moment say so."""
    calls = [row.follow_up for row in shown if row.stage and row.follow_up]
    against, zone = contacting.held_back(calls, now=request.now), access.zone_of(request.user)
    for row in shown:
        row.held_back = rows_of.held_back(against.get(row.follow_up_id), zone) if row.stage else ""


def _read(request: HttpRequest) -> HttpResponse:
    """Mark one as read, or all of them."""
    text = request.POST.get("notice", "")
    notices.mark_read(request.user, now=request.now, notice_id=_uuid(text) if text else None)
    return redirect(f"{request.path}?show=unread" if request.GET.get("show") == "unread" else request.path)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _state(request: HttpRequest) -> dict[str, Any]:
    """How many are unread and when the latest of them came: one query over the unread alone, once for a request."""
    if not hasattr(request, "bell"):
        rows = Notice.objects.filter(recipient=request.user, read_at__isnull=True)
        request.bell = rows.aggregate(unread=Count("pk"), latest=Max("at"))
    return request.bell


def _etag(request: HttpRequest) -> str | None:
    if not request.user.is_authenticated:
        return None
    bell = _state(request)
    latest = bell["latest"].isoformat() if bell["latest"] else ""
    return f'"{request.user.pk}-{latest}-{bell["unread"]}"'


@login_not_required
@require_safe
@condition(etag_func=_etag)
def badge(request: HttpRequest) -> HttpResponse:
    """The bell alone, polled: nothing where nothing changed, and no sign-in page in the bar once the session ended."""
    if not request.user.is_authenticated:
        return HttpResponse("Sign in.", status=401, content_type="text/plain")
    response = HttpResponse(render_to_string("_parts/notices_badge.html", {"unread": _state(request)["unread"]}))
    patch_cache_control(response, private=True, no_cache=True)
    return response


urlpatterns = [
    path("notices", listing, name="notices"),
    path("notices/badge", badge, name="notices-badge"),
]
