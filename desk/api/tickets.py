"""Tickets: logged one by one or in bulk, listed, read, changed; their contacts, notes and timeline."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from desk import access
from desk.api import answers, bodies, errors, lists, naming, shapes
from desk.api.described import acts, changes, listed, reads
from desk.api.resource import Resource, answer, match
from followups import search
from followups.actions import handling, intake
from followups.errors import Forbidden, Refused
from followups.models import Actor, Scope, Team, Ticket, TicketState

READ_WRITE = {"GET": Scope.TICKETS_READ, "POST": Scope.TICKETS_WRITE, "PATCH": Scope.TICKETS_WRITE}
NEWEST = lists.Order("opened_at", "-")
FILTERS = {
    "q": "Words of subject or customer, a number, a reference; `name:value` narrows.",
    "reference": "The reference of the other system.",
    "state": "open or closed.",
    "team": "The name of the team.",
    "agent": "The username of the owner.",
    "customer": "The customer's id or reference.",
    "channel": "The channel.",
    "category": "The path, or its beginning.",
    "no_next_step": "true: open tickets without a next step.",
    "updated_since": "Changed at or after this instant; in the order of the changes.",
    "page_size": "1 to 200; 50 if not given.",
    "cursor": "As in `next`.",
}
_EQUAL = {"reference": "reference", "team": "team__name", "agent": "agent__username", "channel": "channel"}


class Tickets(Resource):
    scopes: ClassVar = READ_WRITE

    @reads("list_tickets", "Tickets, the newest first", listed("Ticket", shapes.TicketAnswer), filters=FILTERS)
    def get(self, request: Request) -> Response:
        given = lists.query(request, *FILTERS)
        rows = filtered(Ticket.objects.visible_to(request.actor, now=self.now), given)
        rows = answers.tickets_with_rows(rows)
        found = lists.page(
            request, rows, order=NEWEST, answers=lambda page: answers.tickets(page, request.actor), name="tickets"
        )
        return answer(found)

    @acts(
        "open_ticket",
        "Log a ticket; it is born with its first follow-up",
        bodies.TicketBody,
        {201: shapes.TicketAnswer, 200: shapes.TicketAnswer},
        found=False,
    )
    def post(self, request: Request) -> Response:
        ticket, made = opened(request.actor, bodies.TICKET.run_validation(request.data), now=self.now)
        found = answers.one_ticket(ticket, request.actor)
        place = request.build_absolute_uri(f"{request.path}/{ticket.number}") if made else ""
        return answer(found, row=ticket, status=201 if made else 200, location=place)


def filtered(rows: QuerySet[Ticket], given: dict[str, str]) -> QuerySet[Ticket]:
    for name, column in _EQUAL.items():
        if name in given:
            rows = rows.filter(**{column: given[name]})
    if "state" in given:
        rows = rows.filter(state=lists.choice("state", given["state"], TicketState.values))
    if "category" in given:
        rows = rows.filter(Q(category__path=given["category"]) | Q(category__path__startswith=given["category"] + "/"))
    if "customer" in given:
        rows = rows.filter(**_customer(given["customer"]))
    if "no_next_step" in given and lists.flag("no_next_step", given["no_next_step"]):
        rows = rows.without_next_step()
    return search.tickets(rows, given["q"]) if given.get("q") else rows


def _customer(text: str) -> dict[str, Any]:
    try:
        return {"customer_id": bodies.Id().run_validation(text)}
    except serializers.ValidationError:
        return {"customer__reference": text}


def source_of(actor: Actor) -> str:
    """References are unique per source. A token's is its name, so that a renewed one goes on where the old one was."""
    return f"api:{actor.token.name}"[:60] if actor.token else "desk"


def opened(actor: Actor, body: dict[str, Any], *, now: Any) -> tuple[Ticket, bool]:
    """Log what a valid body says."""
    logged = intake.Intake(
        subject=body["subject"],
        category=body["category"],
        channel=body["channel"],
        customer=naming.customer_given(body.get("customer")),
        reference=body.get("reference", ""),
        source=source_of(actor),
        description=body.get("description", ""),
        priority=body.get("priority", ""),
        team=naming.team(actor, body.get("team", "")) or default_team(actor),
        agent=naming.agent(actor, body.get("agent", "")),
        opened_at=body.get("opened_at"),
        follow_up=naming.step(actor, body.get("follow_up"), None),
        extra=body.get("extra", {}),
    )
    ticket, made = intake.open_ticket(intake=logged, by=actor, now=now)
    if not made and not Ticket.objects.visible_to(actor, now=now).filter(pk=ticket.pk).exists():
        raise Forbidden("foreign-reference", "This reference is of another team's ticket.", field="reference")
    return ticket, made


