from datetime import UTC, datetime

import pytest

from followups.actions import intake
from followups.models import Actor
from tests import factories

# A Tuesday, 10:00 in New York (EST), 15:00 UTC.
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def team(db):
    return factories.team("Billing")


@pytest.fixture
def ada(team):
    return factories.agent("ada", team=team)


@pytest.fixture
def sam(team):
    return factories.agent("sam", "supervisor", team=team)


@pytest.fixture
def by_ada(ada):
    return Actor("web", agent=ada)


@pytest.fixture
def by_sam(sam):
    return Actor("web", agent=sam)


@pytest.fixture
def log(team, ada, by_ada, now):
    """Log a ticket as ada; fields of the intake may be given."""

    def open_one(**fields):
        given = {
            "subject": "Refund missing",
            "category": "Billing/Refund",
            "channel": "phone",
            "team": team,
            "agent": ada,
        }
        at = fields.pop("now", now)
        return intake.open_ticket(intake=intake.Intake(**{**given, **fields}), by=by_ada, now=at)[0]

    return open_one


@pytest.fixture
def ticket(log):
    return log(customer=intake.CustomerGiven(name="Ana Lopez", phone="+12125550123", zone="America/New_York"))
