"""People of the desk: who they are, what they may, whether they are here; and how they get in for the first time."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django import forms as django_forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, password_validation
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import access
from desk.web import zones
from desk.web.forms import people as forms
from desk.web.forms.refusals import explain
from followups import notices
from followups.actions import absences, people
from followups.errors import Forbidden, Missing, Refused
from followups.models import Actor, Agent, NoticeKind, Role

WATCHING = (Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
LEADING = (Role.SUPERVISOR, Role.ADMIN)


def seen(actor: Actor) -> QuerySet[Agent]:
    """Administrators and auditors see everybody, supervisors their teams and themselves."""
    rows = Agent.objects.prefetch_related("teams", "absences")
    if actor.sees_all:
        return rows
    return (rows.filter(teams__in=actor.team_ids) | rows.filter(pk=actor.agent.pk)).distinct()


def found(request: HttpRequest, key: int) -> Agent:
    person = seen(request.actor).filter(pk=key).first()
    if person is None:
        raise Missing("No such person.")
    return person


@require_safe
@access.page(*WATCHING)
def listing(request: HttpRequest) -> HttpResponse:
    rows = list(seen(request.actor).order_by("-is_active", "first_name", "last_name", "username"))
    context = {
        "rows": [{"person": row, "away_until": row.away_until(request.now)} for row in rows],
        "may_write": request.user.role == Role.ADMIN,
    }
    return render(request, "people/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.ADMIN)
def new(request: HttpRequest) -> HttpResponse:
    form = forms.PersonForm(request.POST or None)
    saved = _saved(request, form, None)
    if saved is None:
        return render(
            request, "people/person.html", {"form": form, "zones": zones.names()}, status=400 if form.errors else 200
        )
    return _invited(request, saved)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page(*WATCHING)
def person(request: HttpRequest, key: int) -> HttpResponse:
    row = found(request, key)
    if request.user.role != Role.ADMIN:
        if request.method == "POST":
            raise Forbidden("not-an-admin", "Only an administrator may do this.")
        return _person(request, row, forms.PersonForm(instance=row).lock())
    form = forms.PersonForm(request.POST or None, instance=row)
    saved = _saved(request, form, row)
    if saved is None:
        return _person(request, row, form)
    messages.success(request, f"{saved.display_name} is saved.")
    return redirect("person", key)


def _person(request: HttpRequest, row: Agent, form: Any, **more: Any) -> HttpResponse:
    zone = access.zone_of(request.user)
    context = {
        "form": form,
        "person": row,
        "name": more.get("name") or row.display_name,
        "away": forms.AwayForm(zone=zone, until=row.away_until(request.now)),
        "is_away": row.is_away(request.now),
        "may_write": request.user.role == Role.ADMIN,
        "may_lead": request.actor.supervises,
        "zones": zones.names(),
        "last_recorded": people.last_recorded(row),
        "has_second_factor": is_mfa_enabled(row),
        **more,
    }
    return render(request, "people/person.html", context, status=400 if form.errors else 200)


def _saved(request: HttpRequest, form: forms.PersonForm, row: Agent | None) -> Agent | None:
    if not form.is_bound or not form.is_valid():
        return None
    try:
        return people.save_agent(
            agent=row, changes=form.changes, teams=form.cleaned_data["teams"], by=request.actor, now=request.now
        )
    except Refused as refused:
        explain(form, refused)
        return None


@never_cache
@require_POST
@access.page(Role.ADMIN)
def invitation(request: HttpRequest, key: int) -> HttpResponse:
    return _invited(request, found(request, key))


def _invited(request: HttpRequest, row: Agent) -> HttpResponse:
    """The link is shown in this answer alone, and kept nowhere."""
    if not row.is_active:
        raise Refused("inactive", "This person may not sign in. Switch the account on first.")
    link = settings.SITE_URL + people.invite(agent=row, now=request.now)
    response = render(request, "people/invitation.html", {"person": row, "link": link, "lives": people.LINK_LIVES})
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@access.page(Role.ADMIN)
def second_factor(request: HttpRequest, key: int) -> HttpResponse:
    """For those who lost theirs: the next sign-in asks for the password alone, and they can set up another."""
    row = found(request, key)
    Authenticator.objects.filter(user=row).delete()
    text = f"{request.user.display_name} took your second factor away. Set up another one."
    notices.tell([row], kind=NoticeKind.DESK, text=text, now=request.now)
    messages.success(request, f"{row.display_name} signs in without a second factor until another is set up.")
    return redirect("person", key)


@require_POST
@access.page(*LEADING)
def absence(request: HttpRequest, key: int) -> HttpResponse:
    row = found(request, key)
    form = forms.AwayForm(request.POST, zone=access.zone_of(request.user))
    if set_away(request, row, form):
        return redirect("person", key)
    return _person(request, row, forms.PersonForm(instance=row), away=form)


def set_away(request: HttpRequest, row: Agent, form: forms.AwayForm) -> bool:
    """Whether it was set; what was refused stands in the form."""
    if not form.is_valid():
        return False
    until = form.cleaned_data["until"]
    try:
        absences.set_away(agent=row, until=until, by=request.actor, now=request.now)
    except Refused as refused:
        explain(form, refused)
        return False
    messages.success(request, f"{row.display_name} is {'away' if until else 'present'}.")
    return True


class WelcomeForm(django_forms.Form):
    password = django_forms.CharField(
        widget=django_forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text=password_validation.password_validators_help_text_html,
    )
    again = django_forms.CharField(
        label="The same again", widget=django_forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("password") and given.get("again") and given["password"] != given["again"]:
            self.add_error("again", "The two are not the same.")
        return given


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, secret: str) -> HttpResponse:
    """A first password by a link that works once; looking at it uses nothing up."""
    row = people.link(secret=secret, now=timezone.now())
    form = WelcomeForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            agent = people.use_link(secret=secret, password=form.cleaned_data["password"], now=timezone.now())
        except Refused as refused:
            explain(form, refused)
        else:
            return _signed_in(request, agent)
    return render(
        request, "people/welcome.html", {"form": form, "person": row.agent}, status=400 if form.errors else 200
    )


def _signed_in(request: HttpRequest, agent: Agent) -> HttpResponse:
    """Straight in, but for those with a second factor: a link alone must not pass it by."""
    if is_mfa_enabled(agent):
        messages.success(request, "The password is set. Sign in with it.")
        return redirect("login")
    login(request, agent, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("/")


urlpatterns = [
    path("people", listing, name="people"),
    path("people/new", new, name="person-new"),
    path("people/<int:key>", person, name="person"),
    path("people/<int:key>/absence", absence, name="person-absence"),
    path("people/<int:key>/invitation", invitation, name="person-invitation"),
    path("people/<int:key>/second-factor", second_factor, name="person-second-factor"),
    path("welcome/<str:secret>", welcome, name="welcome"),
]
