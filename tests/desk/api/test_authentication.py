from datetime import UTC, datetime, timedelta

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from desk.api import rate
from followups.actions import people
from followups.models import ApiToken

from .conftest import Api


def test_no_token_is_unauthenticated(desk):
    answer = Api().get("/tickets")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"] == 'Bearer realm="agent desk"'
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer nonsense", "Bearer \xff", "Bearer a b"])
def test_header_that_names_no_token_is_unauthenticated(desk, header):
    assert Api(Authorization=header).get("/tickets").status_code == 401


def test_expired_revoked_and_orphaned_tokens_are_unauthenticated(desk, token):
    expired = token("all", lives=timedelta(seconds=-1))
    revoked = token("all")
    people.revoke_token(token=revoked.token, now=datetime.now(UTC))
    orphaned = token("all", agent=desk.ada)
    assert orphaned.get("/tickets").status_code == 200
    desk.ada.is_active = False
    desk.ada.save()
    assert [each.get("/tickets").status_code for each in (expired, revoked, orphaned)] == [401, 401, 401]


def test_secret_is_kept_as_a_digest_alone(token):
    made = token("all")
    secret = made.headers["Authorization"].removeprefix("Bearer ")
    row = ApiToken.objects.values().get()
    assert len(secret) >= 40
    assert not any(secret in str(value) for value in row.values())


def test_missing_scope_is_refused_by_name(token):
    answer = token("tickets:read").post("/tickets", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")
    assert "tickets:write" in answer.json()["detail"]


def test_token_of_a_person_does_no_more_than_that_person_may(desk, token, log):
    number = log().number
    auditor = token("all", agent=desk.aud)
    assert auditor.get(f"/tickets/{number}").status_code == 200
    assert auditor.patch(f"/tickets/{number}", {"priority": "x"}).json()["code"] == "scope"
    assert token("all", agent=desk.olu).get(f"/tickets/{number}").status_code == 404


def test_last_use_is_noted_at_most_once_a_minute(api):
    def used():
        return ApiToken.objects.get().last_used_at

    api.get("/teams")
    first = used()
    api.get("/teams")
    assert used() == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    api.get("/teams")
    assert used() > first


def test_bucket_is_told_and_runs_dry(api):
    answer = api.get("/teams")
    assert (answer["RateLimit-Limit"], answer["RateLimit-Remaining"], answer["RateLimit-Reset"]) == ("600", "59", "1")
    ApiToken.objects.update(budget=0, budget_at=datetime.now(UTC) + timedelta(hours=1))
    dry = api.get("/teams")
    assert (dry.status_code, dry.json()["code"], dry["Retry-After"]) == (429, "rate-limit", "1")
    assert dry["RateLimit-Remaining"] == "0"


def test_bucket_fills_with_ten_a_second_up_to_the_burst(api):
    ApiToken.objects.update(budget=0, budget_at=datetime.now(UTC) - timedelta(seconds=2))
    assert 19 <= int(api.get("/teams")["RateLimit-Remaining"]) <= 21
    ApiToken.objects.update(budget=0, budget_at=datetime.now(UTC) - timedelta(hours=2))
    assert api.get("/teams")["RateLimit-Remaining"] == str(rate.BURST - 1)


def test_page_session_reads_as_its_person(desk, log):
    number = log().number
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.ada)
    assert client.get(f"/api/v1/tickets/{number}").json()["number"] == number
    client.force_login(desk.olu)
    assert client.get(f"/api/v1/tickets/{number}").status_code == 404


def test_page_session_changes_with_the_csrf_token_alone(desk, log):
    path = f"/api/v1/tickets/{log().number}"
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.ada)
    bare = client.patch(path, b'{"priority": "x"}', "application/json")
    assert (bare.status_code, bare.json()["code"]) == (403, "csrf")
    request = RequestFactory().get("/")
    secret = get_token(request)
    client.cookies["desk_csrf"] = request.META["CSRF_COOKIE"]
    answer = client.patch(path, b'{"priority": "x"}', "application/json", headers={"X-CSRFToken": secret})
    assert (answer.status_code, answer.json()["priority"]) == (200, "x")


def test_inactive_person_has_no_session(desk):
    client = Client()
    client.force_login(desk.ada)
    desk.ada.is_active = False
    desk.ada.save()
    assert client.get("/api/v1/tickets").status_code == 401
