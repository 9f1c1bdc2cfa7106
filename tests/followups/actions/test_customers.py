from datetime import date, time, timedelta
from decimal import Decimal

import pytest

from followups.actions import customers, handling, intake
from followups.errors import Invalid, Outdated, Refused
from followups.models import Customer, Delivery
from tests import factories
from tests.followups.actions.racing import at_once


@pytest.fixture
def ana(db, now):
    return factories.customer(now=now, reference="C1", phone="+12125550100", zone="America/New_York")


@pytest.fixture
def twin(db, now):
    return factories.customer(now=now, reference="C2", name="A. Lopez", email="old@example.org", phone="+12125550199")


def change(customer, by, now, **changes):
    return customers.change(customer=customer, changes=changes, by=by, now=now)


# Changes


def test_change_is_tidied_and_its_history_names_fields_only(ana, by_ada, now):
    later = now + timedelta(hours=1)
    row = change(ana, by_ada, later, email=" New@Example.ORG", take_care="Card 4111111111111111", name="Ana  Lopez ")
    event = row.events.get()
    assert (row.email, row.take_care, row.revision, row.updated_at) == (
        "new@example.org", "Card •••• •••• •••• 1111", 2, later,
    )  # fmt: skip
    assert (event.kind, event.data) == ("customer.changed", {"fields": ["email", "name", "take_care"]})


def test_nothing_changed_writes_nothing(ana, by_ada, now):
    assert change(ana, by_ada, now, name=ana.name).revision == 1
    assert not ana.events.exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "x" * 201}, "name", "too-long"),
        ({"name": "a\x00"}, "name", "forbidden-character"),
        ({"email": "a\x00@example.org"}, "email", "forbidden-character"),
        ({"email": "nobody"}, "email", "not-an-email"),
        ({"phone": "12"}, "phone", "not-a-phone"),
        ({"zone": "Mars/Olympus"}, "zone", "unknown-zone"),
        ({"language": "x" * 13}, "language", "too-long"),
        ({"organisation": "\ud800"}, "organisation", "forbidden-character"),
        ({"take_care": "x" * 301}, "take_care", "too-long"),
        ({"annual_value": Decimal("NaN")}, "annual_value", "out-of-range"),
        ({"annual_value": Decimal("-1")}, "annual_value", "too-small"),
        ({"do_not_contact": "never"}, "do_not_contact", "unknown-choice"),
        ({"contact_from": time(9)}, "contact_until", "end-before-start"),
        ({"contact_from": time(9), "contact_until": time(9)}, "contact_until", "end-before-start"),
        ({"reference": "C9"}, "reference", "read-only-field"),
        ({"merged_into": None}, "merged_into", "read-only-field"),
    ],
)
def test_bad_change_names_its_field(ana, by_ada, now, changes, field, code):
    with pytest.raises(Invalid) as refusal:
        change(ana, by_ada, now, **changes)
    assert (refusal.value.field, refusal.value.code) == (field, code)


def test_older_version_is_refused(ana, by_ada, now):
    change(ana, by_ada, now, name="Ana")
    with pytest.raises(Outdated):
        customers.change(customer=ana, changes={"name": "Anna"}, by=by_ada, now=now, revision=1)


# Merging


def test_merging_takes_all_that_is_hers(ana, twin, log, by_ada, by_sam, now):
    ticket = log(customer_row=twin)
    told = handling.Told("inbound", "phone")
    call = handling.record_contact(told=told, customer=twin, by=by_ada, now=now).contact
    mail = Delivery.objects.create(
        key="told:x", kind="told", customer=twin, address=twin.email, subject="x", body="x", made_at=now, due_at=now
    )
    Customer.objects.filter(pk=twin.pk).update(
        contact_from=time(18),
        contact_until=time(19),
        do_not_contact="all",
        contract_end=date(2027, 1, 1),
        zone="Asia/Tokyo",
    )
    stays = customers.merge(customer=twin, into=ana, by=by_sam, now=now)
    for row in (ticket, call, mail):
        row.refresh_from_db()
        assert row.customer == ana
    twin.refresh_from_db()
    assert (twin.merged_into, ticket.revision) == (ana, 2)
    assert (stays.name, stays.zone, stays.email) == ("Ana Lopez", "America/New_York", "ana@example.org")
    assert (stays.contact_from, stays.contact_until, stays.do_not_contact) == (time(18), time(19), "all")
    assert stays.contract_end == date(2027, 1, 1)


