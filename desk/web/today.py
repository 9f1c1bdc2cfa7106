"""Today: what is mine, what is free, what comes, what is done; and the way from one to the next."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_GET, require_POST

from desk import access
from desk.web import clocks, paging, rows
from followups import worktime
from followups.actions import contacting, scheduling
from followups.errors import Refused
from followups.models import Actor, FollowUp

SHOWN, ALONE = 8, 25
FREE_AFTER = timedelta(minutes=10)
CALL_AHEAD = timedelta(hours=1)
CALLING = ("overdue", "today", "free")
TABS = (("today", "Today"), ("upcoming", "Upcoming"), ("done", "Done"))


@dataclass(frozen=True)
class Section:
    """A headed list, how many there are in all, and the address of those that are not shown."""

    name: str
    title: str
    rows: list[rows.Row]
    total: int
    more: str = ""


def starts() -> Coalesce:
    """When somebody should begin with it: the start of the window, else an hour before the end."""
    return Coalesce("promised_from", F("promised_by") - CALL_AHEAD)


def of_team(actor: Actor) -> Q:
    return Q(owner__isnull=True) & (Q(team_id__in=actor.team_ids) | Q(team_id__isnull=True))


def mine(actor: Actor, now: datetime) -> QuerySet[FollowUp]:
    """Open and mine to do: my own, what I promised, and what stands free ten minutes into its window."""
    me = actor.agent
    opened = FollowUp.objects.open().annotate(starts=starts())
    waiting = of_team(actor) & Q(starts__lte=now - FREE_AFTER)
    promised = of_team(actor) & Q(promiser=me)
    return opened.filter(Q(owner=me) | promised | waiting)


def free(actor: Actor, now: datetime, until: datetime) -> QuerySet[FollowUp]:
    """Of the team, of nobody in person, promised by somebody else, and not yet for everybody."""
    later = FollowUp.objects.free(now).annotate(starts=starts()).filter(of_team(actor), starts__gt=now - FREE_AFTER)
    return later.filter(promised_by__lt=until).exclude(promiser=actor.agent)


def end_of_day(now: datetime, zone: str) -> datetime:
    """The next midnight of the reader's zone."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return worktime.to_instant(datetime.combine(day, datetime.min.time()), zone)


def day_before(midnight: datetime) -> datetime:
    return midnight - timedelta(days=1)


def done_today(actor: Actor, midnight: datetime) -> QuerySet[FollowUp]:
    return FollowUp.objects.ended().filter(ended_by=actor.agent, ended_at__gte=day_before(midnight))


def queue(actor: Actor, now: datetime, zone: str) -> QuerySet[FollowUp]:
    """What is to be done now, the longest overdue first; without what somebody else is on."""
    held = Q(taken_until__gt=now) & ~Q(taken_by=actor.agent)
    return mine(actor, now).filter(promised_by__lt=end_of_day(now, zone)).exclude(held).order_by("promised_by", "pk")


def following(actor: Actor, now: datetime, *, after: FollowUp) -> FollowUp | None:
    """The next one of the queue behind `after`; from the top again where it was the last."""
    waiting = queue(actor, now, access.zone_of(actor.agent)).exclude(pk=after.pk)
    behind = Q(promised_by__gt=after.promised_by) | Q(promised_by=after.promised_by, pk__gt=after.pk)
    return waiting.filter(behind).first() or waiting.first()


def counted(actor: Actor, now: datetime, midnight: datetime) -> dict[str, int]:
    return mine(actor, now).aggregate(
        overdue=Count("pk", filter=Q(promised_by__lte=now)),
        today=Count("pk", filter=Q(promised_by__gt=now, promised_by__lt=midnight)),
        upcoming=Count("pk", filter=Q(promised_by__gte=midnight)),
    )


Part = tuple[str, str, QuerySet[FollowUp], int]


def filled(parts: list[Part], request: access.DeskRequest) -> list[Section]:
    """The lists with their rows; what stands against calls, and the targets, are asked for all of them at once."""
    pages = {name: _page(name, known, total, request, alone=len(parts) == 1) for name, _, known, total in parts}
    calls = [each for name, page in pages.items() if name in CALLING for each in page.rows]
    against = contacting.held_back(calls, now=request.now)
    given: dict[str, Any] = {"zone": access.zone_of(request.user), "now": request.now}
    open_ones = [each.ticket_id for page in pages.values() for each in page.rows if each.is_open]
    targets = clocks.nearest(open_ones, **given) if open_ones else {}

    def row(each: FollowUp) -> rows.Row:
        found = {"barrier": against.get(each.pk), "target": targets.get(each.ticket_id)}
        return rows.of(each, reader=request.user, **given, **found)

    return [
        Section(name, title, [row(each) for each in pages[name].rows], total, pages[name].older)
        for name, title, _, total in parts
    ]


