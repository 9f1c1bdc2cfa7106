from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.actions import closing, customers, handling, intake, promising
from followups.errors import Invalid
from followups.models import Category, Contact, Customer, FollowUp, Ticket
from tests import factories
from tests.followups.actions.racing import at_once

ANA = intake.CustomerGiven(name="Ana Lopez", email="ANA@Example.org ", phone="(212) 555-0123", zone="America/New_York")


def test_ticket_is_born_whole(log, ada, team, now):
    ticket = log(customer=ANA, description="Card 4111 1111 1111 1111", priority="High", waited_seconds=90, mood="Angry")
    opening, step = ticket.contacts.get(), ticket.follow_ups.get()
    assert (ticket.customer.email, ticket.customer.phone) == ("ana@example.org", "+12125550123")
    assert (ticket.description, ticket.priority) == ("Card •••• •••• •••• 1111", "high")
    assert (opening.direction, opening.is_opening, opening.waited_seconds, opening.mood) == (
        "inbound",
        True,
        90,
        "angry",
    )
    assert (step.by_policy, step.told_at, step.promiser, step.team) == (True, None, ada, team)
    assert [event.kind for event in ticket.events.order_by("id")] == ["ticket.opened", "follow_up.scheduled"]
    assert (ticket.opened_agent, ticket.opened_team, ticket.ever_followed) == (ada, team, True)


def test_step_that_was_said_is_told_in_the_opening(log, now):
    ticket = log(follow_up=promising.Step(promised_by=now + timedelta(hours=4), told=True))
    assert ticket.follow_ups.get().told_contact == ticket.contacts.get()


def test_late_entry_opens_when_it_happened(log, now):
    ticket = log(opened_at=now - timedelta(days=3))
    assert (ticket.contacts.get().at, ticket.created_at) == (now - timedelta(days=3), now)


LONG = {"subject": 300, "channel": 40, "priority": 60, "reference": 120, "disliked": 200, "mood": 40, "source": 60}


@pytest.mark.parametrize(("field", "most"), LONG.items())
@pytest.mark.parametrize("kind", ["too-long", "forbidden-character"])
def test_text_that_its_column_cannot_keep_is_refused_by_field(log, field, most, kind):
    text = "x" * (most + 1) if kind == "too-long" else "a\x00\ud800"
    with pytest.raises(Invalid) as refusal:
        log(**{field: text})
    assert (refusal.value.field, refusal.value.code) == (field, kind)
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(("field", "most"), LONG.items())
def test_longest_text_is_kept(log, field, most):
    assert log(**{field: "x" * most}).pk


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"subject": "  "}, "subject", "required"),
        ({"channel": ""}, "channel", "required"),
        ({"category": " / "}, "category", "required"),
        ({"category": "x" * 251}, "category", "too-long"),
        ({"category": "x" * 121 + "/y"}, "category", "too-long"),
        ({"category": "Bill\x00ing"}, "category", "forbidden-character"),
        ({"description": "\udfff"}, "description", "forbidden-character"),
        ({"extra": {"note": "\x00"}}, "extra.note", "forbidden-character"),
        ({"opened_at": datetime(2026, 11, 24, 15, 0, 1, tzinfo=UTC)}, "opened_at", "in-the-future"),
        ({"opened_at": datetime(1, 1, 1, tzinfo=UTC)}, "opened_at", "out-of-range"),
        ({"waited_seconds": 2**63}, "waited_seconds", "out-of-range"),
        ({"transfers": -1}, "transfers", "out-of-range"),
    ],
)
def test_bad_intake_names_its_field(log, fields, field, code):
    with pytest.raises(Invalid) as refusal:
        log(**fields)
    assert (refusal.value.field, refusal.value.code) == (field, code)


CUSTOMER = [
    ({"name": "x" * 201}, "customer.name", "too-long"),
    ({"reference": "x" * 121}, "customer.reference", "too-long"),
    ({"name": "a\x00"}, "customer.name", "forbidden-character"),
    ({"name": "Ana", "language": "x" * 13}, "customer.language", "too-long"),
    ({"name": "Ana", "organisation": "\ud800"}, "customer.organisation", "forbidden-character"),
    ({"email": "ana@"}, "customer.email", "not-an-email"),
    ({"email": "a\x00@example.org"}, "customer.email", "forbidden-character"),
    ({"phone": "12"}, "customer.phone", "not-a-phone"),
    ({"name": "Ana", "zone": "Mars/Olympus"}, "customer.zone", "unknown-zone"),
    ({"name": "Ana", "zone": "../etc"}, "customer.zone", "unknown-zone"),
    ({"name": "Ana", "annual_value": Decimal("-1")}, "customer.annual_value", "too-small"),
    ({"name": "Ana", "annual_value": Decimal("NaN")}, "customer.annual_value", "out-of-range"),
]