def default_team(actor: Actor) -> Team | None:
    """The token's team, or the only team of a person."""
    if actor.token and actor.token.team_id:
        return actor.token.team
    if actor.agent and len(actor.team_ids) == 1:
        return Team.objects.get(pk__in=actor.team_ids)
    return None


class BulkTickets(Resource):
    scopes: ClassVar = READ_WRITE

    @acts("open_tickets", "Log up to 1,000 tickets", bodies.BulkBody, {200: shapes.BulkAnswer}, found=False)
    def post(self, request: Request) -> Response:
        given = {"tickets": request.data} if isinstance(request.data, list) else request.data
        body = bodies.BULK.run_validation(given)
        with transaction.atomic():
            rows = [self._one(request.actor, each) for each in body["tickets"]]
        made = answers.tickets([row for _, row in rows if isinstance(row, Ticket)], request.actor)
        by_number = {each["number"]: each for each in made}
        return answer({"results": [_bulk_row(status, row, by_number) for status, row in rows]})

    def _one(self, actor: Actor, body: dict[str, Any]) -> tuple[int, Any]:
        """One ticket in a savepoint of its own: a refused one takes nothing else along."""
        try:
            with transaction.atomic():
                ticket, made = opened(actor, bodies.TICKET.run_validation(body), now=self.now)
        except (Refused, errors.Problem, APIException) as exc:
            problem, _ = errors.of(exc)
            return problem["status"], problem
        return (201 if made else 200), ticket


def _bulk_row(status: int, row: Any, by_number: dict[str, Any]) -> dict[str, Any]:
    if isinstance(row, Ticket):
        return {"status": status, "ticket": by_number[row.number]}
    return {"status": status, "problem": row}


class OfTicket(Resource):
    """A resource under `/tickets/{number}`: foreign tickets are not there."""

    def ticket(self, request: Request) -> Ticket:
        return access.ticket(request.actor, self.kwargs["number"], now=self.now)

    def workable(self, request: Request, act: str) -> Ticket:
        """The ticket, if `act` on it is theirs."""
        found = self.ticket(request)
        access.require(request.actor, found, act, now=self.now)
        return found

    def check_version(self, request: Request) -> None:
        row = self.ticket(request)
        match(request, Ticket.objects.select_for_update(no_key=True).get(pk=row.pk))

    def shown(self, request: Request, ticket: Ticket, *, status: int = 200) -> Response:
        row = answers.tickets_with_rows(Ticket.objects.all()).get(pk=ticket.pk)
        return answer(answers.one_ticket(row, request.actor), row=row, status=status)


class OneTicket(OfTicket):
    scopes: ClassVar = READ_WRITE

    @reads("get_ticket", "One ticket", shapes.TicketAnswer, found=True)
    def get(self, request: Request) -> Response:
        lists.query(request)
        row = self.ticket(request)
        return answer(answers.one_ticket(row, request.actor), row=row)

    @changes("change_ticket", "Change fields of a ticket", bodies.TicketChange, shapes.TicketAnswer)
    def patch(self, request: Request) -> Response:
        ticket = self.workable(request, "change")
        body = bodies.TICKET_CHANGE.run_validation(request.data)
        if "team" in body:
            body["team"] = naming.team(request.actor, body["team"])
        if "agent" in body:
            body["agent"] = naming.agent(request.actor, body["agent"])
        changed = handling.change(ticket=ticket, changes=body, by=request.actor, now=self.now)
        return self.shown(request, changed)


class TicketTimeline(OfTicket):
    scopes: ClassVar = READ_WRITE

    @reads(
        "list_timeline",
        "What happened, oldest first",
        listed("Event", shapes.EventAnswer),
        filters=lists.PAGES,
        found=True,
    )
    def get(self, request: Request) -> Response:
        lists.query(request)
        rows = self.ticket(request).events.all()
        found = lists.page(
            request,
            rows,
            order=lists.Order("at"),
            answers=lambda page: [answers.event(row) for row in page],
            name=f"timeline.{self.kwargs['number']}",
        )
        return answer(found)


class TicketNotes(OfTicket):
    scopes: ClassVar = READ_WRITE

    @acts("add_note", "Add an internal note", bodies.NoteBody, {201: shapes.NoteAnswer})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "log")
        body = bodies.NOTE.run_validation(request.data)
        note = handling.note(ticket=ticket, text=body["text"], by=request.actor, now=self.now)
        return answer(answers.note(note), status=201)
