"""Notices and the bell."""

from datetime import timedelta

import pytest

from followups.models import Notice
from tests import factories


@pytest.fixture
def notice(office, now):
    def make(text="Call Ana", *, recipient=None, ago=1, **fields):
        at = now - timedelta(minutes=ago)
        return Notice.objects.create(recipient=recipient or office.ada, kind="desk", text=text, at=at, **fields)

    return make


def test_the_newest_come_first_and_lead_to_the_follow_up(office, as_, notice, now):
    row = factories.promise(promised_by=now, now=now, team=office.billing)
    notice("older", ago=9)
    notice("newer", follow_up=row, ticket=row.ticket)
    notice("another's", recipient=office.ben)
    answer = as_(office.ada).get("/notices")
    assert [one.text for one in answer.context["page"].rows] == ["newer", "older"]
    assert f'href="/follow-ups/{row.pk}">newer</a>' in answer.content.decode()


def test_a_late_reminder_says_so(office, as_, notice):
    notice(late_by_seconds=7500)
    notice(late_by_seconds=59)
    page = as_(office.ada).get("/notices").content.decode()
    assert "this reminder came 2\xa0h 5\xa0min late" in page
    assert page.count("this reminder came") == 1


def test_one_is_read_or_all_of_them(office, as_, notice, now):
    first, second, other = notice(), notice(), notice(recipient=office.ben)
    client = as_(office.ada)
    assert client.post("/notices", {"notice": str(first.pk)}).url == "/notices"
    assert set(Notice.objects.filter(read_at=now).values_list("pk", flat=True)) == {first.pk}
    client.post("/notices", {"notice": str(other.pk)})
    client.post("/notices", {"notice": "nonsense"})
    assert Notice.objects.filter(read_at=now).count() == 1
    assert client.post("/notices?show=unread").url == "/notices?show=unread"
    assert set(Notice.objects.filter(read_at=now).values_list("pk", flat=True)) == {first.pk, second.pk}


def test_unread_alone_are_shown_on_request(office, as_, notice, now):
    notice("seen", read_at=now)
    notice("fresh")
    rows = as_(office.ada).get("/notices?show=unread").context["page"].rows
    assert [row.text for row in rows] == ["fresh"]


def test_a_call_that_must_not_be_made_now_says_so(office, as_, notice, now):
    """10:00 at the desk is 5:00 in New York."""
    her = factories.customer(now=now, zone="America/New_York")
    row = factories.promise(promised_by=now, now=now, team=office.billing, customer=her)
    notice(follow_up=row, ticket=row.ticket, stage="due", version=1)
    notice("Handed over", follow_up=row, ticket=row.ticket)
    page = as_(office.ada).get("/notices")
    held = {one.text: one.held_back for one in page.context["page"].rows}
    assert held == {"Handed over": "", "Call Ana": "not in her hours: call from today 14:00"}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(office, as_, notice, now, django_assert_num_queries, count):
    for _ in range(count):
        row = factories.promise(promised_by=now, now=now, team=office.billing)
        notice(follow_up=row, ticket=row.ticket, stage="due", version=1)
    client = as_(office.ada)
    with django_assert_num_queries(5):
        client.get("/notices")


def test_the_bell_counts_and_keeps_quiet_while_nothing_changes(office, as_, notice):
    client = as_(office.ada)
    notice()
    first = client.get("/notices/badge")
    assert '<span class="count">1<span class="sr-only"> unread</span></span>' in first.content.decode()
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get("/notices/badge", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    notice()
    assert client.get("/notices/badge", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_bell_changes_once_something_was_read(office, as_, notice):
    client = as_(office.ada)
    notice()
    tag = client.get("/notices/badge").headers["ETag"]
    client.post("/notices")
    answer = client.get("/notices/badge", headers={"If-None-Match": tag})
    assert (answer.status_code, "count" in answer.content.decode()) == (200, False)


def test_two_people_never_share_a_bell(office, as_):
    tags = {as_(person).get("/notices/badge").headers["ETag"] for person in (office.ada, office.ben)}
    assert len(tags) == 2


def test_the_bell_of_a_session_that_ended_is_no_sign_in_page(db, client):
    answer = client.get("/notices/badge")
    assert (answer.status_code, answer.content) == (401, b"Sign in.")


def test_polling_costs_one_query_beside_session_and_person(office, as_, notice, django_assert_num_queries):
    notice()
    client = as_(office.ada)
    with django_assert_num_queries(3):
        client.get("/notices/badge")