def test_chain_of_merges_points_at_the_last(ana, twin, by_sam, now):
    third = factories.customer(now=now, email="")
    customers.merge(customer=twin, into=ana, by=by_sam, now=now)
    customers.merge(customer=ana, into=third, by=by_sam, now=now)
    twin.refresh_from_db()
    assert twin.merged_into == third
    assert [row.pk for row in customers.lookup(email="old@example.org")] == [third.pk]
    with pytest.raises(Refused) as refusal:
        customers.merge(customer=twin, into=third, by=by_sam, now=now)
    assert refusal.value.code == "already-merged"
    with pytest.raises(Refused) as refusal:
        change(twin, by_sam, now, name="Nobody")
    assert refusal.value.code == "already-merged"


def test_into_herself_or_into_practice_is_refused(ana, by_sam, now):
    practice = factories.customer(now=now, is_demo=True)
    for into, code in ((ana, "itself"), (practice, "other-customer")):
        with pytest.raises(Invalid) as refusal:
            customers.merge(customer=ana, into=into, by=by_sam, now=now)
        assert (refusal.value.field, refusal.value.code) == ("into", code)


@pytest.mark.django_db(transaction=True)
def test_two_merges_into_each_other_at_once(by_sam, now):
    first, second = factories.customer(now=now), factories.customer(now=now)
    results = at_once(
        lambda: customers.merge(customer=first, into=second, by=by_sam, now=now).pk,
        lambda: customers.merge(customer=second, into=first, by=by_sam, now=now).pk,
    )
    assert sorted(getattr(result, "code", "done") for result in results) == ["already-merged", "done"], results
    assert Customer.objects.filter(merged_into__isnull=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_merge_while_she_calls_loses_no_ticket(log, by_sam, now):
    """However the two meet, her new ticket is with the record that stays."""
    for turn in range(4):
        stays = factories.customer(now=now, email=f"new{turn}@example.org")
        gone = factories.customer(now=now, email=f"old{turn}@example.org")
        given = intake.CustomerGiven(email=gone.email)
        results = at_once(
            lambda a=gone, b=stays: customers.merge(customer=a, into=b, by=by_sam, now=now).pk,
            lambda given=given: log(customer=given).pk,
        )
        assert not [result for result in results if isinstance(result, Exception)], results
        assert (stays.tickets.count(), gone.tickets.count()) == (1, 0)


# Look-up


def test_lookup_by_each_key(ana, twin):
    assert customers.lookup(reference="C1") == [ana]
    assert customers.lookup(phone="(212) 555-0100") == [ana]
    assert customers.lookup(email="ANA@example.org") == [ana]
    assert customers.lookup(text="lopez") == [twin, ana]
    assert customers.lookup() == []


@pytest.mark.parametrize(
    ("given", "field"),
    [({"reference": "\x00"}, "reference"), ({"phone": "\ud800"}, "phone"), ({"email": "a\x00@b.org"}, "email")],
)
def test_lookup_of_what_cannot_be_kept_is_refused(db, given, field):
    with pytest.raises(Invalid) as refusal:
        customers.lookup(**given)
    assert refusal.value.field == field


def test_lookup_of_hostile_words_finds_nothing(ana):
    assert customers.lookup(text="\x00\ud800") == []
    assert customers.lookup(text="%' OR 1=1 --") == []
