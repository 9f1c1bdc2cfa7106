"""One's own account: name, zone, absence, own counts; signing in and out, which allauth does."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account import views as allauth_views
from django.contrib import messages
from django.db.models import Count, Q
from django.forms import TextInput
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import people as people_pages
from desk.web import zones
from desk.web.forms.changes import ChangesForm
from desk.web.forms.people import AwayForm
from desk.web.forms.refusals import explain
from followups.actions import people
from followups.errors import Refused
from followups.models import Agent, FollowUp, FollowUpState

WEEK = timedelta(days=7)


class OwnForm(ChangesForm):
    class Meta:
        model = Agent
        fields = ("first_name", "last_name", "email", "zone")
        labels = {"email": "E-mail"}
        help_texts = {
            "zone": "Times are shown in it. Empty: the desk's own.",
            "email": "Digests of overdue promises go there.",
        }
        widgets = {"zone": TextInput(attrs={"list": "zones", "autocomplete": "off"})}


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def account(request: HttpRequest) -> HttpResponse:
    person = Agent.objects.get(pk=request.user.pk)
    form = OwnForm(request.POST or None, instance=person)
    if form.is_bound and form.is_valid():
        try:
            people.change_own(changes=form.changes, by=request.actor)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, "Saved.")
            return redirect("account")
    return _page(request, form)


def _page(request: HttpRequest, form: OwnForm, **more: Any) -> HttpResponse:
    user, now = request.user, request.now
    context = {
        "form": form,
        "away": AwayForm(zone=access.zone_of(user), until=user.away_until(now)),
        "away_until": user.away_until(now),
        "figures": own_figures(user, now=now),
        "zones": zones.names(),
        **more,
    }
    refused = form.errors or (more and more["away"].errors)
    return render(request, "account/account.html", context, status=400 if refused else 200)


def own_figures(agent: Agent, *, now: datetime) -> dict[str, int]:
    """Own open, overdue and done ones; the done of the last seven days are read by their index."""
    counts = (
        FollowUp.objects.open()
        .filter(owner=agent)
        .aggregate(open=Count("pk"), overdue=Count("pk", filter=Q(promised_by__lte=now)))
    )
    done = FollowUp.objects.ended().filter(ended_by=agent, ended_at__gt=now - WEEK)
    return {**counts, "done": done.exclude(state=FollowUpState.CALLED_OFF).count()}


@require_POST
@access.page()
def absence(request: HttpRequest) -> HttpResponse:
    form = AwayForm(request.POST, zone=access.zone_of(request.user))
    if people_pages.set_away(request, request.user, form):
        return redirect("account")
    return _page(request, OwnForm(instance=request.user), away=form)


urlpatterns = [
    path("account", account, name="account"),
    path("account/absence", absence, name="account-absence"),
    path("login", allauth_views.login, name="login"),
    path("logout", allauth_views.logout, name="logout"),
]
