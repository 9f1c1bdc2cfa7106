"""A follow-up: one form to complete it, with what was promised and brought above it, and on to the next of Today."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods

from desk import access
from desk.web import plans, rows, ticket, today
from desk.web.forms import closures, followups, refusals, steps
from followups.actions import answering, contacting, planning, retrying, slots
from followups.actions import messages as letters
from followups.errors import Refused
from followups.models import FollowUp, Policy


@dataclass(frozen=True)
class Known:
    """What several parts of the page go by, asked for once: the team's room, and the calls to her of the last week."""

    room: slots.Room
    calls: list[datetime]


def found(request: access.DeskRequest, key: Any) -> FollowUp:
    return access.follow_up(request.actor, key, now=request.now)


def address(follow_up: FollowUp) -> str:
    return reverse("follow-up", args=[follow_up.pk])


def head(follow_up: FollowUp, request: access.DeskRequest) -> dict[str, Any]:
    """What stands above each form about a follow-up."""
    zone = access.zone_of(request.user)
    known = ticket.steps_of(follow_up.ticket)
    this = next((each for each in known.open if each.pk == follow_up.pk), follow_up)
    return {
        **ticket.head(follow_up.ticket, known, request),
        "follow_up": this,
        "row": rows.of(this, zone=zone, now=request.now, reader=request.user),
        "others": [each for each in known.open if each.pk != follow_up.pk],
        "moves": list(follow_up.moves.all()),
        "is_mine": bool(this.taken_until and this.taken_until > request.now and this.taken_by_id == request.user.pk),
    }


def choices(
    follow_up: FollowUp, request: access.DeskRequest, form: followups.AnswerForm | None, known: Known
) -> dict[str, Any]:
    """What the form offers; the date and the words that the plan proposes go first."""
    offered = ticket.offers(follow_up.ticket, request, known.room)
    planned = plans.outlook(follow_up.ticket, request, room=known.room, calls=known.calls)
    return {
        "form": form or form_of(follow_up, request, known.room.policy, will_bring=planned.will_bring),
        "reacheds": followups.REACHED,
        "broughts": followups.BROUGHT,
        "thens": followups.THENS,
        "whys": closures.WHYS,
        **offered,
        "slots": planned.before(offered["slots"]),
        "planned": planned,
    }


def form_of(follow_up: FollowUp, request: access.DeskRequest, policy: Policy, **initial: str) -> followups.AnswerForm:
    zone = steps.zone_of(follow_up.ticket.customer, policy)
    return followups.AnswerForm(request.POST or None, zone=zone, auto_id="answer_%s", initial=initial)


def answer_of(form: followups.AnswerForm, row: FollowUp, request: access.DeskRequest) -> answering.Answer:
    if form.cleaned_data["then"] != "review":
        return form.answer
    return replace(form.answer, next_step=planning.review_step(ticket=row.ticket, now=request.now))


@require_http_methods(["GET", "POST"])
@access.page()
def follow_up(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Complete it: how it went, what she got, what comes next."""
    row = found(request, key)
    if request.method == "POST":
        access.require(request.actor, row.ticket, "answer", now=request.now)
        form = form_of(row, request, Policy.objects.of(row.ticket.team_id))
        if form.is_valid():
            try:
                given = answer_of(form, row, request)
                return _answered(
                    request, answering.answer(follow_up=row, answer=given, by=request.actor, now=request.now)
                )
            except Refused as refused:
                refusals.explain(form, refused, followups.NAMES)
        return render(request, "followups/page.html", page_of(row, request, form), status=422)
    return render(request, "followups/page.html", page_of(row, request, None))


def page_of(row: FollowUp, request: access.DeskRequest, form: followups.AnswerForm | None) -> dict[str, Any]:
    may = ticket.rights(request.actor, row.ticket, request.now)
    shown = {**head(row, request), "may": may}
    if row.is_open and may["close"]:
        known = known_of(row, request)
        shown |= choices(row, request, form, known)
        shown["barrier"] = contacting.ahead(row, known.room.policy, known.calls, now=request.now)
        shown["asked"] = row.asked_contact_id is not None
        shown["her_page"] = letters.promise_link(row) if row.ticket.customer else ""
        shown["last_try"] = row.attempts.order_by("-at").first() if shown["row"].tries else None
        shown["retries"] = _retries(row, request, known) if shown["last_try"] or shown["barrier"] else []
        shown["number_form"] = followups.NumberForm(auto_id="number_%s")
    return shown


def known_of(row: FollowUp, request: access.DeskRequest) -> Known:
    calls = contacting.calls_of(row.ticket.customer, now=request.now)
    return Known(ticket.room_of(row.ticket, request), calls)


def _retries(row: FollowUp, request: access.DeskRequest, known: Known) -> list[steps.Slot]:
    found = retrying.proposals(follow_up=row, now=request.now, policy=known.room.policy, calls=known.calls)
    return steps.offered(found, access.zone_of(request.user))


def _answered(request: access.DeskRequest, answered: answering.Answered) -> HttpResponse:
    """A call that did not get through comes back with hours to try again; else the ticket, or the next of Today."""
    if not answered.ended:
        messages.info(request, f"{answered.contact.get_reached_display()}: written down. When do we try again?")
        return redirect(f"{address(answered.follow_up)}#again")
    for hint in answered.hints[:1]:
        messages.info(request, hint.message)
    messages.success(request, _done_words(request, answered))
    if "next" in request.POST:
        following = today.following(request.actor, request.now, after=answered.follow_up)
        return today.open_in_turn(request, following)
    return redirect(ticket.address(answered.ticket))


def _done_words(request: access.DeskRequest, answered: answering.Answered) -> str:
    if not answered.ticket.is_open:
        return "Done, and the ticket is closed."
    if answered.next_follow_up:
        return f"Done. Next: {rows.until(answered.next_follow_up, access.zone_of(request.user))}."
    return "Done."


urlpatterns = [path("follow-ups/<uuid:key>", follow_up, name="follow-up")]
