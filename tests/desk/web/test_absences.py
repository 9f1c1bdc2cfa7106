"""Absences on a page: entered by oneself or who leads, with who stands in and what is promised meanwhile."""

from datetime import timedelta

import pytest

from followups.models import Absence
from tests import factories

DAY = timedelta(days=1)


def sent(agent, **changes):
    given = {"agent": agent.pk, "from_at": "2026-11-26T00:00", "until_at": "2026-11-28T00:00", "reason": "Leave"}
    return {**given, **changes}


def test_one_enters_ones_own_with_a_stand_in(office, as_, now):
    client = as_(office.ada)
    assert client.post("/absences", sent(office.ada, stand_in=office.ben.pk)).url == "/absences"
    row = Absence.objects.get()
    assert (row.agent, row.stand_in, row.reason) == (office.ada, office.ben, "Leave")
    assert (row.from_at - now, row.until_at - row.from_at) == (timedelta(hours=38), 2 * DAY)
    page = client.get("/absences").content.decode()
    assert "Ben stands in." in page


def test_times_are_of_the_readers_zone(office, as_, now):
    office.sam.zone = "America/New_York"
    office.sam.save()
    as_(office.sam).post("/absences", sent(office.ada))
    assert Absence.objects.get().from_at - now == timedelta(hours=43)


def test_whom_one_may_enter(office, as_):
    for who, whom in (("ada", "ben"), ("sam", "olu")):
        answer = as_(getattr(office, who)).post("/absences", sent(getattr(office, whom)))
        assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["agent"])
    assert as_(office.aud).post("/absences", sent(office.ada)).status_code == 403
    assert not Absence.objects.exists()
    assert as_(office.root).post("/absences", sent(office.olu)).status_code == 302


def test_a_wrong_time_stands_at_its_field(office, as_):
    answer = as_(office.ada).post("/absences", sent(office.ada, until_at="2026-11-25T00:00"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["until_at"])


def test_what_is_promised_meanwhile_can_be_handed_over(office, as_, now):
    row = factories.away(office.ada, now + 3 * DAY, since=now + DAY)
    theirs = factories.promise(promised_by=now + 2 * DAY, now=now, team=office.billing, owner=office.ada)
    factories.promise(promised_by=now + 4 * DAY, now=now, team=office.billing, owner=office.ada)
    factories.promise(promised_by=now + 2 * DAY, now=now, team=office.billing, owner=office.ben)
    answer = as_(office.sam).get("/absences")
    (line,) = answer.context["rows"]
    assert (line["absence"], line["promised"]) == (row, [theirs])
    assert f"/follow-ups/{theirs.pk}/owner" in answer.content.decode()


def test_a_stand_in_who_is_away_too_is_said(office, as_, now):
    factories.away(office.ada, now + 3 * DAY, since=now + DAY, stand_in=office.ben)
    factories.away(office.ben, now + 2 * DAY, since=now - DAY)
    lines = as_(office.sam).get("/absences").context["rows"]
    assert [(line["absence"].agent, line["now"], line["absence"].alone) for line in lines] == [
        (office.ben, True, False),
        (office.ada, False, True),
    ]


def test_one_sees_colleagues_without_their_reasons_and_nothing_of_other_teams(office, as_, now):
    factories.away(office.ada, now + DAY, reason="Hospital")
    factories.away(office.olu, now + DAY, reason="Leave")
    assert [line["reason"] for line in as_(office.sam).get("/absences").context["rows"]] == ["Hospital"]
    lines = as_(office.ben).get("/absences").context["rows"]
    assert [(line["absence"].agent, line["reason"], line["may_set"]) for line in lines] == [(office.ada, "", False)]
    assert len(as_(office.aud).get("/absences").context["rows"]) == 2


def test_back_again(office, as_, now):
    row = factories.away(office.ada, now + DAY)
    assert as_(office.ben).post(f"/absences/{row.pk}/ending").status_code == 403
    assert as_(office.olu).post(f"/absences/{row.pk}/ending").status_code == 404
    assert as_(office.ada).post(f"/absences/{row.pk}/ending").url == "/absences"
    row.refresh_from_db()
    assert row.until_at == now


def test_own_hours_are_set_by_who_leads(office, as_):
    path, week = f"/people/{office.ada.pk}/shifts", {f"day_{n}": "" for n in range(7)}
    client = as_(office.sam)
    assert client.post(path, {**week, "day_1": "8-12, 13-15"}).status_code == 302
    office.ada.refresh_from_db()
    assert office.ada.week[1] == [["08:00", "12:00"], ["13:00", "15:00"]]
    assert "08:00-12:00, 13:00-15:00" in as_(office.ada).get("/absences").content.decode()
    answer = client.post(path, {**week, "day_1": "8-12, 11-15"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["day_1"])
    client.post(path, week)
    office.ada.refresh_from_db()
    assert office.ada.week is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(office, as_, now, count, django_assert_num_queries):
    for number, agent in enumerate([office.ada, office.ben, office.sue][:count]):
        factories.away(agent, now + 3 * DAY, stand_in=office.sam)
        factories.promise(promised_by=now + (number + 1) * DAY / 2, now=now, team=office.billing, owner=agent)
    client = as_(office.sam)
    with django_assert_num_queries(10):
        client.get("/absences")
