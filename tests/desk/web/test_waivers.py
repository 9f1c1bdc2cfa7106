"""Waivers asked for: granted together, refused with a reason, always by the gate's rules."""

from datetime import timedelta

import pytest

from followups import numbers
from followups.actions import closing, waiving
from followups.models import Contact, Notice, Ticket, Waiver, WaiverRequest
from tests import factories


@pytest.fixture
def asked(office, now):
    """A dead end of Billing whose waiver ada asks for; she was told unless said."""

    def make(kind="final_answer", reason="Warranty ended", *, told=True, team=None, agent=None):
        then = now - timedelta(hours=2)
        ticket = factories.ticket(
            now=then, promised_by=now + timedelta(days=1), team=team or office.billing, agent=agent
        )
        Ticket.objects.filter(pk=ticket.pk).update(customer=factories.customer(now=then))
        call = {"direction": "outbound", "channel": "phone", "at": then, "entered_at": then}
        contact = Contact.objects.create(ticket=ticket, **call) if told else None
        by = office.by(office.ada)
        closing.close(ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=by, now=then)
        return waiving.ask(ticket=ticket, kind=kind, reason=reason, by=by, now=then, contact=contact)

    return make


def post(client, rows):
    return client.post("/overdue/waivers", {"selected": [str(row.pk) for row in rows]})


def state(row):
    return Ticket.objects.values_list("state", "waived").get(pk=row.ticket_id)


def test_requests_stand_in_groups_by_kind_and_alike_reasons_together(office, as_, asked):
    rows = [asked("exhausted", "b"), asked("legal", "z"), asked("exhausted", "a"), asked("exhausted", "B")]
    groups = as_(office.sam).get("/overdue/waivers").context["groups"]
    assert [(group["label"], [row.reason for row in group["rows"]]) for group in groups] == [
        ("All ways tried", ["a", "b", "B"]),
        ("Legal grounds", ["z"]),
    ]
    assert WaiverRequest.objects.count() == len(rows)


def test_many_are_granted_at_once(office, as_, asked):
    rows, left = [asked(), asked("exhausted", told=False)], asked()
    client = as_(office.sam)
    answer = post(client, rows)
    assert (answer.status_code, answer.url) == (302, "/overdue/waivers")
    assert [state(row) for row in (*rows, left)] == [("closed", True), ("closed", True), ("open", False)]
    assert set(Waiver.objects.values_list("by__username", flat=True)) == {"sam"}
    assert Notice.objects.filter(recipient=office.ada, kind="answered").count() == 2
    assert "2 granted" in client.get(answer.url).content.decode()


def test_a_ticket_once_owned_is_refused_by_name_and_the_others_are_granted(office, as_, asked):
    own, fine = asked(agent=office.sam), asked()
    client = as_(office.sam)
    page = client.get("/overdue/waivers").content.decode()
    assert "yours: another supervisor decides" in page
    assert f'value="{own.pk}"' not in page
    page = client.get(post(client, [own, fine]).url).content.decode()
    assert "1 granted" in page
    assert (
        f"{numbers.read_aloud(own.ticket.number)}</span> <strong>Refund missing</strong>: You owned this ticket" in page
    )
    assert (state(own), state(fine)) == (("open", False), ("closed", True))
    post(as_(office.sue), [own])
    assert state(own) == ("closed", True)


def test_an_honest_no_needs_her_told_first(office, as_, asked):
    row = asked("final_answer", told=False)
    client = as_(office.sam)
    assert "she was not told yet" in client.get("/overdue/waivers").content.decode()
    page = client.get(post(client, [row]).url).content.decode()
    assert "Name the contact or message in which she was told" in page
    assert state(row) == ("open", False)


def test_an_administrator_decides_only_where_no_second_supervisor_is(office, as_, asked):
    row = asked()
    post(as_(office.root), [row])
    assert state(row) == ("open", False)
    type(office.sam).objects.filter(role="supervisor").exclude(pk=office.sam.pk).update(is_active=False)
    post(as_(office.root), [row])
    assert state(row) == ("closed", True)
    assert Waiver.objects.get().single_hand


def test_other_teams_requests_are_neither_seen_nor_granted(office, as_, asked):
    row = asked()
    client = as_(office.olu)
    assert client.get("/overdue/waivers").context["groups"] == []
    post(client, [row])
    assert client.post(f"/overdue/waivers/{row.pk}/refusal", {"reason": "no"}).status_code == 404
    assert state(row) == ("open", False)
    assert WaiverRequest.objects.get().answered_at is None


def test_a_refusal_tells_why(office, as_, asked):
    row = asked()
    client = as_(office.sam)
    assert client.post(f"/overdue/waivers/{row.pk}/refusal", {"reason": ""}).status_code == 400
    assert client.post(f"/overdue/waivers/{row.pk}/refusal", {"reason": "Call the maker first"}).status_code == 302
    row.refresh_from_db()
    assert (row.refusal, row.answered_by, state(row)) == ("Call the maker first", office.sam, ("open", False))
    assert Notice.objects.get(recipient=office.ada).text.endswith(": Call the maker first")
    assert client.post(f"/overdue/waivers/{row.pk}/refusal", {"reason": "again"}).status_code == 404


def test_auditors_read_and_do_not_answer(office, as_, asked):
    row = asked()
    client = as_(office.aud)
    page = client.get("/overdue/waivers").content.decode()
    assert "Warranty ended" in page
    assert "Ana Lopez" not in page
    assert "Ana Lopez" in as_(office.sam).get("/overdue/waivers").content.decode()
    assert post(client, [row]).status_code == 403
    assert client.post(f"/overdue/waivers/{row.pk}/refusal", {"reason": "no"}).status_code == 403
    assert state(row) == ("open", False)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_often_for_one_as_for_three(office, as_, asked, django_assert_num_queries, count):
    for _ in range(count):
        asked()
    client = as_(office.sam)
    with django_assert_num_queries(6):
        client.get("/overdue/waivers")
