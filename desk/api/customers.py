"""Customers: looked up, read, changed, merged. Names, mails and phones are masked for those who do not serve her."""

from datetime import datetime
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from desk import access
from desk.api import answers, bodies, lists, shapes
from desk.api.described import acts, changes, reads
from desk.api.resource import Resource, answer, match, one
from followups.actions import customers
from followups.errors import Forbidden, Invalid
from followups.models import Actor, Customer, Role, Scope

READ_WRITE = {"GET": Scope.TICKETS_READ, "POST": Scope.TICKETS_WRITE, "PATCH": Scope.TICKETS_WRITE}


def shown(actor: Actor, rows: list[Customer], *, now: datetime) -> list[dict[str, Any]]:
    full = access.served(actor, rows, now=now)
    value = actor.role != Role.AGENT
    return [answers.customer(row, full=row.pk in full, value=value) for row in rows]


class Lookup(Resource):
    scopes: ClassVar = {"POST": Scope.TICKETS_READ}

    @acts("look_up_customer", "Candidates for a caller", bodies.LookupBody, {200: shapes.Candidates}, found=False)
    def post(self, request: Request) -> Response:
        body = bodies.LOOKUP.run_validation(request.data)
        return answer({"results": shown(request.actor, customers.lookup(**body), now=self.now)})


class OneCustomer(Resource):
    scopes: ClassVar = READ_WRITE

    @reads("get_customer", "One customer", shapes.CustomerAnswer, found=True)
    def get(self, request: Request) -> Response:
        lists.query(request)
        row = one(Customer.objects.all(), pk=self.kwargs["id"])
        return answer(shown(request.actor, [row], now=self.now)[0], row=row)

    @changes("change_customer", "Change fields of a customer", bodies.CustomerChange, shapes.CustomerAnswer)
    def patch(self, request: Request) -> Response:
        row = serving(request.actor, self.kwargs["id"], now=self.now)
        body = bodies.CUSTOMER_CHANGE.run_validation(request.data)
        if request.actor.role == Role.AGENT and {"annual_value", "free_to_leave"} & body.keys():
            raise Forbidden("forbidden", "Agents do not set what a customer is worth.")
        changed = customers.change(customer=row, changes=body, by=request.actor, now=self.now)
        return answer(shown(request.actor, [changed], now=self.now)[0], row=changed)

    def check_version(self, request: Request) -> None:
        match(request, one(Customer.objects.select_for_update(no_key=True), pk=self.kwargs["id"]))


def serving(actor: Actor, key: Any, *, now: datetime) -> Customer:
    """The customer, if the actor reads her data and so may write it."""
    row = one(Customer.objects.all(), pk=key)
    if actor.role == Role.AUDITOR or not access.served(actor, [row], now=now):
        raise Forbidden("not-yours", "You see this customer masked, and cannot change her.")
    return row


class MergeCustomer(Resource):
    scopes: ClassVar = READ_WRITE

    @acts(
        "merge_customer", "Two records of one person become one", bodies.CustomerMergeBody, {200: shapes.CustomerAnswer}
    )
    def post(self, request: Request) -> Response:
        if request.actor.agent and not request.actor.supervises:
            raise Forbidden("not-a-supervisor", "Supervisors merge customers.")
        row = serving(request.actor, self.kwargs["id"], now=self.now)
        body = bodies.CUSTOMER_MERGE.run_validation(request.data)
        into = Customer.objects.filter(pk=body["into"]).first()
        if into is None:
            raise Invalid("into", "There is no such customer.", "unknown")
        stays = customers.merge(
            customer=row, into=serving(request.actor, into.pk, now=self.now), by=request.actor, now=self.now
        )
        return answer(shown(request.actor, [stays], now=self.now)[0], row=stays)

    def check_version(self, request: Request) -> None:
        match(request, one(Customer.objects.select_for_update(no_key=True), pk=self.kwargs["id"]))
