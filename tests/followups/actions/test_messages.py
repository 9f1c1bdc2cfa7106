"""The signed way to the customer's page."""

from datetime import UTC, datetime

import pytest

from followups.actions import messages
from followups.models import Closure
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)


def test_a_token_leads_to_its_follow_up_alone():
    one, other = (factories.promise(promised_by=NOW, now=NOW) for _ in range(2))
    token = messages.promise_token(one)
    assert messages.promise_from_token(token) == one
    name, _, signature = token.partition("~")
    foreign = messages.promise_token(other).partition("~")[0]
    assert messages.promise_from_token(f"{foreign}~{signature}") is None
    assert messages.promise_from_token(name) is None


@pytest.mark.parametrize("token", ["", "~", "a~b", "\x00", "é~é", "x" * 5000, "..~.."])
def test_any_other_text_leads_nowhere(token):
    assert messages.promise_from_token(token) is None


def test_a_token_signed_for_something_else_leads_nowhere(settings):
    row = factories.promise(promised_by=NOW, now=NOW)
    token = messages.promise_token(row)
    settings.SECRET_KEY = "another-secret-of-some-length-0123456789"
    assert messages.promise_from_token(token) is None


def test_a_token_is_one_step_of_an_address():
    token = messages.promise_token(factories.promise(promised_by=NOW, now=NOW))
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~")


def test_a_closed_message_says_how_to_object():
    closure = Closure(ticket=factories.ticket(now=NOW, customer=factories.customer(now=NOW)))
    message = messages.closed(closure)
    assert message.key == f"closed:{closure.pk}"
    assert message.body.endswith("answer this message or call us and name the number: we take it up again.\n")
