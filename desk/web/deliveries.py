"""Messages that did not arrive, with why, to be sent anew; and what a team writes to its customers by itself."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import access
from desk.web import paging, team
from desk.web.forms.channels import MessagingForm
from desk.web.forms.refusals import explain
from followups import masking, outward
from followups.actions import listening
from followups.actions import messages as letters
from followups.errors import Forbidden, Missing, Refused
from followups.models import Delivery, DeliveryState, Messaging, Role, Team

SIZE = 50
MOST = 200
LISTS = {
    "dead": ("Given up", Q(state=DeliveryState.DEAD)),
    "bounced": ("Came back", Q(state=DeliveryState.BOUNCED)),
    "waiting": ("Waiting", Q(state=DeliveryState.WAITING)),
}
SIGNS = {"dead": "overdue", "bounced": "overdue", "waiting": "next"}


@require_safe
@access.page(*team.LEADING)
def listing(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("list", "")
    chosen = asked if asked in LISTS else "dead"
    of = {name: Delivery.objects.led_by(request.actor).filter(which) for name, (_, which) in LISTS.items()}
    rows = of[chosen].select_related("ticket", "customer", "agent", "channel")
    page = paging.page(rows, request.GET, field="made_at", newest_first=True, size=SIZE)
    counts = access.counts_at_once(request.user, **of)
    context = {
        "chosen": chosen,
        "lists": [(name, words, counts[name]) for name, (words, _) in LISTS.items()],
        "page": page,
        "lines": [_line(row) for row in page.rows],
        **team.tabs(request.actor),
    }
    return render(request, "team/deliveries.html", context)


def _line(row: Delivery) -> dict[str, Any]:
    """Whom it was for, by a masked address: enough to see that it is wrong."""
    address = row.address or (row.channel.address if row.channel else "")
    return {
        "row": row,
        "to": str(row.customer or row.agent or "nobody"),
        "address": masking.mask_email(address) if "@" in address and "://" not in address else outward.masked(address),
        "state": SIGNS[row.state],
        "word": row.get_state_display().lower(),
        "why": row.error or ("leaves in her hours" if row.customer_id else ""),
    }


@require_POST
@access.page(*team.LEADING)
def replay(request: HttpRequest) -> HttpResponse:
    """Send one or many anew, under their old keys."""
    keys = [key for text in request.POST.getlist("selected")[:MOST] if (key := team.key(text))]
    done = [row for row in Delivery.objects.led_by(request.actor).filter(pk__in=keys) if _replayed(row, request)]
    if done:
        messages.success(request, f"{len(done)} will be sent again.")
    else:
        messages.warning(request, "Nothing was sent again: select what was given up or came back.")
    asked = request.POST.get("list", "")
    return redirect(f"{request.path.rsplit('/', 1)[0]}{f'?list={asked}' if asked in LISTS else ''}")


def _replayed(row: Delivery, request: HttpRequest) -> bool:
    try:
        letters.replay(delivery=row, by=request.actor, now=request.now)
    except Refused:
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*team.WATCHING)
def messaging(request: HttpRequest, key: int | None = None) -> HttpResponse:
    """What is written to customers by itself: the desk's own, or a team's."""
    of = _team(key)
    own = Messaging.objects.filter(team=of).first()
    may_write = request.user.role == Role.ADMIN
    if request.method == "POST" and not may_write:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    form = MessagingForm(request.POST) if request.method == "POST" else None
    if form and form.is_valid():
        try:
            listening.write_to_customers(team=of, **form.cleaned_data, by=request.actor)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Saved. It holds for what is done from now on.")
            return redirect("messaging-team", key) if key else redirect("messaging")
    shown = form or MessagingForm.of(own or Messaging.objects.of(None), locked=not may_write)
    context = {
        "form": shown,
        "team": of,
        "own": own,
        "teams": Team.objects.select_related("messaging"),
        "may_write": may_write,
    }
    return render(request, "policies/messaging.html", context, status=400 if form and form.errors else 200)


@require_POST
@access.page(Role.ADMIN)
def dropping(request: HttpRequest, key: int) -> HttpResponse:
    """The team writes as the desk does again."""
    listening.follow_the_desk(team=_team(key), by=request.actor)
    return redirect("messaging-team", key)


def _team(key: int | None) -> Team | None:
    if key is None:
        return None
    found = Team.objects.filter(pk=key).first()
    if found is None:
        raise Missing("No such team.")
    return found


urlpatterns = [
    path("deliveries", listing, name="deliveries"),
    path("deliveries/replay", replay, name="deliveries-replay"),
    path("messaging", messaging, name="messaging"),
    path("messaging/<int:key>", messaging, name="messaging-team"),
    path("messaging/<int:key>/dropping", dropping, name="messaging-dropping"),
]
