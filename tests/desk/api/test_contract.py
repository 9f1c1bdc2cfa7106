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
from schemathesis.specs.openapi import checks

from desk.api import rate
from followups.actions import intake

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
def clients(kept_connection, desk, token, log, monkeypatch):
    """A desk with something in it, and a token for each kind of caller; nobody is slowed down."""
    monkeypatch.setattr(rate, "PER_MINUTE", 10**9)
    monkeypatch.setattr(rate, "BURST", 10**6)
    log(customer=intake.CustomerGiven(reference="c1", name="Ana", phone="+12125550123"))
    made = {"bare": token("all"), "delivery": token("all", team=desk.delivery)}
    return made | {name: token("all", agent=getattr(desk, name)) for name in CALLERS[2:]}


@pytest.fixture
def contract():
    return schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())


schema = schemathesis.pytest.from_fixture("contract")


@schema.parametrize()
@QUICK
def test_calls_keep_the_contract(case, clients):
    case.call_and_validate(headers=clients["bare"].headers, excluded_checks=LEFT_OUT)


@pytest.mark.full
@schema.parametrize()
@WIDE
def test_calls_of_every_role_keep_the_contract(case, clients):
    case.call_and_validate(headers=clients[next(turns)].headers, excluded_checks=LEFT_OUT)
