"""The targets of a ticket with the time left, and its pauses."""

from datetime import timedelta
from typing import Any, ClassVar

from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from desk import access
from desk.api import answers, bodies, lists
from desk.api.described import acts, reads
from desk.api.fields import Body, Choice, Instant, Text
from desk.api.resource import Resource, answer
from desk.api.shapes import maybe
from desk.api.tickets import OfTicket
from followups import clocks, targets
from followups.actions import parking
from followups.errors import Missing
from followups.models import Pause, Scope, TargetClock, TargetKind, Waiting

STATES = [(state.value, state.value) for state in targets.State]


class PauseBody(Body):
    answered = frozenset({"id", "ticket", "from_at", "ended_at", "by"})
    question = Text(max_length=500, allow_blank=False, help_text="What she was asked, or what is waited for.")
    until_at = Instant(help_text="The promised end; it ends by itself then, or when she answers.")
    reason = Choice(
        choices=Waiting.choices, required=False, help_text="customer, unless said; no other pauses a clock."
    )


class PauseAnswer(s.Serializer):
    id = s.UUIDField()
    ticket = s.CharField()
    reason = s.ChoiceField(choices=Waiting.choices)
    question = s.CharField()
    from_at = s.DateTimeField()
    until_at = s.DateTimeField()
    ended_at = maybe(s.DateTimeField)
    by = s.CharField()


class ClockAnswer(s.Serializer):
    kind = s.ChoiceField(choices=TargetKind.choices)
    rule = maybe(s.CharField, help_text="The rule by name that it came from.")
    state = s.ChoiceField(choices=STATES)
    started_at = s.DateTimeField()
    due_at = s.DateTimeField()
    stopped_at = maybe(s.DateTimeField)
    used_seconds = s.IntegerField(help_text="Of the time that counts, pauses left out.")
    left_seconds = s.IntegerField(help_text="Below zero once it is late.")


class TargetsAnswer(s.Serializer):
    clocks = ClockAnswer(many=True)
    pause = maybe(PauseAnswer)


def pause_answer(row: Pause, number: str) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "ticket": number,
        "reason": row.reason,
        "question": row.question,
        "from_at": answers.instant(row.from_at),
        "until_at": answers.instant(row.until_at),
        "ended_at": answers.instant(row.ended_at),
        "by": row.by_name,
    }


def clock_answer(row: TargetClock, reading: targets.Reading) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "rule": row.target.template or None,
        "state": reading.state.value,
        "started_at": answers.instant(row.started_at),
        "due_at": answers.instant(reading.due_at),
        "stopped_at": answers.instant(reading.stopped_at),
        "used_seconds": reading.used // timedelta(seconds=1),
        "left_seconds": reading.left // timedelta(seconds=1),
    }


class TicketTargets(OfTicket):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ}

    @reads("list_targets", "The targets that run or ran for a ticket, and its pause", TargetsAnswer, found=True)
    def get(self, request: Request) -> Response:
        lists.query(request)
        ticket = self.ticket(request)
        found = clocks.of_ticket(ticket, now=self.now)
        pause = parking.running(ticket)
        stands = pause_answer(pause, ticket.number) if pause and pause.until_at > self.now else None
        return answer({"clocks": [clock_answer(row, reading) for row, reading in found], "pause": stands})


class TicketPauses(OfTicket):
    scopes: ClassVar = {"POST": Scope.TICKETS_WRITE}

    @acts("pause_ticket", "Park a ticket: a question to her, and until when", PauseBody, {201: PauseAnswer})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "answer")
        body = PAUSE.run_validation(request.data)
        row = parking.pause(ticket=ticket, by=request.actor, now=self.now, **body)
        return answer(pause_answer(row, ticket.number), status=201)


class PauseEnding(Resource):
    scopes: ClassVar = {"POST": Scope.TICKETS_WRITE}

    @acts("end_pause", "Take a parked ticket up again", bodies.NoBody, {200: PauseAnswer})
    def post(self, request: Request) -> Response:
        pause = Pause.objects.filter(pk=self.kwargs["id"]).select_related("ticket").first()
        if pause is None:
            raise Missing("No such pause.")
        ticket = access.ticket(request.actor, pause.ticket.number, now=self.now)
        access.require(request.actor, ticket, "answer", now=self.now)
        bodies.NOTHING.run_validation(request.data)
        return answer(pause_answer(parking.end(pause=pause, by=request.actor, now=self.now), ticket.number))


PAUSE = PauseBody()
