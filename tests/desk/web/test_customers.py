"""Customers: found, masked, changed, merged."""

import uuid
from datetime import timedelta

import pytest

from followups.models import Contact, Customer, Event, Ticket
from tests import factories


@pytest.fixture
def ana(office, now):
    """A customer with a ticket of Billing."""
    row = factories.customer(now=now, phone="+14155550101", organisation="Lopez & Sons", annual_value=1200)
    factories.ticket(now=now, customer=row, team=office.billing)
    return row


def sent(row, **changes):
    fields = {
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "organisation": row.organisation,
        "do_not_contact": row.do_not_contact,
        "revision": row.revision,
    }
    return {**fields, **changes}


def page_of(client, row):
    return client.get(f"/customers/{row.pk}").content.decode()


def test_found_by_name_phone_mail_and_reference(office, as_, ana):
    Customer.objects.filter(pk=ana.pk).update(reference="C-7")
    client = as_(office.ada)
    for words in ("lop", "+1 415 555 0101", "ANA@example.org", "C-7"):
        assert [face.pk for face in client.get("/customers", {"q": words}).context["faces"]] == [ana.pk]
    assert "Nobody found" in client.get("/customers?q=zzz").content.decode()
    assert client.get("/customers?q=%00").status_code == 200


def test_without_words_those_of_the_last_calls(office, as_, ana, now):
    other = factories.customer(now=now, name="Jo Ellis", email="")
    call = {"direction": "inbound", "channel": "phone", "at": now, "recorded_by": office.ada}
    for ago, row in [(3, ana), (2, other), (1, ana)]:
        Contact.objects.create(customer=row, entered_at=now - timedelta(minutes=ago), **call)
    assert [face.pk for face in as_(office.ada).get("/customers").context["faces"]] == [ana.pk, other.pk]


def test_masked_for_those_who_see_no_ticket_of_hers(office, as_, ana):
    face = as_(office.olu).get("/customers?q=lop").context["faces"][0]
    assert (face.name, face.phone, face.email) == ("A••• L•••", "••• 101", "a•••@e•••.org")
    for reader in (office.olu, office.aud):
        page = page_of(as_(reader), ana)
        for secret in ("Ana Lopez", "Lopez<", "ana@example.org", "4155550101"):
            assert secret not in page
    assert "Refund missing" not in page_of(as_(office.olu), ana)
    for reader in (office.ada, office.root):
        page = page_of(as_(reader), ana)
        assert "ana@example.org" in page
        assert "+14155550101" in page


def test_agents_see_neither_value_nor_freedom_to_leave(office, as_, ana):
    assert "annual_value" not in page_of(as_(office.ada), ana)
    assert "1200" not in page_of(as_(office.ada), ana)
    assert 'name="annual_value" value="1200.00"' in page_of(as_(office.sam), ana)
    as_(office.ada).post(f"/customers/{ana.pk}", sent(ana, annual_value="5", free_to_leave="true"))
    ana.refresh_from_db()
    assert (ana.annual_value, ana.free_to_leave) == (1200, None)


def test_changes_go_through_the_act_and_are_named_in_her_history(office, as_, ana):
    given = sent(
        ana, phone="(415) 555-0199", do_not_contact="all", zone="America/New_York", take_care="Card 4111111111111111"
    )
    assert as_(office.ada).post(f"/customers/{ana.pk}", given).url == f"/customers/{ana.pk}"
    ana.refresh_from_db()
    assert (ana.phone, ana.do_not_contact, ana.zone) == ("+14155550199", "all", "America/New_York")
    assert ana.take_care == "Card •••• •••• •••• 1111"
    event = Event.objects.get(kind="customer.changed")
    assert event.data == {"fields": ["do_not_contact", "phone", "take_care", "zone"]}


