"""Who may do what: every address x method x caller. An address or method without a row fails.

`-` is a sign-in missing (401), `403` seen but not theirs, `404` not for their eyes, `ok` everything else: the body is
empty, so that what is allowed answers that something is missing.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from desk.api import urls
from desk.api.resource import Resource
from followups.actions import intake
from followups.models import ImportRun, Notice, Pause, Scope

from .conftest import NOON

CALLERS = ("nobody", "ada", "olu", "sam", "root", "aud", "bare", "delivery")
EVERYBODY = "- ok ok ok ok ok ok ok"
WRITERS = "- ok ok ok ok 403 ok ok"
READS_TICKET = "- ok 404 ok ok ok ok 404"
ACTS_ON_TICKET = "- ok 404 ok ok 403 ok 404"
IMPORTS = "- 403 403 ok ok 403 ok ok"
R, W, C, F = Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.TICKETS_CLOSE, Scope.FOLLOW_UPS_WRITE
ROWS = {
    ("tickets", "GET"): (R, EVERYBODY),
    ("tickets", "POST"): (W, WRITERS),
    ("tickets/bulk", "POST"): (W, WRITERS),
    ("tickets/{number}", "GET"): (R, READS_TICKET),
    ("tickets/{number}", "PATCH"): (W, ACTS_ON_TICKET),
    ("tickets/{number}/contacts", "GET"): (R, READS_TICKET),
    ("tickets/{number}/contacts", "POST"): (W, ACTS_ON_TICKET),
    ("tickets/{number}/timeline", "GET"): (R, READS_TICKET),
    ("tickets/{number}/notes", "POST"): (W, ACTS_ON_TICKET),
    ("tickets/{number}/closure", "POST"): (C, ACTS_ON_TICKET),
    ("tickets/{number}/reopening", "POST"): (W, ACTS_ON_TICKET),
    ("tickets/{number}/confirmation", "POST"): (W, ACTS_ON_TICKET),
    ("tickets/{number}/waiver", "POST"): (C, ACTS_ON_TICKET),
    ("tickets/{number}/merge", "POST"): (C, ACTS_ON_TICKET),
    ("tickets/{number}/follow-ups", "POST"): (F, ACTS_ON_TICKET),
    ("tickets/{number}/targets", "GET"): (R, READS_TICKET),
    ("tickets/{number}/pauses", "POST"): (W, ACTS_ON_TICKET),
    ("pauses/{id}/ending", "POST"): (W, ACTS_ON_TICKET),
    ("contacts", "POST"): (W, WRITERS),
    ("follow-ups", "GET"): (R, EVERYBODY),
    ("follow-ups/{id}", "GET"): (R, READS_TICKET),
    ("follow-ups/{id}/outcome", "POST"): (F, ACTS_ON_TICKET),
    ("follow-ups/{id}/told", "POST"): (F, ACTS_ON_TICKET),
    ("follow-ups/{id}/move", "POST"): (F, ACTS_ON_TICKET),
    ("follow-ups/{id}/taking", "POST"): (F, "- ok 404 ok ok 403 403 404"),
    ("follow-ups/{id}/assignment", "POST"): (F, ACTS_ON_TICKET),
    ("follow-ups/{id}/acknowledgement", "POST"): (F, "- ok 404 ok ok 403 403 404"),
    ("follow-ups/{id}/calling-off", "POST"): (F, ACTS_ON_TICKET),
    ("customers/lookup", "POST"): (R, EVERYBODY),
    ("customers/{id}", "GET"): (R, EVERYBODY),
    ("customers/{id}", "PATCH"): (W, "- ok 403 ok ok 403 ok 403"),
    ("customers/{id}/merge", "POST"): (W, "- 403 403 ok ok 403 ok 403"),
    ("teams", "GET"): (R, EVERYBODY),
    ("agents", "GET"): (R, EVERYBODY),
    ("categories", "GET"): (R, EVERYBODY),
    ("notices", "GET"): (R, EVERYBODY),
    ("notices/{id}/reading", "POST"): (R, "- ok 404 404 404 404 404 404"),
    ("reports/{name}", "GET"): (Scope.REPORTS_READ, EVERYBODY),
    ("imports", "POST"): (Scope.IMPORTS_WRITE, IMPORTS),
    ("imports/{id}", "GET"): (Scope.IMPORTS_WRITE, "- 403 403 ok ok 403 ok 404"),
}


def routes():
    """Every address of the API with its methods; open ones (the description) and the catch-all hold no data."""
    for pattern in urls.urlpatterns:
        view = pattern.callback.view_class
        if issubclass(view, Resource):
            address = re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern))
            for method in ("get", "post", "patch", "put", "delete"):
                if hasattr(view, method):
                    yield address, method.upper()


def test_every_address_and_method_has_a_row():
    assert sorted(routes()) == sorted(ROWS)


def test_only_the_description_is_open():
    views = [pattern.callback.view_class for pattern in urls.urlpatterns]
    assert {view.__name__ for view in views if not issubclass(view, Resource)} == {"Schema", "Docs", "Nowhere"}


@pytest.fixture
def ids(desk, log):
    ticket = log(customer=intake.CustomerGiven(reference="c1", name="Ana"))
    return {
        "tickets/{number}": ticket.number,
        "follow-ups/{id}": ticket.follow_ups.get().pk,
        "customers/{id}": ticket.customer.pk,
        "notices/{id}": Notice.objects.create(recipient=desk.ada, kind="desk", text="Look", at=NOON).pk,
        "imports/{id}": ImportRun.objects.create(source="csv", file_name="x", made_at=NOON, by_name="x").pk,
        "reports/{name}": "resolution",
        "pauses/{id}": Pause.objects.create(
            ticket=ticket,
            reason="customer",
            question="Which account?",
            from_at=datetime.now(UTC),
            until_at=datetime.now(UTC) + timedelta(days=1),
            by_name="ada",
        ).pk,
    }


def address_of(route, ids):
    for prefix, value in ids.items():
        if route.startswith(prefix):
            return route.replace(prefix, f"{prefix.partition('/')[0]}/{value}")
    return route


def caller(name, desk, token):
    """A function that calls as `name`: people through their session, tokens with every scope."""
    if name in ("bare", "delivery"):
        api = token("all", team=getattr(desk, name, None))
        return api.call
    client = Client()
    if name != "nobody":
        client.force_login(getattr(desk, name))

    def call(method, path, body=None):
        return client.generic(method, f"/api/v1{path}", b"" if method == "GET" else b"{}", "application/json")

    return call


def verdict(answer):
    return {401: "-", 403: "403", 404: "404"}.get(answer.status_code, "ok")


@pytest.mark.parametrize(("route", "method"), ROWS)
def test_caller_may_as_the_matrix_says(desk, token, ids, route, method):
    path = "/" + address_of(route, ids)
    found = {}
    for name in CALLERS:
        answer = caller(name, desk, token)(method, path, {} if method != "GET" else None)
        found[name] = verdict(answer)
        assert answer.status_code < 500
    assert found == dict(zip(CALLERS, ROWS[route, method][1].split(), strict=True))


@pytest.mark.parametrize(("route", "method"), ROWS)
def test_token_needs_the_scope_of_the_row(desk, token, ids, route, method):
    scope, path = ROWS[route, method][0], "/" + address_of(route, ids)
    body = {} if method != "GET" else None
    without = token(*set(Scope.values) - {scope}).call(method, path, body)
    assert (without.status_code, without.json()["code"]) == (403, "scope")
    assert token(scope, "customers:pii").call(method, path, body).json().get("code") != "scope"


def test_caller_on_the_line_opens_the_door(desk, token, log):
    ticket = log(customer=intake.CustomerGiven(reference="c1"))
    olu = token("all", agent=desk.olu)
    path = f"/tickets/{ticket.number}"
    assert olu.get(path).status_code == 404
    olu.post("/contacts", {"direction": "inbound", "channel": "phone", "customer": {"reference": "c1"}})
    assert olu.get(path).status_code == 200
    assert olu.post(f"{path}/notes", {"text": "She called us by mistake"}).status_code == 201
    assert olu.patch(path, {"priority": "x"}).json()["code"] == "not-yours"
    closed = olu.post(f"{path}/closure", {"outcome": "resolved", "evidence": {"kind": "customer_said"}})
    assert closed.json()["closed"] is True
    assert ticket.events.filter(kind="door.opened").count() == 1


def test_list_shows_nobody_elses(desk, token, log):
    mine, other = log(), log(team=desk.delivery, by=desk.olu)
    for api, numbers in [
        (token("all", agent=desk.ada), {mine.number}),
        (token("all", team=desk.delivery), {other.number}),
        (token("all", agent=desk.aud), {mine.number, other.number}),
        (token("all"), {mine.number, other.number}),
    ]:
        assert {row["number"] for row in api.get("/tickets").json()["results"]} == numbers
        assert {row["ticket"] for row in api.get("/follow-ups").json()["results"]} == numbers


def test_token_of_a_team_writes_for_that_team_alone(desk, token):
    api = token("all", team=desk.delivery)
    body = {"subject": "S", "category": "X", "channel": "web"}
    assert api.post("/tickets", body).json()["team"] == "Delivery"
    answer = api.post("/tickets", {**body, "team": "Billing"})
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign-team")
