"""The page of one's own channels: set up, proved, chosen, removed; its secrets masked."""

import pytest

from followups.actions import listening
from followups.models import Agent, Channel, Listening, Site

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


@pytest.fixture
def ada(office, as_):
    return as_(office.ada)


def channel(agent, now, **fields):
    given = {"kind": "mail", "name": "My mail", "address": "ada@example.net", "made_at": now, **fields}
    return Channel.objects.create(agent=agent, **given)


def test_a_channel_is_set_up_proved_and_chosen(office, ada):
    answer = ada.post("/channels", {"kind": "mail", "address": "ada@example.net", "name": ""}, follow=True)
    assert "A test is on its way to Mail: enter its code here." in answer.content.decode()
    row = Channel.objects.get(agent=office.ada)
    answer = ada.post(f"/channels/{row.pk}/code", {"code": "x"}, follow=True)
    assert "This is not the code of the last test." in answer.content.decode()
    answer = ada.post(f"/channels/{row.pk}/code", {"code": listening.code_of(row)}, follow=True)
    assert "Mail works." in answer.content.decode()
    ada.post(f"/channels/{row.pk}", {"hears": ["due", "desk"]})
    row.refresh_from_db()
    assert (row.hears, Agent.objects.get(pk=office.ada.pk).pushes) == (["due", "desk"], True)
    ada.post(f"/channels/{row.pk}/removal")
    assert (Channel.objects.count(), Agent.objects.get(pk=office.ada.pk).pushes) == (0, False)


def test_what_cannot_be_is_said_at_its_field(ada):
    answer = ada.post("/channels", {"kind": "chat", "address": "json://10.0.0.1/"})
    assert (answer.status_code, "Only addresses that begin with one of" in answer.content.decode()) == (400, True)
    assert Channel.objects.count() == 0


def test_the_secret_of_a_chat_is_shown_to_nobody(office, ada, now):
    channel(office.ada, now, kind="chat", address=SLACK, verified_at=now)
    page = ada.get("/channels").content.decode()
    assert ("slack://T...2/A...D/T...Q" in page, "TIiajkdnlazkcOXrIdevi7FQ" in page) == (True, False)


def test_nobody_sees_the_channels_of_another(office, as_, now):
    row = channel(office.ada, now)
    for person in (office.ben, office.root):
        assert "My mail" not in as_(person).get("/channels").content.decode()
        assert as_(person).post(f"/channels/{row.pk}/removal").status_code == 404


def test_quiet_hours_are_saved(office, ada):
    page = ada.get("/channels").content.decode()
    assert ('value="20:00"' in page, 'value="07:00"' in page) == (True, True)
    ada.post("/channels/hours", {"quiet_from": "18:30", "quiet_until": "08:00", "your_day": "on"})
    row = Listening.objects.get(agent=office.ada)
    assert (f"{row.quiet_from:%H:%M}", f"{row.quiet_until:%H:%M}", row.quiet_days_off, row.your_day) == (
        "18:30",
        "08:00",
        False,
        True,
    )
    assert ada.post("/channels/hours", {"quiet_from": "25:00"}).status_code == 400


def test_an_administrator_switches_all_of_them_off(office, as_):
    root = as_(office.root)
    root.post("/channels/switch", {"off": "yes"})
    assert Site.objects.get(id=1).channels_off
    assert "switched them off for everybody" in as_(office.ada).get("/channels").content.decode()
    root.post("/channels/switch", {"off": "no"})
    assert not Site.objects.get(id=1).channels_off


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(office, ada, now, django_assert_num_queries, count):
    for number in range(count):
        channel(office.ada, now, address=f"ada{number}@example.net", verified_at=now)
    with django_assert_num_queries(6):
        ada.get("/channels")
