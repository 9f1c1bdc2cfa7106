"""API tokens: made, shown once, revoked."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web.forms import people as forms
from desk.web.forms.refusals import explain
from followups.actions import people
from followups.errors import Forbidden, Missing, Refused
from followups.models import ApiToken, Role

SHOWN = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@access.page(Role.SUPERVISOR, Role.ADMIN, Role.AUDITOR)
def tokens(request: HttpRequest) -> HttpResponse:
    form = forms.TokenForm(request.POST or None)
    if request.method != "POST":
        return _page(request, form)
    if request.user.role != Role.ADMIN:
        raise Forbidden("not-an-admin", "Only an administrator may do this.")
    if form.is_valid():
        try:
            token, secret = people.make_token(**form.cleaned_data, now=request.now)
        except Refused as refused:
            explain(form, refused)
        else:
            return _page(request, forms.TokenForm(), made=token, secret=secret)
    return _page(request, form)


def _page(request: HttpRequest, form: forms.TokenForm, **made: Any) -> HttpResponse:
    rows = list(ApiToken.objects.select_related("team", "agent").order_by("revoked_at", "name", "id")[:SHOWN])
    for row in rows:
        row.is_live = not row.revoked_at and not (row.expires_at and row.expires_at <= request.now)
    rows.sort(key=lambda row: (not row.is_live, row.name.casefold(), row.pk))
    context = {"rows": rows, "form": form, "may_write": request.user.role == Role.ADMIN, **made}
    return render(request, "people/tokens.html", context, status=400 if form.errors else 200)


@require_POST
@access.page(Role.ADMIN)
def revocation(request: HttpRequest, key: int) -> HttpResponse:
    token = ApiToken.objects.filter(pk=key).first()
    if token is None:
        raise Missing("No such token.")
    people.revoke_token(token=token, now=request.now)
    messages.success(request, f"{token.name} is revoked.")
    return redirect("tokens")


urlpatterns = [
    path("tokens", tokens, name="tokens"),
    path("tokens/<int:key>/revocation", revocation, name="token-revocation"),
]