def _page(name: str, known: QuerySet[FollowUp], total: int, request: access.DeskRequest, *, alone: bool) -> paging.Page:
    """A list by itself goes on page by page; the first of one among others lead to it by itself."""
    if not total:
        return paging.Page([])
    ended = name == "done"
    page = paging.page(
        rows.with_tries(known),
        request.GET if alone else QueryDict(),
        field="ended_at" if ended else "promised_by",
        newest_first=ended,
        size=ALONE if alone else SHOWN,
    )
    return page if alone or not page.older else replace(page, older=f"?list={name}")


def sections(tab: str, counts: dict[str, int], midnight: datetime, request: access.DeskRequest) -> list[Section]:
    parts = parts_of(tab, counts, midnight, request)
    wished = [part for part in parts if part[0] == request.GET.get("list")]
    return filled(wished or parts, request)


def parts_of(tab: str, counts: dict[str, int], midnight: datetime, request: access.DeskRequest) -> list[Part]:
    actor, now = request.actor, request.now
    open_ones = mine(actor, now)
    if tab == "upcoming":
        return [("upcoming", "Upcoming", open_ones.filter(promised_by__gte=midnight), counts["upcoming"])]
    if tab == "done":
        return [("done", "Done today", done_today(actor, midnight), counts["done"])]
    due = open_ones.filter(promised_by__gt=now, promised_by__lt=midnight)
    pool = free(actor, now, midnight + timedelta(days=1))
    return [
        ("overdue", "Overdue", open_ones.filter(promised_by__lte=now), counts["overdue"]),
        ("today", "Today", due, counts["today"]),
        ("free", "Free, of your team", pool, counts["free"]),
    ]


@require_GET
@access.page()
def today(request: access.DeskRequest) -> HttpResponse:
    """Everything that this person has promised, or could take."""
    tab = request.GET.get("show", "today")
    tab = tab if tab in dict(TABS) else "today"
    midnight = end_of_day(request.now, access.zone_of(request.user))
    counts = counted(request.actor, request.now, midnight)
    pool = free(request.actor, request.now, midnight + timedelta(days=1))
    counts |= access.counts_at_once(request.user, done=done_today(request.actor, midnight), free=pool)
    return render(request, "today/page.html", page_of(request, tab, counts, midnight))


def page_of(request: access.DeskRequest, tab: str, counts: dict[str, int], midnight: datetime) -> dict[str, Any]:
    now_count = counts["overdue"] + counts["today"]
    shown = {"today": now_count, "upcoming": counts["upcoming"], "done": counts["done"]}
    return {
        "tab": tab,
        "tabs": [(name, word, shown[name]) for name, word in TABS],
        "sections": sections(tab, counts, midnight, request),
        "counts": counts,
        "today_counts": counts,
        "has_queue": now_count > 0,
        "alone": tab == "today" and request.GET.get("list") in CALLING,
        "supervises": request.actor.supervises,
    }


@require_POST
@access.page(*access.DESK_PEOPLE)
def start(request: access.DeskRequest) -> HttpResponse:
    """Play: take the first one of the queue and open it."""
    first = queue(request.actor, request.now, access.zone_of(request.user)).first()
    return open_in_turn(request, first)


@require_POST
@access.page(*access.DESK_PEOPLE)
def turn(request: access.DeskRequest, key: Any) -> HttpResponse:
    """Leave one for later and open the next one."""
    present = access.follow_up(request.actor, key, now=request.now)
    return open_in_turn(request, following(request.actor, request.now, after=present))


def open_in_turn(request: access.DeskRequest, follow_up: FollowUp | None) -> HttpResponse:
    if follow_up is None:
        messages.success(request, "All done for now.")
        return redirect("today")
    try:
        scheduling.take(follow_up=follow_up, by=request.actor, now=request.now)
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("follow-up", key=follow_up.pk)


urlpatterns = [
    path("", today, name="today"),
    path("today/turn", start, name="today-start"),
    path("follow-ups/<uuid:key>/turn", turn, name="follow-up-turn"),
]
