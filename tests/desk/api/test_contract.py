"""Schemathesis over the OpenAPI file: whatever is sent, no 5xx, no undocumented status, no answer beside its schema.

Left out: `positive_data_acceptance`, because a body may keep to the schema and still name a team that is not there, and
`ignored_auth`, which calls again without the token; the matrix holds that for every address.
"""

from itertools import cycle

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi import checks

from desk.api import rate
from followups.actions import intake
from followups.models import ImportRun, Notice

from .conftest import NOON

pytestmark = pytest.mark.django_db
CALLERS = ("bare", "delivery", "ada", "olu", "sam", "root", "aud")
turns = cycle(CALLERS)
LEFT_OUT = [checks.positive_data_acceptance, checks.ignored_auth]
# Derandomised: the same cases run everywhere.
QUICK = settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
WIDE = settings(QUICK, max_examples=160, phases=[Phase.explicit, Phase.generate])


@pytest.fixture
def kept_connection():
    """The server closes connections around a request; here it shares the one of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def clients(desk, token, monkeypatch):
    """A token for each kind of caller; nobody is slowed down."""
    monkeypatch.setattr(rate, "PER_MINUTE", 10**9)
    monkeypatch.setattr(rate, "BURST", 10**6)
    made = {"bare": token("all"), "delivery": token("all", team=desk.delivery)}
    return made | {name: token("all", agent=getattr(desk, name)) for name in CALLERS[2:]}


@pytest.fixture
def rows(desk, log):
    """What the addresses name, by the first word after /api/v1/."""
    ticket = log(customer=intake.CustomerGiven(reference="c1", name="Ana", phone="+12125550123"))
    return {
        "tickets": ticket.number,
        "follow-ups": str(ticket.follow_ups.get().pk),
        "customers": str(ticket.customer.pk),
        "notices": str(Notice.objects.create(recipient=desk.ada, kind="desk", text="Look", at=NOON).pk),
        "imports": str(ImportRun.objects.create(source="csv", file_name="x", made_at=NOON, by_name="x").pk),
    }


def aim(case, rows):
    """Name a row that is there, unless a broken name is the point of the case; of any version."""
    (case.headers or {}).pop("If-Match", None)
    part = case.meta and case.meta.components.get(ParameterLocation.PATH)
    kind = case.path.split("/")[3]
    if kind in rows and case.path_parameters and not (part and part.mode == GenerationMode.NEGATIVE):
        case.path_parameters = dict.fromkeys(case.path_parameters, rows[kind])


@pytest.fixture
def contract(kept_connection):
    return schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())


schema = schemathesis.pytest.from_fixture("contract")


@schema.parametrize()
@QUICK
def test_calls_keep_the_contract(case, clients, rows):
    aim(case, rows)
    case.call_and_validate(headers=clients["bare"].headers, excluded_checks=LEFT_OUT)


@pytest.mark.full
@schema.parametrize()
@WIDE
def test_calls_of_every_role_keep_the_contract(case, clients, rows):
    aim(case, rows)
    case.call_and_validate(headers=clients[next(turns)].headers, excluded_checks=LEFT_OUT)