@pytest.mark.parametrize(("fields", "field", "code"), CUSTOMER)
def test_bad_customer_names_its_field(log, fields, field, code):
    with pytest.raises(Invalid) as refusal:
        log(customer=intake.CustomerGiven(**fields))
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_inactive_owner_is_refused(log):
    with pytest.raises(Invalid) as refusal:
        log(agent=factories.agent("gone", is_active=False))
    assert refusal.value.field == "agent"


def test_channel_in_capitals_is_a_call_all_the_same(log, by_ada, now):
    """`Phone` would slip past her calling hours."""
    night = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    ana = intake.CustomerGiven(name="Ana", zone="America/New_York")
    with pytest.raises(Exception, match="Outside the hours"):
        log(customer=ana, follow_up=promising.Step(promised_by=night, channel=" Phone "))


@pytest.mark.parametrize("year", [1, 9999])
def test_step_beyond_every_clock_is_refused(log, year):
    ana = intake.CustomerGiven(name="Ana", zone="Asia/Tokyo")
    with pytest.raises(Invalid) as refusal:
        log(customer=ana, follow_up=promising.Step(promised_by=datetime(year, 12, 31, 23, 59, tzinfo=UTC)))
    assert (refusal.value.field, refusal.value.code) == ("promised_by", "out-of-range")


# Who is it?


def test_reference_comes_first_then_mail_then_phone(log, now):
    by_reference = log(customer=intake.CustomerGiven(reference="C1", email="ana@example.org")).customer
    assert log(customer=intake.CustomerGiven(reference="C1", email="other@example.org")).customer == by_reference
    other = log(customer=intake.CustomerGiven(reference="C2", email="ana@example.org"), now=now + timedelta(hours=1))
    assert other.customer != by_reference
    assert log(customer=intake.CustomerGiven(email="Ana@EXAMPLE.org")).customer == by_reference
    by_phone = log(customer=intake.CustomerGiven(name="Ben", phone="+12125550100")).customer
    assert log(customer=intake.CustomerGiven(phone="212 555 0100")).customer == by_phone


def test_phone_of_two_or_of_a_shared_account_is_nobodys(log, now):
    first = factories.customer(now=now, email="", phone="+12125550100")
    shared = factories.customer(now=now, email="", phone="+12125550101", shared_account=True)
    factories.customer(now=now, email="", phone="+12125550100", name="Ben")
    assert log(customer=intake.CustomerGiven(phone="+12125550100")).customer != first
    assert log(customer=intake.CustomerGiven(phone="+12125550101")).customer != shared


def test_given_fields_fill_empty_ones_and_never_overwrite(log):
    log(customer=intake.CustomerGiven(reference="C1", name="Ana"))
    later = intake.CustomerGiven(reference="C1", name="Anna", zone="Europe/Berlin", annual_value=Decimal(600))
    customer = log(customer=later).customer
    assert (customer.name, customer.zone, customer.annual_value, customer.revision) == ("Ana", "Europe/Berlin", 600, 2)


def test_merged_record_leads_to_the_one_that_stayed(log, by_sam, now):
    """By reference, mail and phone alike."""
    stays = log(customer=intake.CustomerGiven(reference="C1", email="new@example.org")).customer
    gone = log(customer=intake.CustomerGiven(reference="C2", email="old@example.org", phone="+12125550100")).customer
    customers.merge(customer=gone, into=stays, by=by_sam, now=now)
    for given in ({"reference": "C2"}, {"email": "old@example.org"}, {"phone": "+12125550100"}):
        assert log(customer=intake.CustomerGiven(**given)).customer == stays
    gone.refresh_from_db()
    assert log(customer_row=gone).customer == stays


def test_nothing_known_of_her_makes_no_customer(log):
    assert log(customer=intake.CustomerGiven(zone="Europe/Berlin")).customer is None


# Again


