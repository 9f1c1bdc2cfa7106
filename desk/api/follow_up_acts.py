"""What people do with a follow-up: outcome, told, move, taking, assignment, acknowledgement, calling off."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, bodies, naming, shapes
from desk.api.authentication import scopes_of
from desk.api.described import acts
from desk.api.errors import Problem
from desk.api.follow_ups import OfFollowUp
from followups.actions import answering, promising, scheduling
from followups.models import FollowUp, Scope

WRITE = {"POST": Scope.FOLLOW_UPS_WRITE}


class Outcome(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts(
        "complete_follow_up",
        "Say what became of it: a call tried, or something brought and the next step",
        bodies.OutcomeBody,
        {200: shapes.OutcomeAnswer},
    )
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        body = bodies.OUTCOME.run_validation(request.data)
        by = naming.acting(request.actor, body.get("on_behalf_of"))
        given = self._given(request, body, row)
        done = answering.answer(follow_up=row, answer=given, by=by, now=self.now)
        proposed = [answers.instant(slot.by_at) for slot in done.proposed]
        following = done.next_follow_up and answers.next_follow_up(done.next_follow_up)
        return self.shown(
            done.follow_up, contact=str(done.contact.pk), proposed=proposed, next_follow_up=following or None
        )

    def _given(self, request: Request, body: dict[str, Any], row: FollowUp) -> answering.Answer:
        brought, then = body.get("brought") or {}, body.get("then") or {}
        return answering.Answer(
            reached=body["reached"],
            brought=brought.get("kind", ""),
            text=brought.get("text", ""),
            from_party=brought.get("from_party", ""),
            expected_on=brought.get("expected_on"),
            summary=body.get("summary", ""),
            at=body.get("at"),
            closure=self._closure(request, then.get("closure"), row),
            next_step=naming.step(request.actor, then.get("follow_up"), row.ticket, "then.follow_up"),
        )

    def _closure(self, request: Request, body: dict[str, Any] | None, row: FollowUp):
        if body is None:
            return None
        if Scope.TICKETS_CLOSE not in scopes_of(request.actor):
            raise Problem(403, "scope", f"This needs the scope {Scope.TICKETS_CLOSE}.", field="then.closure")
        return naming.closure(request.actor, body, row.ticket, now=self.now, field="then.closure.")


class Telling(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts(
        "tell_customer", "The customer was told: it is a promise now", bodies.TellingBody, {200: shapes.FollowUpAnswer}
    )
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        body = bodies.TELLING.run_validation(request.data)
        contact = naming.contact(body["contact"], row.ticket, "contact")
        return self.shown(scheduling.tell(follow_up=row, contact=contact, by=request.actor, now=self.now))


class Move(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts("move_follow_up", "Another date", bodies.MoveBody, {200: shapes.FollowUpAnswer})
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        body = bodies.MOVE.run_validation(request.data)
        step = promising.Step(
            promised_by=body["promised_by"],
            promised_from=body.get("promised_from"),
            asked_contact=naming.contact(body.get("asked_contact"), row.ticket, "asked_contact"),
        )
        agreed = naming.contact(body.get("agreed_contact"), row.ticket, "agreed_contact")
        moved = scheduling.move(
            follow_up=row, step=step, reason=body["reason"], agreed_contact=agreed, by=request.actor, now=self.now
        )
        return self.shown(moved)


class Taking(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts("take_follow_up", "Hold it for two minutes while calling", bodies.TakingBody, {200: shapes.FollowUpAnswer})
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        by = naming.acting(request.actor, bodies.TAKING.run_validation(request.data).get("on_behalf_of"))
        return self.shown(scheduling.take(follow_up=row, by=by, now=self.now))


class Assignment(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts(
        "assign_follow_up",
        "Hand over to a person or the team; 202 where the supervisors were asked",
        bodies.AssignmentBody,
        {200: shapes.FollowUpAnswer, 202: shapes.FollowUpAnswer},
    )
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        body = bodies.ASSIGNMENT.run_validation(request.data)
        person, team = naming.owner(request.actor, body["owner"])
        done = scheduling.assign(
            follow_up=row, owner=person, team=team, note=body["note"], by=request.actor, now=self.now
        )
        return self.shown(row, status=200 if done else 202)


class Acknowledgement(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts(
        "acknowledge_follow_up", "Somebody is on it: the climb rests", bodies.TakingBody, {200: shapes.FollowUpAnswer}
    )
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        by = naming.acting(request.actor, bodies.TAKING.run_validation(request.data).get("on_behalf_of"))
        return self.shown(scheduling.acknowledge(follow_up=row, by=by, now=self.now))


class CallingOff(OfFollowUp):
    scopes: ClassVar = WRITE

    @acts("call_off_follow_up", "End it without doing it", bodies.CallingOffBody, {200: shapes.FollowUpAnswer})
    def post(self, request: Request) -> Response:
        row = self.workable(request, "answer")
        body = bodies.CALLING_OFF.run_validation(request.data)
        off = scheduling.call_off(
            follow_up=row,
            called_off_by=body["by"],
            reason=body["reason"],
            contact=naming.contact(body.get("contact"), row.ticket, "contact"),
            next_step=naming.step(request.actor, body.get("follow_up"), row.ticket),
            by=request.actor,
            now=self.now,
        )
        return self.shown(off)
