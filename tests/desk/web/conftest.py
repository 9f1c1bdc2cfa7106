"""A team at its desk: ada and bea (agents), sam (supervisor), and olu of another team."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from time_machine import TimeMachineFixture

from followups.models import Actor, Agent, Contact, Customer, FollowUp, Role, Team, Ticket
from tests import factories

A_TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Desk:
    """`now` is the instant at which the test began; what it makes lies a day before."""

    team: Team
    ada: Agent
    bea: Agent
    sam: Agent
    olu: Agent
    now: datetime

    @property
    def ago(self) -> datetime:
        return self.now - timedelta(days=1)

    def by(self, agent: Agent) -> Actor:
        return Actor(door="web", agent=agent)

    def customer(self, **fields: Any) -> Customer:
        return factories.customer(now=self.ago, **fields)

    def ticket(self, *, due: timedelta = timedelta(hours=2), **fields: Any) -> Ticket:
        """Ada's, with its opening contact and a first step that nobody told."""
        given: dict[str, Any] = {"team": self.team, "agent": self.ada, **fields}
        given.setdefault("customer", None)
        row = factories.ticket(now=self.ago, promised_by=self.now + due, **given)
        Contact.objects.create(
            ticket=row,
            customer=row.customer,
            direction="inbound",
            channel="phone",
            at=self.ago,
            entered_at=self.ago,
            is_opening=True,
        )
        return row

    def follow_up(self, *, due: timedelta = timedelta(hours=2), told: bool = True, **fields: Any) -> FollowUp:
        """The one open step of a ticket of its own."""
        given = {name: fields.pop(name) for name in ("customer", "subject", "agent", "team") if name in fields}
        row = self.ticket(due=due, **given).follow_ups.get()
        FollowUp.objects.filter(pk=row.pk).update(told_at=self.ago if told else None, **fields)
        row.refresh_from_db()
        return row


@pytest.fixture
def desk(db: None, time_machine: TimeMachineFixture) -> Desk:
    time_machine.move_to(A_TUESDAY, tick=False)
    team, other = factories.team("Billing"), factories.team("Delivery")
    ada, bea = factories.agent("ada", team=team), factories.agent("bea", team=team)
    sam, olu = factories.agent("sam", Role.SUPERVISOR, team=team), factories.agent("olu", team=other)
    return Desk(team, ada, bea, sam, olu, timezone.now())


@pytest.fixture
def at(client: Client) -> Callable[[Agent], Client]:
    """The client with somebody signed in."""

    def signed_in(agent: Agent) -> Client:
        client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in
