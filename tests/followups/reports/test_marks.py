"""What changed meanwhile: of the period, of what is asked, of what the reader may see."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from followups.models import Mark, Team
from followups.reports import marks, windows
from tests import factories

AS_OF = datetime(2026, 3, 31, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def teams(db):
    return [factories.team(name) for name in ("Billing", "Delivery")]


def mark(what, *, at=AS_OF - DAY, by=None, **reach):
    teams = [team.pk for team in reach.pop("teams", [])]
    spared = [team.pk for team in reach.pop("spared", [])]
    name = by.display_name if by else ""
    return Mark.objects.create(
        kind="policy", at=at, what=what, by=by, by_name=name, teams=teams, spared=spared, **reach
    )


def found(scope=None, **given):
    question = windows.question(given, now=AS_OF, zone="UTC", scope=scope or windows.Scope())
    return [row.what for row in marks.found(question)]


def test_only_those_of_the_period_and_before_as_of_the_earliest_first(db):
    for days in (91, 90, 3, 0, -1):
        mark(f"{days}", at=AS_OF - days * DAY)
    assert found() == ["90", "3"]
    assert found(to="2026-04-30") == ["3", "0"]
    assert found(to="2026-04-30", as_of="2026-03-30") == ["3"]


def test_one_for_a_team_is_not_on_the_chart_of_another(teams):
    billing, delivery = teams
    mark("all")
    mark("billing", teams=[billing])
    mark("the desk's", spared=[billing])
    assert found() == ["all", "billing", "the desk's"]
    assert found(team="Billing") == ["all", "billing"]
    assert found(team="Delivery") == ["all", "the desk's"]
    assert found(windows.Scope(team_ids=frozenset([delivery.pk]))) == ["all", "the desk's"]
    assert found(windows.Scope(team_ids=frozenset([billing.pk, delivery.pk]))) == ["all", "billing", "the desk's"]
    assert found(windows.Scope(team_ids=frozenset([delivery.pk])), team="Billing") == ["all"]


def test_one_for_a_family_is_not_on_the_chart_of_another(db):
    mark("billing", families=["Billing"])
    assert found(family="billing") == found(category="Billing/Refund") == found() == ["billing"]
    assert found(family="Delivery") == found(category="Delivery/Late") == []


def test_an_agent_sees_those_of_their_teams(teams):
    billing, delivery = teams
    mark("billing", teams=[billing])
    mark("delivery", teams=[delivery])
    assert found(windows.Scope(agent_id=factories.agent("ada", team=billing).pk)) == ["billing"]
    assert found(windows.Scope(agent_id=factories.agent("pat").pk)) == []


def test_who_it_was_is_told_to_their_own_team_and_of_administrators(teams):
    billing, delivery = teams
    mark("Sorted", by=factories.agent("sam", "supervisor", team=billing))
    mark("Set", by=factories.agent("root", "admin"))
    assert found() == ["Sorted, by Sam", "Set, by Root"]
    assert found(windows.Scope(team_ids=frozenset([billing.pk]))) == ["Sorted, by Sam", "Set, by Root"]
    assert found(windows.Scope(team_ids=frozenset([delivery.pk]))) == ["Sorted", "Set, by Root"]


def test_of_very_many_the_latest(db, monkeypatch):
    monkeypatch.setattr(marks, "MOST", 2)
    for days in (3, 2, 1):
        mark(f"{days}", at=AS_OF - days * DAY)
    assert found() == ["2", "1"]


def nodes(plan):
    """The nodes of a plan, from the top."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def test_one_statement_that_reads_the_period_alone(db, django_assert_num_queries):
    Mark.objects.bulk_create(
        Mark(kind="policy", at=AS_OF - hours * timedelta(hours=1), what="x", by_name="") for hours in range(20_000)
    )
    question = windows.question({"from": "2026-03-30"}, now=AS_OF, zone="UTC", scope=windows.Scope())
    with django_assert_num_queries(1):
        assert len(marks.found(question)) == 24
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_mark")
        given = question.parameters | {"asked_family": None, "most": 200}
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {marks.FOUND}", given)
        plan = cursor.fetchone()[0][0]["Plan"]
    read = [node for node in nodes(plan) if node.get("Relation Name") == "followups_mark"]
    assert len(read) == 1
    assert read[0]["Shared Hit Blocks"] + read[0]["Shared Read Blocks"] < 20
    assert Team.objects.count() == 0
