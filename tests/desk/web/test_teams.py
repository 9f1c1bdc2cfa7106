"""Teams and categories."""

import pytest

from followups.models import Category, Team, Ticket
from tests import factories


def test_administrators_make_and_change_teams(office, as_):
    client = as_(office.root)
    assert client.post("/teams/new", {"name": "Night line", "kind": "outsourced", "separate": "on"}).url == "/teams"
    team = Team.objects.get(name="Night line")
    assert (team.kind, team.separate) == ("outsourced", True)
    client.post(f"/teams/{team.pk}", {"name": "Night desk", "kind": "in_house"})
    team.refresh_from_db()
    assert (team.name, team.kind, team.separate) == ("Night desk", "in_house", False)
    answer = client.post("/teams/new", {"name": "billing", "kind": "in_house"})
    assert answer.context["form"].errors == {"name": ["This name is taken."]}
    assert client.get("/teams/99999").status_code == 404


def test_the_list_counts_those_who_may_sign_in(office, as_):
    office.ben.is_active = False
    office.ben.save()
    rows = {team.name: team.people for team in as_(office.sam).get("/teams").context["rows"]}
    assert rows == {"Billing": 3, "Delivery": 1}


@pytest.mark.parametrize("reader", ["sam", "aud"])
def test_supervisors_and_auditors_read_teams(office, as_, reader):
    client = as_(getattr(office, reader))
    assert client.get("/teams").status_code == 200
    assert client.post("/teams/new", {"name": "X", "kind": "in_house"}).status_code == 403
    assert client.post(f"/teams/{office.billing.pk}", {"name": "X", "kind": "in_house"}).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_team_list_asks_as_often_for_one_as_for_three(office, as_, django_assert_num_queries, count):
    for place in range(count):
        factories.team(f"Team {place}")
    client = as_(office.root)
    with django_assert_num_queries(4):
        client.get("/teams")


def test_categories_to_sort_come_first(office, as_):
    factories.category("Billing/Refund")
    Category.objects.create(path="Access/Sign-in", family="Access", is_sorted=True)
    context = as_(office.sam).get("/categories").context
    assert [row.path for row in context["unsorted"]] == ["Billing/Refund"]
    assert [row.path for row in context["page"].rows] == ["Access/Sign-in"]


def test_found_by_a_part_of_the_path(office, as_):
    factories.category("Billing/Refund")
    factories.category("Delivery/Lost")
    assert [row.path for row in as_(office.sam).get("/categories?q=refu").context["unsorted"]] == ["Billing/Refund"]
    assert as_(office.sam).get("/categories?q=%00").status_code == 200


def test_saved_as_it_is_a_category_is_sorted(office, as_):
    row = factories.category("Billing/Refund")
    assert as_(office.sam).post(f"/categories/{row.pk}", {"path": "Billing/Refund"}).url == "/categories"
    row.refresh_from_db()
    assert (row.path, row.is_sorted) == ("Billing/Refund", True)


def test_renamed_its_family_follows(office, as_):
    row = factories.category("Billing/Refund")
    as_(office.sam).post(f"/categories/{row.pk}", {"path": "Money / Refund"})
    row.refresh_from_db()
    assert (row.path, row.family) == ("Money/Refund", "Money")


def test_two_are_folded_only_once_that_was_said(office, as_, now):
    stays, goes = factories.category("Billing/Refund"), factories.category("Billing/Refunds")
    ticket = factories.ticket(now=now, category=goes)
    client = as_(office.sam)
    answer = client.post(f"/categories/{goes.pk}", {"path": "Billing/Refund"})
    assert answer.status_code == 400
    assert "Folding moves all tickets of Billing/Refunds into it for good." in answer.content.decode()
    assert Category.objects.filter(pk=goes.pk).exists()
    client.post(f"/categories/{goes.pk}", {"path": "Billing/Refund", "fold": "1"})
    assert not Category.objects.filter(pk=goes.pk).exists()
    assert Ticket.objects.get(pk=ticket.pk).category == stays


def test_an_empty_path_is_refused(office, as_):
    row = factories.category("Billing/Refund")
    assert as_(office.sam).post(f"/categories/{row.pk}", {"path": " / "}).status_code == 400
    assert as_(office.sam).post("/categories/99999", {"path": "x"}).status_code == 404


def test_auditors_sort_nothing(office, as_):
    row = factories.category("Billing/Refund")
    assert as_(office.aud).post(f"/categories/{row.pk}", {"path": "X"}).status_code == 403
    assert as_(office.aud).get("/categories").status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_categories_ask_as_often_for_one_as_for_three(office, as_, django_assert_num_queries, count):
    for place in range(count):
        factories.category(f"A/{place}")
    client = as_(office.sam)
    with django_assert_num_queries(5):
        client.get("/categories")
