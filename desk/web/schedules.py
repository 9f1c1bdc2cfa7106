"""What happens to a promise before it is kept: planned, told, moved, taken, handed over, called off."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from desk import access
from desk.templatetags.desk import when
from desk.web import followups as page
from desk.web import rows, ticket
from desk.web.forms import followups, refusals, steps
from followups.actions import answering, customers, retrying, scheduling
from followups.actions import messages as letters
from followups.errors import Refused
from followups.models import FollowUp, Policy


def act(request: access.DeskRequest, row: FollowUp, *, title: str, part: str, status: int, **more: Any) -> HttpResponse:
    """The small page of one act on a follow-up."""
    shown = {**page.head(row, request), "title": title, "part": f"followups/_parts/{part}.html", **more}
    return render(request, "followups/act.html", shown, status=status)


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def follow_ups(request: access.DeskRequest, number: str) -> HttpResponse:
    """Promise the next step on a ticket: the sentence is read aloud, and she agrees; or it is planned, not told yet."""
    row = ticket.found(request, number)
    access.require(request.actor, row, "close", now=request.now)
    zone = steps.zone_of(row.customer, Policy.objects.of(row.team_id))
    form = steps.StepForm(request.POST or None, zone=zone, auto_id="promise_%s")
    if form.is_valid():
        try:
            return _planned(request, row, form)
        except Refused as refused:
            refusals.explain(form, refused, steps.NAMES)
    more = {**ticket.offers(row, request), "promise_form": form}
    status = 422 if form.is_bound else 200
    return ticket.act(request, row, title="I can't solve this now", part="promise_form", status=status, **more)


def _planned(request: access.DeskRequest, row: Any, form: steps.StepForm) -> HttpResponse:
    said = request.POST.get("said") == "yes"
    step = form.step(told=said)
    if step is None:
        raise Refused("required", "Choose a time.", field="promised_by")
    made = scheduling.schedule(ticket=row, step=step, by=request.actor, now=request.now)
    messages.success(request, f"{rows.until(made, access.zone_of(request.user)).capitalize()}.")
    return redirect(ticket.address(row))


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def date(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Move it. Without her agreement a promise that was told counts as not kept, and the page says so before saving."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    zone = steps.zone_of(row.ticket.customer, Policy.objects.of(row.ticket.team_id))
    form = followups.MoveForm(
        request.POST or None, ticket=row.ticket, reader=request.user, zone=zone, auto_id="move_%s"
    )
    if form.is_valid():
        try:
            return _moved(request, row, form)
        except Refused as refused:
            refusals.explain(form, refused, steps.NAMES)
    more = {**ticket.offers(row.ticket, request), "form": form}
    return act(request, row, title="Another time", part="move_form", status=422 if form.is_bound else 200, **more)


def _moved(request: access.DeskRequest, row: FollowUp, form: followups.MoveForm) -> HttpResponse:
    agreed = form.cleaned_data["agreed_contact"]
    step = form.step(asked_contact=agreed if form.cleaned_data["slot"] == steps.OWN else None)
    if step is None:
        raise Refused("required", "Choose another time.", field="promised_by")
    moved = scheduling.move(
        follow_up=row,
        step=step,
        reason=form.cleaned_data["reason"],
        agreed_contact=agreed,
        by=request.actor,
        now=request.now,
    )
    messages.success(request, f"Moved: {rows.until(moved, access.zone_of(request.user))}.")
    return redirect(ticket.address(row.ticket))


@require_POST
@access.page(*access.DESK_PEOPLE)
def promise(request: access.DeskRequest, key: Any) -> HttpResponse:
    """She was told: from now on it is a promise."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    scheduling.tell(follow_up=row, contact=None, by=request.actor, now=request.now)
    messages.success(request, "She knows: it is a promise now.")
    return redirect(ticket.address(row.ticket))


