"""Teams, agents, categories, notices."""

import pytest

from followups.models import Notice

from .conftest import NOON


def test_teams_agents_and_categories_are_listed_by_name(api, log):
    log()
    assert api.get("/teams").json() == {
        "results": [
            {"name": "Billing", "kind": "in_house", "separate": False},
            {"name": "Delivery", "kind": "in_house", "separate": False},
        ],
        "next": None,
    }
    agents = api.get("/agents").json()["results"]
    assert [row["username"] for row in agents] == ["ada", "aud", "ben", "olu", "root", "sam", "sue"]
    assert agents[0] == {
        "username": "ada",
        "name": "ada",
        "role": "agent",
        "teams": ["Billing"],
        "active": True,
        "away_until": None,
    }
    assert api.get("/categories").json()["results"] == [
        {"path": "Billing/Refund", "family": "Billing", "sorted": False}
    ]


def test_names_page_by_cursor(api):
    first = api.get("/agents?page_size=3").json()
    assert [row["username"] for row in first["results"]] == ["ada", "aud", "ben"]
    assert [row["username"] for row in api.get(first["next"]).json()["results"]] == ["olu", "root", "sam"]


def test_token_of_a_team_lists_its_own(desk, token):
    api = token("all", team=desk.delivery)
    assert [row["name"] for row in api.get("/teams").json()["results"]] == ["Delivery"]
    assert [row["username"] for row in api.get("/agents").json()["results"]] == ["olu"]


@pytest.mark.parametrize(("path", "queries"), [("/teams", 3), ("/agents", 5), ("/categories", 3)])
def test_names_cost_the_same_for_any_number_of_rows(api, log, django_assert_num_queries, path, queries):
    log(), log(category="Other")
    for size in (1, 3):
        with django_assert_num_queries(queries):
            assert api.get(f"{path}?page_size={size}").json()["results"]


@pytest.fixture
def notice(desk, log):
    ticket = log()
    return Notice.objects.create(recipient=desk.ada, kind="desk", text="Look", at=NOON, ticket=ticket)


def test_notices_are_the_callers_own(api, desk, token, notice):
    assert api.get("/notices").json()["results"] == []
    assert token("all", agent=desk.ben).get("/notices").json()["results"] == []
    assert token("all", agent=desk.ada).get("/notices").json()["results"] == [
        {
            "id": str(notice.pk),
            "kind": "desk",
            "stage": None,
            "follow_up": None,
            "ticket": notice.ticket.number,
            "text": "Look",
            "at": "2026-03-03T12:00:00Z",
            "late_by_seconds": 0,
            "read_at": None,
        }
    ]


def test_notice_is_read_once_and_by_its_owner(desk, token, notice):
    path = f"/notices/{notice.pk}/reading"
    assert token("all", agent=desk.ben).post(path).status_code == 404
    ada = token("all", agent=desk.ada)
    first = ada.post(path).json()["read_at"]
    assert first is not None
    assert ada.post(path).json()["read_at"] == first
    assert ada.post(path, {"at": "now"}).json()["code"] == "unknown-field"


@pytest.mark.parametrize("rows", [1, 3])
def test_notices_cost_the_same_for_any_number_of_rows(desk, token, log, django_assert_num_queries, rows):
    ada, ticket = token("all", agent=desk.ada), log()
    Notice.objects.all().delete()
    for _ in range(rows):
        Notice.objects.create(recipient=desk.ada, kind="desk", text="Look", at=NOON, ticket=ticket)
    with django_assert_num_queries(3):  # token, rate, notices
        assert len(ada.get("/notices").json()["results"]) == rows
