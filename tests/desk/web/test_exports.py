"""Who took which report: each file, each letter, each look at figures per agent; without a figure, never changed."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from followups.actions import people
from followups.models import Disclosure, Export, Role
from tests import factories
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = "as_of=2026-03-31"
BY_AGENT = f"{ASKED}&by=agent"


@pytest.fixture
def march(office):
    """Solved tickets of ada, in a team of five, while figures per agent are on."""
    factories.agent("eve", team=office.billing)
    for name in ("ana", "ben", "cho"):
        person = histories.person(name, now=START)
        row = histories.ticket(person, at=START, team=office.billing, agent=office.ada, opened_agent=office.ada)
        histories.close(row, at=START + DAY, by=office.ada, agent=office.ada)
    Disclosure.objects.create(since=START, by=office.root, reason="Coaching")
    return office


def taken():
    return list(Export.objects.order_by("pk").values_list("by_name", "way", "report", "count"))


def test_a_file_is_written_down_with_who_and_what(as_, march):
    as_(march.sam).get(f"/api/v1/reports/resolution?{ASKED}&by=channel&channel=phone&format=csv")
    (row,) = Export.objects.all()
    assert (row.by, row.by_name, row.way, row.report, row.count) == (march.sam, "Sam", "file", "resolution", 2)
    assert row.asked == {
        "from": "2025-12-31T00:00:00+00:00",
        "to": "2026-03-31T00:00:00+00:00",
        "as_of": "2026-03-31T00:00:00+00:00",
        "by": "channel",
        "channel": "phone",
        "of": "resolved",
        "window_days": "7",
    }


def test_a_token_is_named(client, march):
    token, secret = people.make_token(name="crm", scopes=["reports:read"], now=START, team=march.billing)
    answer = client.get(f"/api/v1/reports/resolution?{ASKED}&format=csv", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    row = Export.objects.get()
    assert (row.by, row.token, row.by_name) == (None, token, "crm")


def test_figures_of_all_are_read_without_a_line(as_, march):
    for path in ("/reports", "/reports/resolution", "/reports/resolution/rows", "/api/v1/reports/resolution"):
        assert as_(march.sam).get(f"{path}?{ASKED}&by=team").status_code == 200
    assert taken() == []


def test_every_look_at_figures_per_agent_is_written_down(as_, march):
    client = as_(march.sam)
    client.get(f"/reports/resolution?{BY_AGENT}")
    client.get(f"/reports/resolution/rows?{BY_AGENT}&part=num&key=ada")
    client.get(f"/api/v1/reports/resolution?{BY_AGENT}")
    client.get(f"/api/v1/reports/resolution?{BY_AGENT}&format=csv")
    assert taken() == [
        ("Sam", "page", "resolution", 1),
        ("Sam", "rows", "resolution", None),
        ("Sam", "api", "resolution", 2),
        ("Sam", "file", "resolution", 2),
    ]
    assert Export.objects.get(way="rows").asked["key"] == "ada"


@pytest.mark.parametrize("name", ["resolution", "promises", "workload"])
def test_no_line_holds_a_figure_of_a_single_agent(as_, march, name):
    """Whatever is asked about one alone, the number of rows is not kept; and nothing else is a number."""
    client = as_(march.ada)
    client.get(f"/api/v1/reports/{name}?{ASKED}&by=week&format=csv")
    client.get(f"/reports/{name}?{BY_AGENT}")
    client.get(f"/api/v1/reports/{name}?{BY_AGENT}")
    as_(march.root).get(f"/reports/{name}/rows?{BY_AGENT}&part=den&key=ada")
    rows = Export.objects.all()
    assert set(rows.values_list("count", flat=True)) == {None}
    words = {key for row in rows for key in row.asked}
    assert words <= {"from", "to", "as_of", "of", "window_days", "by", "part", "key"}


def test_what_was_refused_is_not_written_down(as_, march):
    as_(march.sam).get(f"/api/v1/reports/resolution?{ASKED}&format=csv&colour=red")
    as_(march.aud).get(f"/reports/resolution/rows?{BY_AGENT}&part=nothing")
    assert taken() == []


def test_it_is_one_statement_after_the_look(as_, march):
    client = as_(march.sam)
    with CaptureQueriesContext(connection) as caught:
        client.get(f"/api/v1/reports/resolution?{ASKED}&format=csv")
    asked = [one["sql"] for one in caught]
    about = [sql for sql in asked if "followups_export" in sql]
    assert about == asked[-1:]
    assert about[0].startswith("INSERT INTO")


@pytest.mark.django_db(transaction=True)
def test_it_is_written_though_the_look_itself_may_only_read(as_, march):
    """As on a server: the look is a transaction of its own that refuses to write."""
    assert as_(march.sam).get(f"/reports/resolution?{BY_AGENT}").status_code == 200
    assert as_(march.sam).get(f"/api/v1/reports/resolution?{ASKED}&format=csv").status_code == 200
    assert [way for _, way, *_ in taken()] == ["page", "file"]


@pytest.mark.parametrize("act", [lambda rows: rows.update(by_name="Nobody"), lambda rows: rows.delete()])
def test_nobody_changes_what_was_written(as_, march, act):
    as_(march.sam).get(f"/api/v1/reports/resolution?{ASKED}&format=csv")
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        act(Export.objects.all())


def words(answer):
    return " ".join(answer.content.decode().split())


def test_each_reads_the_lines_of_those_they_lead(as_, march):
    fay = factories.agent("fay", Role.AGENT, team=march.delivery)
    for person in (march.ada, march.sam, fay, march.root):
        as_(person).get(f"/api/v1/reports/resolution?{ASKED}&format=csv")
    people.make_token(name="till", scopes=["reports:read"], now=START, team=march.delivery)
    seen = {
        name: {line["row"].by_name for line in as_(getattr(march, name)).get("/exports").context["lines"]}
        for name in ("sam", "olu", "root", "aud")
    }
    everybody = {"Ada", "Sam", "Fay", "Root"}
    assert seen == {"sam": {"Ada", "Sam"}, "olu": {"Fay"}, "root": everybody, "aud": everybody}
    assert as_(march.ada).get("/exports").status_code == 403
    shown = words(as_(march.sam).get("/exports"))
    assert "as a file" in shown
    assert "Wed 31 Dec 2025 to Mon 30 Mar 2026" in shown
    assert "as it stood Tue 31 Mar 2026" in shown


def test_a_customer_is_named_by_id_alone(as_, march):
    as_(march.root).get(f"/api/v1/reports/resolution?{ASKED}&customer=ana&format=csv")
    asked = Export.objects.get().asked
    assert "ana" not in json.dumps(asked)
    assert len(asked["customer"]) == 36


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(as_, march, django_assert_num_queries, count):
    for _ in range(count):
        as_(march.sam).get(f"/api/v1/reports/resolution?{ASKED}&format=csv")
    client = as_(march.root)
    client.get("/exports")
    with django_assert_num_queries(4):
        assert client.get("/exports").status_code == 200


def test_without_a_line_it_says_so(as_, office):
    assert "Nothing was taken yet" in words(as_(office.aud).get("/exports"))
