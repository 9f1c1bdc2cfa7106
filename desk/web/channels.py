"""One's own channels: where notices go beside the app, proved by a test, what each hears, and when it is quiet."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.web import doing
from desk.web.forms.channels import ChannelForm, HearsForm, HoursForm
from desk.web.forms.refusals import explain
from followups import outward
from followups.actions import listening
from followups.errors import Missing, Refused
from followups.models import Channel, Heard, Listening, Role, Site


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def listing(request: HttpRequest) -> HttpResponse:
    """All of one's own, and the form of a new one."""
    form = ChannelForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            row = listening.add(**form.cleaned_data, by=request.actor, now=request.now)
        except Refused as refused:
            explain(form, refused)
        else:
            messages.success(request, f"A test is on its way to {row.name}: enter its code here.")
            return redirect("channels")
    return _page(request, form=form)


def _page(request: HttpRequest, *, hours: HoursForm | None = None, form: ChannelForm | None = None) -> HttpResponse:
    row = Listening.objects.filter(agent=request.user).first() or Listening()
    form, hours = form or ChannelForm(), hours or HoursForm.of(row)
    context = {
        "channels": [_card(each) for each in request.user.channels.all()],
        "form": form,
        "hours": hours,
        "off": Site.objects.filter(channels_off=True).exists(),
        "is_admin": request.user.role == Role.ADMIN,
    }
    return render(request, "account/channels.html", context, status=400 if form.errors or hours.errors else 200)


def _card(row: Channel) -> dict[str, Any]:
    """A channel as it is shown: of its address, what is no secret."""
    heard = dict(Heard.choices)
    return {
        "row": row,
        "address": outward.masked(row.address),
        "heard": [heard[each] for each in row.hears if each in heard],
        "form": HearsForm(channel=row),
    }


def _own(request: HttpRequest, key: int) -> Channel:
    row = request.user.channels.filter(pk=key).first()
    if row is None:
        raise Missing("No such channel.")
    return row


_do = partial(doing.act, back="channels")


@require_POST
@access.page()
def channel(request: HttpRequest, key: int) -> HttpResponse:
    """What it hears."""
    row, hears = _own(request, key), request.POST.getlist("hears")
    return _do(request, lambda: listening.choose(channel=row, hears=hears, by=request.actor), f"{row.name}: saved.")


@require_POST
@access.page()
def trial(request: HttpRequest, key: int) -> HttpResponse:
    row = _own(request, key)
    return _do(
        request,
        lambda: listening.test(channel=row, by=request.actor, now=request.now),
        f"A test is on its way to {row.name}.",
    )


@require_POST
@access.page()
def code(request: HttpRequest, key: int) -> HttpResponse:
    row, said = _own(request, key), request.POST.get("code", "")
    return _do(
        request,
        lambda: listening.verify(channel=row, code=said, by=request.actor, now=request.now),
        f"{row.name} works. Choose below what you want to hear there.",
    )


@require_POST
@access.page()
def removal(request: HttpRequest, key: int) -> HttpResponse:
    row = _own(request, key)
    return _do(request, lambda: listening.remove(channel=row, by=request.actor), f"{row.name} is removed.")


@require_POST
@access.page()
def hours(request: HttpRequest) -> HttpResponse:
    form = HoursForm(request.POST)
    if not form.is_valid():
        return _page(request, hours=form)
    return _do(request, lambda: listening.rest(**form.cleaned_data, by=request.actor), "Saved.")


@require_POST
@access.page(Role.ADMIN)
def switch(request: HttpRequest) -> HttpResponse:
    """Channels of everybody, off or on again."""
    off = request.POST.get("off") == "yes"
    words = "Channels are switched off for everybody." if off else "Channels are on again."
    return _do(request, lambda: listening.switch(off=off, by=request.actor), words)


urlpatterns = [
    path("channels", listing, name="channels"),
    path("channels/hours", hours, name="channels-hours"),
    path("channels/switch", switch, name="channels-switch"),
    path("channels/<int:key>", channel, name="channel"),
    path("channels/<int:key>/trial", trial, name="channel-trial"),
    path("channels/<int:key>/code", code, name="channel-code"),
    path("channels/<int:key>/removal", removal, name="channel-removal"),
]