@require_POST
@access.page(*access.DESK_PEOPLE)
def message(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Write the promise to her, with the way to her own page."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    queued = letters.queue_told(follow_up=row, now=request.now, by=request.actor)
    if queued is None:
        messages.warning(request, "There is no address of hers that we can write to: tell her by phone.")
    elif settings.MAIL_REACHES_PEOPLE or queued.route != letters.MAIL:
        messages.success(
            request, "Written: it leaves in a few seconds, or when her hours begin. Then it counts as told."
        )
    else:
        messages.warning(request, "Written, but not told yet: no mail host is set.")
    return redirect(ticket.address(row.ticket))


@require_POST
@access.page(*access.DESK_PEOPLE)
def lease(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Take it for two minutes, so that no two people call at once; taken again it is prolonged."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    held = ""
    try:
        scheduling.take(follow_up=row, by=request.actor, now=request.now)
    except Refused as refused:
        held = refused.message
    if request.htmx:
        return render(request, "followups/_parts/lease.html", {"follow_up": row, "held": held, "is_mine": not held})
    if held:
        messages.warning(request, held)
    return redirect(page.address(row))


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def owner(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Hand it over, with a word; what belongs to somebody else is asked for."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    form = followups.HandOverForm(request.POST or None, follow_up=row, auto_id="owner_%s")
    if form.is_valid():
        try:
            done = scheduling.assign(follow_up=row, by=request.actor, now=request.now, **form.cleaned_data)
            messages.success(request, "Handed over." if done else "The supervisors were asked.")
            return redirect(ticket.address(row.ticket))
        except Refused as refused:
            refusals.explain(form, refused)
    return act(request, row, title="Hand it over", part="owner_form", form=form, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@access.page(*access.DESK_PEOPLE)
def end(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Call it off. The ticket keeps another next step, or is closed instead."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    form = followups.CallOffForm(request.POST or None, auto_id="end_%s")
    if form.is_valid():
        try:
            scheduling.call_off(follow_up=row, by=request.actor, now=request.now, **form.cleaned_data)
            messages.success(request, "Called off.")
            return redirect(ticket.address(row.ticket))
        except Refused as refused:
            refusals.explain(form, refused)
    return act(request, row, title="Call it off", part="end_form", form=form, status=422 if form.is_bound else 200)


@require_POST
@access.page(*access.DESK_PEOPLE)
def acknowledgement(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Say that one is on it: nobody further up is told as long as the ladder says."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    seen = scheduling.acknowledge(follow_up=row, by=request.actor, now=request.now)
    until = when(seen.acknowledged_until, access.zone_of(request.user))
    messages.success(request, f"Seen. It stays quiet until {until}.")
    return redirect(page.address(row))


@require_POST
@access.page(*access.DESK_PEOPLE)
def retry(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Take one of the ways to try again: another hour, in writing, or a supervisor's review."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    wished, channel = request.POST.get("slot", ""), request.POST.get("channel", "")
    offered = answering.retries(follow_up=row, now=request.now)
    found = next((each for each in offered if (steps.value_of(each), each.channel) == (wished, channel)), None)
    found = found or next((each for each in offered if each.channel == channel != "phone"), None)
    if found is None:
        messages.warning(request, "That hour is gone. Choose another one.")
        return redirect(f"{page.address(row)}#again")
    last = row.attempts.order_by("-at").first()
    done = retrying.choose(follow_up=row, proposal=found, by=request.actor, now=request.now, last=last)
    messages.success(request, _retried(done, access.zone_of(request.user)))
    return redirect(ticket.address(row.ticket) if found.channel == "phone" else page.address(row))


def _retried(row: FollowUp, zone: str) -> str:
    if row.channel == "none":
        return "A supervisor looks at it now."
    if row.channel != "phone":
        return "Write to her instead."
    return f"Again {when(row.try_at, zone)}." if row.try_at else f"Again: {rows.until(row, zone)}."


@require_POST
@access.page(*access.DESK_PEOPLE)
def number(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Another number of hers, where the one we had was wrong."""
    row = page.found(request, key)
    access.require(request.actor, row.ticket, "answer", now=request.now)
    form = followups.NumberForm(request.POST)
    if row.ticket.customer and form.is_valid():
        changes = {"phone": form.cleaned_data["phone"]}
        try:
            customers.change(customer=row.ticket.customer, changes=changes, by=request.actor, now=request.now)
            messages.success(request, "Saved. Call her there.")
        except Refused as refused:
            messages.warning(request, refused.message)
    return redirect(page.address(row))


urlpatterns = [
    path("tickets/<str:number>/follow-ups", follow_ups, name="ticket-follow-ups"),
    path("follow-ups/<uuid:key>/date", date, name="follow-up-date"),
    path("follow-ups/<uuid:key>/promise", promise, name="follow-up-promise"),
    path("follow-ups/<uuid:key>/message", message, name="follow-up-message"),
    path("follow-ups/<uuid:key>/lease", lease, name="follow-up-lease"),
    path("follow-ups/<uuid:key>/owner", owner, name="follow-up-owner"),
    path("follow-ups/<uuid:key>/retry", retry, name="follow-up-retry"),
    path("follow-ups/<uuid:key>/number", number, name="follow-up-number"),
    path("follow-ups/<uuid:key>/end", end, name="follow-up-end"),
    path("follow-ups/<uuid:key>/acknowledgement", acknowledgement, name="follow-up-acknowledgement"),
]
