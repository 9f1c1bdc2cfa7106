"""API tokens: shown once, bounded, revoked."""

import re
from datetime import timedelta

import pytest

from followups.actions import people
from followups.models import ApiToken


def made_by(client, **changes):
    fields = {"name": "Shop", "scopes": ["tickets:read"], "team": "", "agent": "", "lives": "30", **changes}
    return client.post("/tokens", fields)


def test_a_token_is_shown_once_and_works(office, as_, now):
    client = as_(office.root)
    answer = made_by(client, team=office.billing.pk, agent=office.ada.pk)
    secret = re.search(r'id="secret" readonly value="([^"]+)"', answer.content.decode())[1]
    token = ApiToken.objects.get()
    assert people.find_token(secret=secret, now=now) == token
    assert (token.name, token.scopes, token.team, token.agent) == ("Shop", ["tickets:read"], office.billing, office.ada)
    assert token.expires_at == now + timedelta(days=30)
    page = client.get("/tokens").content.decode()
    assert secret not in page
    assert token.digest not in page
    assert token.prefix in page


def test_a_token_may_live_until_it_is_revoked(office, as_, now):
    client = as_(office.root)
    made_by(client, lives="")
    token = ApiToken.objects.get()
    assert token.expires_at is None
    assert client.post(f"/tokens/{token.pk}/revocation").url == "/tokens"
    assert ApiToken.objects.get().revoked_at == now
    assert client.post("/tokens/99999/revocation").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("scopes", []), ("scopes", ["everything"]), ("lives", "9000")]
)
def test_half_a_token_is_refused_at_its_field(office, as_, field, value):
    answer = made_by(as_(office.root), **{field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert ApiToken.objects.count() == 0


@pytest.mark.parametrize("reader", ["sam", "aud"])
def test_supervisors_and_auditors_read_tokens(office, as_, reader, now):
    token, _ = people.make_token(name="Shop", scopes=["tickets:read"], now=now)
    client = as_(getattr(office, reader))
    assert client.get("/tokens").status_code == 200
    assert made_by(client).status_code == 403
    assert client.post(f"/tokens/{token.pk}/revocation").status_code == 403
    assert ApiToken.objects.get().revoked_at is None
