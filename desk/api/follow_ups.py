"""Follow-ups: listed, read, and planned on a ticket."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import ClassVar

from django.db.models import Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from desk import access
from desk.api import answers, bodies, lists, naming, shapes
from desk.api.described import acts, listed, reads
from desk.api.resource import Resource, answer, match
from desk.api.tickets import OfTicket
from followups import worktime
from followups.actions import scheduling
from followups.models import Actor, FollowUp, Policy, Scope, Stage

DUE = ("overdue", "today", "upcoming", "done")
FILTERS = {
    "due": "overdue (open and past), today (before the team's midnight), upcoming (after) or done (ended).",
    "owner": "A username, free or mine.",
    "team": "The name of the team.",
    "ticket": "The number of the ticket.",
    "stage": "ahead, due, overdue or escalated: the last one noticed.",
    "open": "true or false.",
    "updated_since": "Changed at or after this instant; in the order of the changes.",
    **lists.PAGES,
}
SOONEST = lists.Order("promised_by")


class FollowUps(Resource):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ}

    @reads(
        "list_follow_ups", "Follow-ups, the soonest first", listed("FollowUp", shapes.FollowUpAnswer), filters=FILTERS
    )
    def get(self, request: Request) -> Response:
        given = lists.query(request, *FILTERS)
        rows = filtered(FollowUp.objects.visible_to(request.actor, now=self.now), given, request.actor, now=self.now)
        found = lists.page(
            request,
            answers.follow_ups_with_rows(rows),
            order=SOONEST,
            answers=lambda page: [answers.follow_up(row, now=self.now) for row in page],
            name="follow_ups",
        )
        return answer(found)


def filtered(rows: QuerySet[FollowUp], given: dict[str, str], actor: Actor, *, now: datetime) -> QuerySet[FollowUp]:
    if "due" in given:
        rows = due(rows, lists.choice("due", given["due"], DUE), now=now)
    if "owner" in given:
        rows = owned(rows, given["owner"], actor, now=now)
    if "team" in given:
        rows = rows.filter(team__name=given["team"])
    if "ticket" in given:
        rows = rows.filter(ticket__number=given["ticket"])
    if "stage" in given:
        rows = rows.filter(stage=lists.choice("stage", given["stage"], Stage.values))
    if "open" in given:
        rows = rows.open() if lists.flag("open", given["open"]) else rows.ended()
    return rows


def due(rows: QuerySet[FollowUp], word: str, *, now: datetime) -> QuerySet[FollowUp]:
    if word == "overdue":
        return rows.overdue(now)
    if word == "done":
        return rows.ended()
    today = before_midnight(now)
    return rows.open().filter(promised_by__gt=now).filter(today if word == "today" else ~today)


def before_midnight(now: datetime) -> Q:
    """Promised before the midnight of the follow-up's team; of no team, before the desk's."""
    zones: dict[str, list[int]] = defaultdict(list)
    desk_zone = ""
    for policy in Policy.objects.all():
        if policy.team_id is None:
            desk_zone = policy.local_zone
        else:
            zones[policy.local_zone].append(policy.team_id)
    desk_zone = desk_zone or Policy().local_zone
    elsewhere = [team for zone, teams in zones.items() if zone != desk_zone for team in teams]
    found = Q(promised_by__lt=midnight(now, desk_zone)) & ~Q(team_id__in=elsewhere)
    for zone, teams in zones.items():
        if zone != desk_zone:
            found |= Q(team_id__in=teams, promised_by__lt=midnight(now, zone))
    return found


def midnight(now: datetime, zone: str) -> datetime:
    tomorrow = worktime.to_wall(now, zone).date() + timedelta(days=1)
    return worktime.to_instant(datetime.combine(tomorrow, datetime.min.time()), zone)


def owned(rows: QuerySet[FollowUp], word: str, actor: Actor, *, now: datetime) -> QuerySet[FollowUp]:
    if word == "free":
        return rows.free(now)
    if word == "mine":
        return rows.filter(owner=actor.agent) if actor.agent else rows.none()
    return rows.filter(owner__username=word)


class TicketFollowUps(OfTicket):
    scopes: ClassVar = {"POST": Scope.FOLLOW_UPS_WRITE}

    @acts("schedule_follow_up", "Plan one more follow-up", bodies.StepBody, {201: shapes.FollowUpAnswer})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "answer")
        body = bodies.STEP.run_validation(request.data)
        step = naming.step(request.actor, body, ticket, "")
        row = scheduling.schedule(ticket=ticket, step=step, by=request.actor, now=self.now)
        row = answers.follow_up_again(row)
        place = request.build_absolute_uri(request.path.partition("/tickets/")[0] + f"/follow-ups/{row.pk}")
        return answer(answers.follow_up(row, now=self.now), row=row, status=201, location=place)


class OfFollowUp(Resource):
    """A resource under `/follow-ups/{id}`."""

    def follow_up(self, request: Request) -> FollowUp:
        return access.follow_up(request.actor, self.kwargs["id"], now=self.now)

    def workable(self, request: Request, act: str) -> FollowUp:
        """The follow-up, if `act` is theirs: their own, or one of a ticket they work on."""
        found = self.follow_up(request)
        own = request.actor.agent and found.owner_id == request.actor.agent.pk and request.actor.role != "auditor"
        if not own:
            access.require(request.actor, found.ticket, act, now=self.now)
        return found

    def check_version(self, request: Request) -> None:
        _, row = scheduling.lock(self.follow_up(request))
        match(request, row)

    def shown(self, row: FollowUp, *, status: int = 200, **more) -> Response:
        row = answers.follow_up_again(row)
        return answer({**answers.follow_up(row, now=self.now), **more}, row=row, status=status)


class OneFollowUp(OfFollowUp):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ}

    @reads("get_follow_up", "One follow-up", shapes.FollowUpAnswer, found=True)
    def get(self, request: Request) -> Response:
        lists.query(request)
        return self.shown(self.follow_up(request))
