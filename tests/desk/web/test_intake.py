"""The phone page: who calls, what she was promised, and the sentence that makes the ticket's first promise."""

from datetime import timedelta

import pytest

from followups.models import Contact, Customer, Policy, Role, Ticket
from tests import factories

GIVEN = {"subject": "Charged twice", "category": "Billing/Charge", "channel": "phone"}


@pytest.fixture
def phone(desk, at):
    """Posts the form as ada, with a team."""
    client = at(desk.ada)
    return lambda **more: client.post("/tickets/new", {**GIVEN, "team": desk.team.pk, **more})


@pytest.fixture
def typed(desk, at):
    """What the page answers while somebody types."""
    client = at(desk.ada)
    return lambda text, **more: client.post("/tickets/new/caller", {"caller": text, "team": desk.team.pk, **more})


def first_slot(client):
    return client.get("/tickets/new").context["slots"][0]


def test_saving_without_a_promise_dates_the_first_update(phone, desk):
    answer = phone(caller="+1 212 555 0101", said="no")
    row = Ticket.objects.get()
    step = row.follow_ups.get()
    assert answer.url == f"/tickets/{row.number}"
    assert (row.agent, row.team, row.customer.phone) == (desk.ada, desk.team, "+12125550101")
    assert (step.is_told, step.by_policy, step.promised_by > desk.now) == (False, True, True)


def test_sentence_agreed_makes_a_told_promise_in_one_act(phone, desk, client):
    slot = first_slot(client)
    phone(caller="Ana Lopez", said="yes", slot=slot.value, will_bring="the refund decision")
    step = Ticket.objects.get().follow_ups.get()
    assert (step.promise, step.is_told) == (slot.proposal.sentence, True)
    assert (step.promised_by, step.will_bring) == (slot.proposal.by_at, "the refund decision")
    assert step.told_contact == Contact.objects.get(is_opening=True)


def test_own_time_is_on_her_wall(phone, desk):
    customer = desk.customer(zone="America/New_York")
    own = {"slot": "own", "own_on": "2026-11-25", "own_from": "10:00", "own_by": "12:00"}
    phone(customer=str(customer.pk), said="yes", **own)
    step = Ticket.objects.get().follow_ups.get()
    assert (step.wall_from, step.wall_by) == ("2026-11-25T10:00:00", "2026-11-25T12:00:00")
    assert step.promised_by.isoformat() == "2026-11-25T17:00:00+00:00"


def test_time_outside_her_hours_is_refused_at_the_slot_and_nothing_is_lost(phone, desk):
    own = {"slot": "own", "own_on": "2026-11-25", "own_by": "23:00"}
    answer = phone(caller="Ana Lopez", said="yes", **own)
    assert answer.status_code == 422
    assert "Outside the hours" in answer.context["form"].errors["slot"][0]
    assert b'value="Charged twice"' in answer.content
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(("missing", "field"), [({"subject": ""}, "subject"), ({"category": ""}, "category")])
def test_what_is_missing_is_said_at_its_field(phone, missing, field):
    answer = phone(**missing)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


def test_mail_that_is_none_is_refused_by_field(phone):
    answer = phone(caller="Ana Lopez", email="nowhere")
    assert list(answer.context["form"].errors) == ["email"]


def test_caller_is_found_by_phone_alone_and_said_so(typed, desk):
    customer = desk.customer(phone="+12125550101")
    desk.ticket(customer=customer, subject="Refund missing")
    answer = typed("(212) 555-0101")
    assert answer.context["customer"] == customer
    assert b"by phone alone" in answer.content
    assert b"ana@example.org" in answer.content


def test_repeat_caller_shows_open_tickets_and_what_was_promised_last(typed, desk):
    follow_up = desk.follow_up(customer=desk.customer(), subject="Refund missing", due=-timedelta(hours=1))
    answer = typed("ana@example.org")
    text = answer.content.decode()
    assert "She has 1 open ticket" in text
    assert f"/tickets/{follow_up.ticket.number}/contacts" in text
    assert follow_up.promise in text
    assert "overdue 1\u00a0h" in text
    assert answer.context["repeat"]["before"].contacts_7_days == 1


def test_strangers_see_masked_addresses_and_no_way_into_foreign_tickets(desk, at):
    customer = desk.customer(phone="+12125550101")
    row = desk.ticket(customer=customer)
    text = at(desk.olu).post("/tickets/new/caller", {"caller": "Ana Lopez"}).content.decode()
    assert "ana@example.org" not in text
    assert "Ana Lopez</span>" not in text
    assert "a•••@e•••.org" in text
    assert f"/tickets/{row.number}" not in text
    assert row.subject not in text


