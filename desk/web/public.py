"""The customer's page: what was promised and by when, in her time; her word on it. Nothing acts on GET."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.contrib import messages as toasts
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from desk.web import her_words
from desk.web.forms import steps
from followups import languages, numbers, worktime
from followups.actions import confirming, messages, slots
from followups.errors import Refused
from followups.models import Actor, FollowUp

ENDS_AFTER = timedelta(days=60)
A_MINUTE = 60
LIMITS = {"GET": 60, "POST": 10}

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page behind a signed link: no sign-in, no index, nothing kept, and not too often."""

    @wraps(view)
    def checked(request: HttpRequest, token: str, *args: Any) -> HttpResponse:
        now = timezone.now()
        if too_often(request, token):
            return gone(request, "Too many tries in a minute. Please wait a moment and open the link again.", 429)
        row = messages.promise_from_token(token)
        if row is None or row.ticket.customer is None or has_ended(row, now):
            return gone(request, "This link does not lead anywhere any more. Please call us, we are glad to help.", 404)
        return sealed(view(request, row, token, now, *args))

    return login_not_required(never_cache(checked))


def too_often(request: HttpRequest, token: str) -> bool:
    """A soft limit for each link and address; a cache that is away stops nobody."""
    caller = f"{request.method}:{request.META.get('REMOTE_ADDR', '')}:{token}"
    key = f"promise:{hashlib.sha256(caller.encode()).hexdigest()}"
    count = cache.get_or_set(key, 0, A_MINUTE) or 0
    cache.set(key, count + 1, A_MINUTE)
    return count >= LIMITS.get(request.method or "GET", LIMITS["POST"])


def has_ended(row: FollowUp, now: datetime) -> bool:
    """Links of what ended long ago lead nowhere."""
    closed_at = row.ticket.closed_at
    return bool(closed_at and closed_at < now - ENDS_AFTER)


def sealed(response: HttpResponse) -> HttpResponse:
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def gone(request: HttpRequest, text: str, status: int) -> HttpResponse:
    return sealed(render(request, "public/gone.html", {"text": text}, status=status))


def actor_of(row: FollowUp) -> Actor:
    return Actor(door="customer", customer=row.ticket.customer)


def present(row: FollowUp) -> FollowUp:
    """The promise that stands now: this one, else the next one of the ticket that she was told."""
    if row.is_open or not row.ticket.is_open:
        return row
    standing = row.ticket.follow_ups.open().told().order_by("promised_by").first()
    return standing or row


@require_GET
@page
def promise(request: HttpRequest, row: FollowUp, token: str, now: datetime) -> HttpResponse:
    """What was promised, and what she can say to it."""
    shown = present(row)
    shown.ticket = row.ticket
    return render(request, "public/promise.html", page_of(shown, token, now))


def page_of(row: FollowUp, token: str, now: datetime) -> dict[str, Any]:
    ticket, language = row.ticket, messages.language_of(row.ticket)
    zone, spoken = messages.zone_of(row).replace("_", " "), numbers.read_aloud(ticket.number)
    times = confirming.offered(follow_up=row, now=now) if row.is_open else []
    return {
        "token": token,
        "follow_up": row,
        "subject": ticket.subject,
        "say": her_words.words(language, zone=zone, number=spoken),
        "language": language,
        "promise": messages.promise_words(row, language),
        "window": messages.window(row, language),
        "desk": str(row.team or ticket.team or "Agent Desk"),
        "late": row.is_open and row.promised_by <= now,
        "open": ticket.is_open,
        "again": ticket.is_open and not row.is_open,
        "confirmed": ticket.confirmed == "yes",
        "times": [(steps.value_of(each), _time(each, messages.zone_of(row), language)) for each in times],
    }


def _time(slot: slots.Proposal, zone: str, language: str) -> str:
    start, end = (worktime.to_wall(each, zone) for each in (slot.from_at, slot.by_at))
    return languages.window(language, start, end)


def say(row: FollowUp, key: str) -> str:
    """A word of thanks, or of regret, in her language."""
    return her_words.PAGE[messages.language_of(row.ticket)][key]


def act(request: HttpRequest, token: str, done: str, do: Callable[[], Any]) -> HttpResponse:
    """One act of hers, and back to the page with a word of thanks or the reason why not."""
    try:
        do()
        toasts.success(request, done)
    except Refused as refused:
        toasts.error(request, refused.message)
    return redirect("promise", token=token)


@require_POST
@page
def solved(request: HttpRequest, row: FollowUp, token: str, now: datetime) -> HttpResponse:
    thanks = say(row, "thanks_solved")
    return act(request, token, thanks, lambda: confirming.solved(follow_up=present(row), by=actor_of(row), now=now))


@require_POST
@page
def not_solved(request: HttpRequest, row: FollowUp, token: str, now: datetime) -> HttpResponse:
    thanks = say(row, "thanks_not")
    return act(request, token, thanks, lambda: confirming.not_solved(follow_up=present(row), by=actor_of(row), now=now))


@require_POST
@page
def another_time(request: HttpRequest, row: FollowUp, token: str, now: datetime) -> HttpResponse:
    """One of the times that were offered, still free."""
    shown = present(row)
    chosen = request.POST.get("slot", "")
    slot = next((each for each in confirming.offered(follow_up=shown, now=now) if steps.value_of(each) == chosen), None)
    if slot is None:
        toasts.error(request, say(row, "slot_gone"))
        return redirect("promise", token=token)
    thanks = say(row, "thanks_time")
    return act(
        request,
        token,
        thanks,
        lambda: confirming.another_time(follow_up=shown, slot=slot, by=actor_of(row), now=now),
    )


urlpatterns = [
    path("p/<str:token>", promise, name="promise"),
    path("p/<str:token>/solved", solved, name="promise-solved"),
    path("p/<str:token>/not-solved", not_solved, name="promise-not-solved"),
    path("p/<str:token>/time", another_time, name="promise-time"),
]
