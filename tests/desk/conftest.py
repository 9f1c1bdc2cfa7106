"""An office of two teams on a Tuesday morning, and clients that are signed in."""

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from time_machine import TimeMachineFixture

from followups.models import Actor, Agent, Role, Sweep
from tests import factories

A_TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def now(time_machine: TimeMachineFixture) -> datetime:
    """The instant at which everything happens."""
    time_machine.move_to(A_TUESDAY, tick=False)
    return A_TUESDAY


@pytest.fixture
def office(db: None, now: datetime) -> SimpleNamespace:
    """Billing: ada and ben, led by sam and sue. Delivery: olu leads it. root and aud over all."""
    billing, delivery = factories.team("Billing"), factories.team("Delivery")
    made = {"billing": billing, "delivery": delivery}
    for name, role, team in [
        ("ada", Role.AGENT, billing),
        ("ben", Role.AGENT, billing),
        ("sam", Role.SUPERVISOR, billing),
        ("sue", Role.SUPERVISOR, billing),
        ("olu", Role.SUPERVISOR, delivery),
        ("aud", Role.AUDITOR, None),
    ]:
        made[name] = factories.agent(name, role, team=team)
    made["root"] = factories.agent("root", Role.ADMIN, is_staff=True, is_superuser=True)
    Sweep.objects.create(name="reminders", started_at=now, finished_at=now)
    return SimpleNamespace(**made, by=lambda agent: Actor(door="web", agent=agent))


@pytest.fixture
def as_() -> Callable[[Agent], Client]:
    """A client of their own in which this person is signed in."""

    def signed_in(agent: Agent) -> Client:
        client = Client()
        client.force_login(agent, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return signed_in