def test_caller_on_the_line_opens_the_ticket_of_another_team(desk, at):
    customer = desk.customer()
    row = desk.ticket(customer=customer)
    client = at(desk.olu)
    assert client.get(f"/tickets/{row.number}").status_code == 404
    answer = client.post(f"/tickets/new/line/{row.number}", {"customer": str(customer.pk)})
    assert (answer.url, client.get(answer.url).status_code) == (f"/tickets/{row.number}", 200)
    contact = row.contacts.get(is_opening=False)
    assert (contact.purpose, contact.recorded_by) == ("chase", desk.olu)


def test_separate_teams_stay_apart(desk, at):
    customer = desk.customer()
    row = desk.ticket(customer=customer)
    desk.team.separate = True
    desk.team.save()
    client = at(desk.olu)
    text = client.post("/tickets/new/caller", {"caller": "ana@example.org"}).content.decode()
    assert ("With Billing" in text, "She calls about this one" in text) == (True, False)
    assert client.post(f"/tickets/new/line/{row.number}", {"customer": str(customer.pk)}).status_code == 404


def test_line_is_opened_by_the_customer_alone(desk, at):
    row, other = desk.ticket(customer=desk.customer()), desk.customer(email="b@example.org")
    client = at(desk.olu)
    for customer in ("", "nobody", str(other.pk)):
        assert client.post(f"/tickets/new/line/{row.number}", {"customer": customer}).status_code == 404


def test_several_candidates_wait_for_a_choice(typed, desk):
    one, other = desk.customer(name="Ana Lopez"), desk.customer(name="Ana Lopes", email="b@example.org")
    answer = typed("ana lop")
    assert (len(answer.context["candidates"]), answer.context["customer"]) == (2, None)
    assert typed("ana lop", customer=str(other.pk)).context["customer"] == other
    assert typed("ana lop", customer="new").context["customer"] is None
    assert one.pk in [each.pk for each in answer.context["candidates"]]


def test_part_of_a_name_or_a_shared_number_asks_first(typed, desk):
    customer = desk.customer(name="Ana Lopez", phone="+12125550101", shared_account=True)
    assert typed("ana").context["customer"] is None
    assert typed("+12125550101").context["customer"] is None
    assert b"shared number, ask who it is" in typed("+12125550101").content
    assert typed("ana lopez").context["customer"] == customer


def test_slots_are_in_her_zone_once_she_is_known(typed, desk):
    desk.customer(zone="Asia/Tokyo")
    Policy.objects.create(team=desk.team, contact_until="20:00")
    answer = typed("ana@example.org")
    assert {slot.proposal.zone for slot in answer.context["slots"]} == {"Asia/Tokyo"}
    assert all(slot.hers for slot in answer.context["slots"])


def test_picked_customer_is_the_tickets_and_nobody_is_made(phone, desk):
    customer = desk.customer()
    phone(caller="Somebody Else", customer=str(customer.pk))
    assert (Ticket.objects.get().customer, Customer.objects.count()) == (customer, 1)


def test_observed_effort_is_kept(phone):
    phone(caller="Ana", waited="12", transfers="2", mood="angry", disliked="Told twice")
    opening = Contact.objects.get()
    assert (opening.waited_seconds, opening.transfers, opening.mood) == (720, 2, "angry")
    assert opening.disliked == "Told twice"


def test_foreign_team_cannot_be_chosen(phone, desk):
    answer = phone(team=factories.team("Delivery").pk)
    assert list(answer.context["form"].errors) == ["team"]


def test_find_button_works_without_script(desk, at):
    customer = desk.customer()
    answer = at(desk.ada).post("/tickets/new", {**GIVEN, "caller": "ana@example.org", "find": "1"})
    assert (answer.status_code, answer.context["customer"]) == (200, customer)
    assert b'value="Charged twice"' in answer.content


def test_auditor_may_not_log(desk, at):
    assert at(factories.agent("ivy", Role.AUDITOR)).get("/tickets/new").status_code == 403


def test_queries_of_the_phone_page(desk, at, django_assert_num_queries):
    client = at(desk.ada)
    client.get("/tickets/new")
    with django_assert_num_queries(9):
        client.get("/tickets/new")
