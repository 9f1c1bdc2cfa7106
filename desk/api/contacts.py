"""Contacts: on a ticket, and calls before or without one."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from desk import access
from desk.api import answers, bodies, lists, naming, shapes
from desk.api.described import acts, listed, reads
from desk.api.resource import Resource, answer
from desk.api.tickets import READ_WRITE, OfTicket, source_of
from followups.actions import handling, intake
from followups.errors import Invalid
from followups.models import Actor, Customer, Reached, Scope, Ticket

_GIVEN = (
    "direction", "channel", "at", "purpose", "summary", "reference", "waited_seconds", "duration_seconds", "transfers",
    "mood", "disliked", "abandoned", "then",
)  # fmt: skip


class TicketContacts(OfTicket):
    scopes: ClassVar = READ_WRITE

    @reads(
        "list_contacts",
        "Contacts, oldest first",
        listed("Contact", shapes.ContactAnswer),
        filters=lists.PAGES,
        found=True,
    )
    def get(self, request: Request) -> Response:
        lists.query(request)
        rows = self.ticket(request).contacts.select_related("ticket", "recorded_by")
        found = lists.page(
            request,
            rows,
            order=lists.Order("at"),
            answers=lambda page: [answers.contact(row) for row in page],
            name=f"contacts.{self.kwargs['number']}",
        )
        return answer(found)

    @acts("record_contact", "Write down a contact of a ticket", bodies.ContactBody, {201: shapes.ContactRecorded})
    def post(self, request: Request) -> Response:
        ticket = self.workable(request, "log")
        body = bodies.CONTACT.run_validation(request.data)
        return recorded(request.actor, body, ticket, ticket.customer, now=self.now)


class Contacts(Resource):
    scopes: ClassVar = {"POST": Scope.TICKETS_WRITE}

    @acts(
        "record_free_contact",
        "Write down a call before or without its ticket",
        bodies.FreeContactBody,
        {201: shapes.ContactRecorded, 200: shapes.ContactRecorded},
        found=False,
    )
    def post(self, request: Request) -> Response:
        body = bodies.FREE_CONTACT.run_validation(request.data)
        ticket = naming.ticket(request.actor, body.get("ticket"), "ticket", now=self.now)
        if ticket:
            access.require(request.actor, ticket, "log", now=self.now)
        with transaction.atomic():
            customer = _customer(body.get("customer"), now=self.now)
            return recorded(request.actor, body, ticket, customer or (ticket and ticket.customer), now=self.now)


def _customer(given: UUID | dict[str, Any] | None, *, now: Any) -> Customer | None:
    if given is None:
        return None
    if isinstance(given, UUID):
        found = Customer.objects.filter(pk=given).select_related("merged_into").first()
        if found is None:
            raise Invalid("customer", "There is no such customer.", "unknown")
        return found.merged_into or found
    return intake.customer_for(given=naming.customer_given(given) or intake.CustomerGiven(), now=now)


def recorded(
    actor: Actor, body: dict[str, Any], ticket: Ticket | None, customer: Customer | None, *, now: Any
) -> Response:
    by = naming.acting(actor, body.get("on_behalf_of"))
    told = handling.Told(
        **{name: body[name] for name in _GIVEN if name in body},
        reached=body.get("reached", Reached.REACHED),
        source=source_of(actor),
        answers_follow_up=naming.follow_up(body.get("answers_follow_up"), customer, ticket, "answers_follow_up"),
    )
    done = handling.record_contact(told=told, ticket=ticket, customer=customer, by=by, now=now)
    was_closed = ticket is not None and not ticket.is_open
    led_to = done.ticket.number if done.ticket and was_closed and done.ticket.is_open else None
    return answer({**answers.contact(done.contact), "led_to": led_to}, status=201 if done.made else 200)
