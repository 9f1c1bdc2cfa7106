"""What people say about the end of a ticket: closure, reopening, confirmation, waiver, merge."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from desk.api import answers, bodies, naming, shapes
from desk.api.described import acts
from desk.api.resource import answer
from desk.api.tickets import OfTicket
from followups.actions import closing, waiving
from followups.errors import Invalid
from followups.models import Role, Scope, Ticket

CLOSE = {"POST": Scope.TICKETS_CLOSE}
WRITE = {"POST": Scope.TICKETS_WRITE}


class Closure(OfTicket):
    scopes: ClassVar = CLOSE

    @acts(
        "close_ticket",
        "Say that a ticket is finished; a dead end is replaced by a follow-up",
        bodies.ClosureBody,
        {200: shapes.ClosureAnswer},
    )
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "close")
        body = bodies.CLOSURE.run_validation(request.data)
        by = naming.acting(request.actor, body.get("on_behalf_of"))
        given = naming.closure(request.actor, body, ticket, now=self.now)
        closed = closing.close(ticket=ticket, closing=given, by=by, now=self.now)
        return answer(self._shown(request, closed), row=closed.ticket)

    def _shown(self, request: Request, closed: closing.Closed) -> dict[str, Any]:
        row = answers.tickets_with_rows(Ticket.objects.all()).get(pk=closed.ticket.pk)
        found = {
            "closed": closed.closed,
            "ticket": answers.one_ticket(row, request.actor),
            "hints": [{"code": hint.code, "message": hint.message} for hint in closed.hints],
        }
        if closed.replaced_by:
            found["replaced_by"] = answers.follow_up(answers.follow_up_again(closed.replaced_by), now=self.now)
        return found


class Reopening(OfTicket):
    scopes: ClassVar = WRITE

    @acts("reopen_ticket", "Open a closed ticket again", bodies.ReopeningBody, {200: shapes.TicketAnswer})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "close")
        body = bodies.REOPENING.run_validation(request.data)
        step = naming.step(request.actor, body.get("follow_up"), ticket)
        reopened = closing.reopen(ticket=ticket, reason=body["reason"], follow_up=step, by=request.actor, now=self.now)
        return self.shown(request, reopened)


class Confirmation(OfTicket):
    scopes: ClassVar = WRITE

    @acts(
        "confirm_ticket",
        "Keep the customer's own word on the end; no reopens",
        bodies.ConfirmationBody,
        {200: shapes.TicketAnswer},
    )
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "close")
        body = bodies.CONFIRMATION.run_validation(request.data)
        contact = naming.contact(body.get("contact"), ticket, "contact")
        said = closing.confirm(
            ticket=ticket, confirmed=body["confirmed"] == "yes", contact=contact, by=request.actor, now=self.now
        )
        return self.shown(request, said)


class Waiver(OfTicket):
    scopes: ClassVar = CLOSE

    @acts(
        "waive_ticket",
        "End a dead end for good; agents ask for it",
        bodies.WaiverBody,
        {200: shapes.TicketAnswer, 202: shapes.WaiverAsked},
    )
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "close")
        body = bodies.WAIVER.run_validation(request.data)
        told = body.get("told") or {}
        contact = naming.contact(told.get("contact"), ticket, "told.contact")
        common = {
            "ticket": ticket,
            "kind": body["kind"],
            "reason": body["reason"],
            "by": request.actor,
            "now": self.now,
        }
        if request.actor.role == Role.AGENT:
            asked = waiving.ask(**common, contact=contact)
            return answer(
                {"asked": True, "request": str(asked.pk), "ticket": answers.one_ticket(ticket, request.actor)},
                status=202,
            )
        message = naming.message(told.get("message"), ticket, "told.message")
        waiving.waive(**common, told_contact=contact, told_message=message)
        return self.shown(request, ticket)


class Merge(OfTicket):
    scopes: ClassVar = CLOSE

    @acts("merge_ticket", "Close a ticket as a duplicate of another", bodies.MergeBody, {200: shapes.TicketAnswer})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "merge")
        body = bodies.MERGE.run_validation(request.data)
        into = naming.ticket(request.actor, body["into"], "into", now=self.now)
        if not Ticket.objects.workable_by(request.actor).filter(pk=into.pk).exists():
            raise Invalid("into", "That ticket belongs to another team.", "not-yours")
        merged = closing.merge(ticket=ticket, into=into, by=request.actor, now=self.now)
        return self.shown(request, merged.ticket)
