"""Figures of a single agent: off, no door yields one; on, those who may see them do, and everybody knows why."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import people
from followups.models import Disclosure, Notice
from followups.reports import catalogue
from tests import factories
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = "as_of=2026-03-31&by=agent"
NAMES = list(catalogue.REPORTS)


@pytest.fixture
def march(office):
    """A solved ticket of ada, in a team of five, and one of fay, in a smaller one."""
    factories.agent("eve", team=office.billing)
    office.fay = factories.agent("fay", team=office.delivery)
    for name, team, agent in (("ana", office.billing, office.ada), ("cho", office.delivery, office.fay)):
        row = histories.ticket(histories.person(name, now=START), at=START, team=team, agent=agent, opened_agent=agent)
        histories.close(row, at=START + DAY, by=agent, agent=agent)
    return office


def switched_on(office):
    return Disclosure.objects.create(since=START, by=office.root, reason="Coaching, agreed with the council")


def keys(client, name="resolution"):
    return sorted(row["key"] for row in client.get(f"/api/v1/reports/{name}?{ASKED}").json()["rows"])


@pytest.mark.parametrize("name", NAMES)
def test_off_no_door_cuts_by_agent(as_, march, name):
    for person in (march.ada, march.sam, march.root):
        client = as_(person)
        assert client.get(f"/reports/{name}?{ASKED}").status_code == 400
        assert client.get(f"/reports/{name}/rows?{ASKED}&part=den&key=ada").status_code == 400
        for form in ("", "&format=csv"):
            answer = client.get(f"/api/v1/reports/{name}?{ASKED}{form}")
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "by")
        assert 'value="agent"' not in client.get(f"/reports/{name}?as_of=2026-03-31").content.decode()


def test_on_each_sees_whom_they_may(as_, march):
    switched_on(march)
    assert keys(as_(march.root)) == ["", "ada"]
    assert keys(as_(march.sam)) == ["ada"]
    assert keys(as_(march.olu)) == [""]
    assert keys(as_(march.ada)) == ["ada"]
    assert keys(as_(march.fay)) == ["fay"]


@pytest.mark.parametrize("name", NAMES)
def test_on_every_report_cuts_by_agent_on_page_and_as_file(as_, march, name):
    switched_on(march)
    client = as_(march.root)
    assert client.get(f"/reports/{name}?{ASKED}").status_code == 200
    assert client.get(f"/api/v1/reports/{name}?{ASKED}&format=csv").status_code == 200


def test_everybody_reads_why_and_only_an_admin_switches(as_, march):
    page = as_(march.root)
    assert page.post("/agent-figures", {"reason": ""}).status_code == 400
    assert page.post("/agent-figures", {"reason": "Coaching"}).status_code == 302
    assert page.post("/agent-figures", {"reason": "Again"}).status_code == 400
    assert "Coaching" in as_(march.ada).get("/agent-figures").content.decode()
    told = Notice.objects.filter(recipient=march.ada).get()
    assert told.text == "Root switched on figures per agent for supervisors. The reason: Coaching"
    assert as_(march.sam).post("/agent-figures/ending").status_code == 403
    assert page.post("/agent-figures/ending").status_code == 302
    row = Disclosure.objects.get()
    assert (row.by, row.ended_by, row.until >= row.since) == (march.root, march.root, True)
    assert as_(march.root).get(f"/reports/resolution?{ASKED}").status_code == 400


@pytest.mark.parametrize(("scopes", "status"), [(["reports:read"], 403), (["reports:read", "reports:agents"], 200)])
def test_a_token_needs_the_scope_for_figures_per_agent(client, march, scopes, status):
    switched_on(march)
    _, secret = people.make_token(name="crm", scopes=scopes, now=START)
    answer = client.get(f"/api/v1/reports/resolution?{ASKED}", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == status
    assert status == 200 or (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("scope", "by")
