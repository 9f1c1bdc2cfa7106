"""Notices: the caller's own."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, bodies, lists, shapes
from desk.api.described import acts, listed, reads
from desk.api.resource import Resource, answer, one
from followups import notices
from followups.models import Actor, Notice, Scope

OWN = {"GET": Scope.TICKETS_READ, "POST": Scope.TICKETS_READ}


def own(actor: Actor) -> QuerySet[Notice]:
    """A bare token is nobody, and has none."""
    rows = Notice.objects.select_related("ticket")
    return rows.filter(recipient=actor.agent) if actor.agent else rows.none()


class Notices(Resource):
    scopes: ClassVar = OWN

    @reads("list_notices", "Your notices, the newest first", listed("Notice", shapes.NoticeAnswer), filters=lists.PAGES)
    def get(self, request: Request) -> Response:
        lists.query(request)
        rows = own(request.actor)
        order = lists.Order("at", "-")
        return answer(
            lists.page(
                request, rows, order=order, answers=lambda page: [answers.notice(row) for row in page], name="notices"
            )
        )


class Reading(Resource):
    scopes: ClassVar = OWN

    @acts("read_notice", "Mark a notice as read", bodies.NoBody, {200: shapes.NoticeAnswer})
    def post(self, request: Request) -> Response:
        bodies.NOTHING.run_validation(request.data)
        row = one(own(request.actor), pk=self.kwargs["id"])
        notices.mark_read(request.actor.agent, now=self.now, notice_id=row.pk)
        row.refresh_from_db(fields=["read_at"])
        return answer(answers.notice(row))