def test_leaders_set_what_she_is_worth(office, as_, ana):
    given = sent(ana, annual_value="5400", free_to_leave="false", contract_end="2027-01-31")
    as_(office.sam).post(f"/customers/{ana.pk}", given)
    ana.refresh_from_db()
    assert (ana.annual_value, ana.free_to_leave, ana.contract_end.isoformat()) == (5400, False, "2027-01-31")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({"email": "ana"}, "email"),
        ({"zone": "Nowhere"}, "zone"),
        ({"contact_from": "10:00"}, "contact_until"),
        ({"contact_from": "10:00", "contact_until": "09:00"}, "contact_until"),
        ({"do_not_contact": "never"}, "do_not_contact"),
    ],
)
def test_a_refusal_stands_at_its_field(office, as_, ana, changes, field):
    answer = as_(office.ada).post(f"/customers/{ana.pk}", sent(ana, **changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [field])
    assert Customer.objects.get(pk=ana.pk).revision == 1


def test_what_somebody_changed_meanwhile_is_not_written_over(office, as_, ana):
    as_(office.sam).post(f"/customers/{ana.pk}", sent(ana, name="Ana Maria Lopez"))
    answer = as_(office.ada).post(f"/customers/{ana.pk}", sent(ana, name="A. Lopez"))
    assert "Somebody changed this in the meantime" in answer.content.decode()
    assert Customer.objects.get(pk=ana.pk).name == "Ana Maria Lopez"


@pytest.mark.parametrize("reader", ["olu", "aud"])
def test_those_who_see_her_masked_change_nothing(office, as_, ana, reader):
    assert as_(getattr(office, reader)).post(f"/customers/{ana.pk}", sent(ana, name="X")).status_code == 403
    assert Customer.objects.get(pk=ana.pk).name == "Ana Lopez"


def test_her_tickets_promises_and_contacts_are_those_the_reader_sees(office, as_, ana, now):
    hidden = factories.ticket(now=now, customer=ana, team=office.delivery, subject="Elsewhere")
    call = {"customer": ana, "direction": "inbound", "channel": "phone", "at": now, "entered_at": now}
    Contact.objects.create(ticket=hidden, summary="Said elsewhere", **call)
    Contact.objects.create(ticket=Ticket.objects.get(team=office.billing), summary="Said here", **call)
    answer = as_(office.ada).get(f"/customers/{ana.pk}")
    page = answer.content.decode()
    assert len(answer.context["promises"]) == 1
    assert "Said here" in page
    assert "elsewhere" not in page.lower()


@pytest.mark.parametrize("count", [1, 3])
def test_her_page_asks_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, count):
    row = factories.customer(now=now)
    for _ in range(count):
        ticket = factories.ticket(now=now, customer=row, team=office.billing)
        call = {"direction": "inbound", "channel": "phone", "at": now, "entered_at": now}
        Contact.objects.create(customer=row, ticket=ticket, **call)
    client = as_(office.ada)
    with django_assert_num_queries(9):
        client.get(f"/customers/{row.pk}")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(office, as_, now, django_assert_num_queries, count):
    for _ in range(count):
        factories.customer(now=now)
    client = as_(office.ada)
    with django_assert_num_queries(6):
        client.get("/customers?q=lopez")


@pytest.fixture
def twin(office, now, ana):
    row = factories.customer(now=now, name="A. Lopez", phone="+14155550101", email="", zone="Europe/Madrid")
    factories.ticket(now=now, customer=row, team=office.billing, subject="Second")
    return row


def test_two_records_are_shown_side_by_side_before_they_are_one(office, as_, ana, twin):
    client = as_(office.sam)
    assert [face.pk for face in client.get(f"/customers/{twin.pk}/merger").context["others"]] == [ana.pk]
    answer = client.get(f"/customers/{twin.pk}/merger?into={ana.pk}")
    assert ("name", "A. Lopez", "Ana Lopez", "Ana Lopez") in answer.context["fields"]
    assert ("zone", "Europe/Madrid", "", "Europe/Madrid") in answer.context["fields"]
    assert Customer.objects.filter(merged_into__isnull=True).count() == 2
    assert client.post(f"/customers/{twin.pk}/merger", {"into": str(ana.pk)}).url == f"/customers/{ana.pk}"
    twin.refresh_from_db()
    ana.refresh_from_db()
    assert (twin.merged_into, ana.zone, ana.tickets.count()) == (ana, "Europe/Madrid", 2)
    assert client.get(f"/customers/{twin.pk}").url == f"/customers/{ana.pk}"
    assert client.get(f"/customers/{twin.pk}/merger").status_code == 404


def test_nobody_merges_what_they_do_not_read(office, as_, ana, twin, now):
    foreign = factories.customer(now=now)
    factories.ticket(now=now, customer=foreign, team=office.delivery)
    assert as_(office.sam).post(f"/customers/{ana.pk}/merger", {"into": str(foreign.pk)}).status_code == 403
    assert as_(office.olu).get(f"/customers/{ana.pk}/merger").status_code == 403
    for reader in (office.ada, office.aud):
        assert as_(reader).post(f"/customers/{twin.pk}/merger", {"into": str(ana.pk)}).status_code == 403
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0


def test_into_nobody_nothing_is_merged(office, as_, ana, twin):
    client = as_(office.sam)
    assert client.post(f"/customers/{ana.pk}/merger", {"into": "x"}).status_code == 200
    assert client.post(f"/customers/{ana.pk}/merger", {"into": str(ana.pk)}).status_code == 400
    assert client.get(f"/customers/{uuid.uuid4()}").status_code == 404
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
