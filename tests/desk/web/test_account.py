"""One's own account, and the way in and out."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator

from followups.models import Agent, FollowUp
from tests import factories


def sent(**changes):
    return {"first_name": "Ada", "last_name": "Okafor", "email": "ada@example.org", "zone": "Europe/Madrid", **changes}


def test_name_address_and_zone_are_ones_own_and_nothing_else(office, as_):
    answer = as_(office.ada).post("/account", sent(role="admin", username="root2", credit_limit="9999"))
    assert answer.url == "/account"
    person = Agent.objects.get(pk=office.ada.pk)
    assert (person.get_full_name(), person.email, person.zone) == ("Ada Okafor", "ada@example.org", "Europe/Madrid")
    assert (person.role, person.username, person.credit_limit) == ("agent", "ada", None)


@pytest.mark.parametrize(("changes", "field"), [({"zone": "Nowhere"}, "zone"), ({"email": "ada"}, "email")])
def test_a_refusal_stands_at_its_field(office, as_, changes, field):
    answer = as_(office.ada).post("/account", sent(**changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert Agent.objects.get(pk=office.ada.pk).zone == ""


def test_one_sets_ones_own_absence(office, as_, now):
    client = as_(office.ada)
    assert client.post("/account/absence", {"until": "2026-11-25T08:00"}).url == "/account"
    assert office.ada.away_until(now) == now + timedelta(hours=22)
    assert "Away until tomorrow 08:00" in client.get("/account").content.decode()
    answer = client.post("/account/absence", {"until": "2026-11-24T09:00"})
    assert (answer.status_code, list(answer.context["away"].errors)) == (400, ["until"])


def test_own_figures_count_own_work_alone(office, as_, now):
    hour = timedelta(hours=1)
    for due, owner in [(now + hour, office.ada), (now - hour, office.ada), (now - hour, office.ben)]:
        factories.promise(promised_by=due, now=now - 9 * hour, team=office.billing, owner=owner)
    for state, ended in [
        ("kept", now - hour),
        ("kept_late", now - hour),
        ("called_off", now - hour),
        ("kept", now - 200 * hour),
    ]:
        row = factories.promise(promised_by=now, now=now - 300 * hour, team=office.billing)
        factories.follow_up(row.ticket, promised_by=now + hour, now=now)
        FollowUp.objects.filter(pk=row.pk).update(state=state, ended_at=ended, ended_by=office.ada)
    assert as_(office.ada).get("/account").context["figures"] == {"open": 2, "overdue": 1, "done": 2}


def test_signing_in_asks_for_name_and_password_and_leads_to_today(office, client):
    office.ada.set_password("a calm desk at noon")
    office.ada.save()
    assert client.get("/").url == "/login?next=/"
    wrong = client.post("/login", {"login": "ada", "password": "wrong"})
    assert wrong.status_code == 200
    assert "_auth_user_id" not in client.session
    answer = client.post("/login", {"login": "ada", "password": "a calm desk at noon"})
    assert answer.url == "/"
    assert client.session["_auth_user_id"] == str(office.ada.pk)
    assert client.post("/logout").url == "/login"
    assert "_auth_user_id" not in client.session


def test_signing_in_leads_to_where_one_was_going_but_nowhere_else(office, client):
    office.ada.set_password("a calm desk at noon")
    office.ada.save()
    given = {"login": "ada", "password": "a calm desk at noon"}
    assert client.post("/login?next=/notices", {**given, "next": "/notices"}).url == "/notices"
    client.post("/logout")
    assert client.post("/login", {**given, "next": "https://evil.example/"}).url == "/"


def test_a_second_factor_is_asked_for(office, client):
    office.ada.set_password("a calm desk at noon")
    office.ada.save()
    Authenticator.objects.create(user=office.ada, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = client.post("/login", {"login": "ada", "password": "a calm desk at noon"})
    assert answer.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("path", ["/accounts/password/change/", "/accounts/2fa/", "/account"])
def test_password_and_second_factor_have_pages_in_the_desks_frame(office, as_, path):
    office.ada.set_password("a calm desk at noon")
    office.ada.save()
    page = as_(office.ada).get(path).content.decode()
    assert '<nav class="nav" aria-label="Main">' in page
    assert 'aria-label="Your account"' in page
