"""A small desk, tokens, and a client that speaks JSON."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from followups.actions import intake, people
from followups.models import Actor, Agent, Team

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)  # a Tuesday


@pytest.fixture
def desk(db):
    """Two teams: ada and sam in Billing, olu in Delivery; root the admin, aud the auditor."""
    billing, delivery = Team.objects.create(name="Billing"), Team.objects.create(name="Delivery")
    made = {"billing": billing, "delivery": delivery}
    for name, role, team in [
        ("ada", "agent", billing),
        ("ben", "agent", billing),
        ("sam", "supervisor", billing),
        ("sue", "supervisor", billing),
        ("olu", "agent", delivery),
        ("root", "admin", None),
        ("aud", "auditor", None),
    ]:
        made[name] = Agent.objects.create(username=name, role=role)
        if team:
            made[name].teams.add(team)
    return SimpleNamespace(**made)


class Api:
    """Calls under /api/v1 with a token. Bodies are JSON, unless bytes."""

    def __init__(self, secret="", **headers):
        self.client = Client(raise_request_exception=True)
        self.headers = {"Authorization": f"Bearer {secret}", **headers} if secret else headers

    def call(self, method, path, body=None, *, content_type="application/json", **headers):
        data = body if isinstance(body, (bytes, str)) else (b"" if body is None else json.dumps(body).encode())
        path = path if path.startswith("http") else f"/api/v1{path}"
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, data, content_type, headers={**self.headers, **headers})

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, **headers)

    def patch(self, path, body=None, **headers):
        return self.call("PATCH", path, body, **headers)


@pytest.fixture
def token(db):
    """Makes tokens: `token("tickets:read", team=..., agent=...)` gives a client."""

    def make(*scopes, team=None, agent=None, name="crm", lives=None):
        made, secret = people.make_token(
            name=name, scopes=scopes or ["all"], team=team, agent=agent, now=datetime.now(UTC), lives=lives
        )
        api = Api(secret)
        api.token = made
        return api

    return make


@pytest.fixture
def api(desk, token):
    """A bare token with every scope."""
    return token("all")


@pytest.fixture
def log(desk):
    """Logs a ticket straight through the action, by ada for Billing unless said."""

    def make(subject="Refund missing", *, by=None, now=None, **fields):
        now = now or datetime.now(UTC) - timedelta(hours=1)
        fields = {"category": "Billing/Refund", "channel": "phone", "team": desk.billing, **fields}
        actor = by if isinstance(by, Actor) else Actor(door="web", agent=by or desk.ada)
        ticket, _ = intake.open_ticket(intake=intake.Intake(subject=subject, **fields), by=actor, now=now)
        return ticket

    return make


def soon(days=1, hour=15):
    """An instant of a coming weekday within anybody's window (UTC)."""
    day = datetime.now(UTC) + timedelta(days=days)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0).isoformat()


def error_fields(response):
    return {error["field"]: error["code"] for error in response.json()["errors"]}