def test_repeated_reference_gives_the_ticket_as_it_is(team, by_ada, now):
    given = intake.Intake(subject="A", category="Billing", channel="phone", team=team, reference="r1", source="crm")
    first, made = intake.open_ticket(intake=given, by=by_ada, now=now)
    again, made_again = intake.open_ticket(intake=given, by=by_ada, now=now)
    assert (again, made, made_again) == (first, True, False)
    other = intake.Intake(subject="A", category="Billing", channel="phone", reference="r1", source="shop")
    assert intake.open_ticket(intake=other, by=by_ada, now=now)[1] is True


@pytest.mark.parametrize(("days", "linked"), [(29, True), (31, False)])
def test_same_family_within_thirty_days_is_linked(log, by_ada, now, days, linked):
    first = log(customer=ANA, now=now - timedelta(days=days), category="Billing/Refund")
    seen = closing.Closing("resolved", evidence="customer_said")
    closing.close(ticket=first, closing=seen, by=by_ada, now=now - timedelta(days=days))
    again = log(customer=ANA, category="Billing/Invoice")
    assert (again.recontact_of == first) is linked
    assert again.events.filter(kind="recontact.found").exists() is linked
    assert log(customer=ANA, category="Internet/Speed").recontact_of is None


def test_duplicates_and_shared_accounts_are_not_linked(log, by_ada, now):
    before = now - timedelta(days=1)
    first = log(customer=ANA, now=before)
    closing.close(ticket=first, closing=closing.Closing("spam"), by=by_ada, now=before)
    assert log(customer=ANA).recontact_of is None
    Customer.objects.update(shared_account=True)
    closing.close(
        ticket=log(customer=ANA, now=before),
        closing=closing.Closing("resolved", evidence="customer_said"),
        by=by_ada,
        now=before,
    )
    assert log(customer_row=Customer.objects.get()).recontact_of is None


def test_banner_says_what_she_went_through(log, by_ada, now):
    weeks_ago = log(customer=ANA, now=now - timedelta(days=20))
    customer = weeks_ago.customer
    step = promising.Step(promised_by=now + timedelta(hours=4), told=True)
    ticket = log(customer_row=customer, now=now - timedelta(hours=1), follow_up=step)
    chase = handling.Told("inbound", "phone", purpose="chase")
    handling.record_contact(told=chase, ticket=ticket, by=by_ada, now=now)
    thanks = handling.Told("inbound", "email", purpose="thanks")
    handling.record_contact(told=thanks, ticket=ticket, by=by_ada, now=now)
    seen = intake.previous_of(customer, now=now)
    assert seen.open_tickets == [ticket, weeks_ago]
    assert (seen.last_promise, seen.contacts_7_days, seen.contacts_30_days) == (ticket.follow_ups.get(), 2, 3)
    stranger = intake.previous_of(factories.customer(now=now, email=""), now=now)
    assert (stranger.open_tickets, stranger.last_promise, stranger.contacts_30_days) == ([], None, 0)


# At once


@pytest.mark.django_db(transaction=True)
def test_two_intakes_at_once_make_one_customer(log, now):
    """By reference, and by a mail or phone that nobody had before."""
    for given in ({"reference": "C1"}, {"email": "new@example.org"}, {"phone": "+12125550177"}):
        acts = [lambda given=given: log(customer=intake.CustomerGiven(**given)).customer_id] * 4
        results = at_once(*acts)
        assert len(set(results)) == 1, results
    assert Customer.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_intakes_at_once_of_one_reference_make_one_ticket(log):
    """The one that came second leaves nothing behind: no customer, no contact, no step."""
    anonymous = intake.CustomerGiven(name="Ana")
    results = at_once(*[lambda: log(reference="r1", source="crm", customer=anonymous).number] * 4)
    assert len(set(results)) == 1, results
    counts = [model.objects.count() for model in (Ticket, Customer, Contact, FollowUp)]
    assert counts == [1, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_intakes_at_once_of_a_new_category_make_it_once(log):
    results = at_once(*[lambda: log(category=" Parcels / Lost ").category_id] * 4)
    assert len(set(results)) == 1, results
    assert Category.objects.get(pk=results[0]).path == "Parcels/Lost"


def test_queries_of_an_intake(log):
    """The category, its customer and the policy are known: what remains is the act itself."""
    log(customer=ANA)
    with CaptureQueriesContext(connection) as caught:
        log(customer=ANA)
    assert len(caught) == 17, "\n".join(query["sql"][:150] for query in caught)
