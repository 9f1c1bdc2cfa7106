"""The facts that are kept against the rows, on desks that a seed made up: whatever happened to either in between."""

import random
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction

from followups.clock import facts
from followups.models import Category, Closure, Contact, Customer, Keeping, Ticket, Touched
from followups.reports import catalogue, cuts, kept, reading, windows
from tests.followups.reports import histories
from tests.followups.reports.histories import question
from tests.oracle import random_history

DAY = timedelta(days=1)
HOURS = timedelta(hours=6)
START = random_history.START
NOW = START + timedelta(days=300)
NONE = {"ends": 0, "tickets": 0, "days of ends": 0, "days of tickets": 0}
SOURCES = [source for module in catalogue.REPORTS.values() for source in module.SOURCES if source.kept]


def questions():
    for by in (None, "team", "week", "category", "site"):
        yield question(START, START + 70 * DAY, by=by)
    for by in ("family", "month", "priority"):
        yield question(START + HOURS, START + 110 * DAY + HOURS, end=START + 90 * DAY, by=by, of="all", window_days=30)
    yield question(START, NOW, end=START + 70 * DAY, by="channel", of="unresolved")
    yield question(START + 10 * DAY, START + 40 * DAY, by="channel", window_days=14, of="all")
    yield question(START + 10 * DAY, START + 40 * DAY + HOURS, end=START + 35 * DAY, of="unresolved", window_days=30)
    yield question(START, START + 200 * DAY, end=START + 80 * DAY, filters=windows.Filters(channel="phone"))


@contextmanager
def from_the_rows():
    """As it is before the facts are built."""
    Keeping.objects.update(built_at=None)
    yield
    Keeping.objects.update(built_at=NOW)


def tallies():
    return [cuts.tally(asked, source) for asked in questions() for source in SOURCES]


def agree():
    assert kept.ready()
    assert all(any(cuts.counted_by_days(asked, source) for asked in questions()) for source in SOURCES if source.by_day)
    found = tallies()
    with from_the_rows():
        wanted = tallies()
    assert found == wanted


def anything(world, dice):
    """One of the ways in which history changes."""
    row = dice.choice(world.tickets)
    row.refresh_from_db()
    at = world.instant(row.opened_at, 40)
    acts = {
        "contact": lambda: histories.contact(row, at=at),
        "loose contact": world.loose_contact,
        "thanks": lambda: row.contacts.update(purpose="thanks"),
        "end": lambda: row.state == "open" and not row.imported and world.ending(row, at),
        "back": lambda: row.state == "closed" and histories.reopen(row, at=at),
        "late ticket": lambda: world.tickets.append(world.ticket(1000 + len(world.tickets))),
        "other customer": lambda: Ticket.objects.filter(pk=row.pk).update(customer=dice.choice(world.customers)),
        "all to another": lambda: Contact.objects.filter(customer=row.customer).update(
            customer=dice.choice(world.customers)
        ),
        "shared": lambda: Customer.objects.filter(pk=row.customer_id).update(shared_account=dice.random() < 0.5),
        "recategorised": lambda: Ticket.objects.filter(pk=row.pk).update(
            category=dice.choice(list(Category.objects.all())), channel="web"
        ),
        "undone": lambda: Closure.objects.filter(ticket=row, undone_at=None, closed=True).update(undone_at=at),
        "old import": lambda: Ticket.objects.filter(pk=row.pk, imported_closed_at__isnull=False).update(
            imported_resolved_at=row.opened_at
        ),
    }
    acts[dice.choice(list(acts))]()


def walk(seed, steps, looks):
    """Changes that pay the gate no heed are taken back in the end."""
    with transaction.atomic():
        walked(seed, steps, looks)
        transaction.set_rollback(True)


def walked(seed, steps, looks):
    dice = random.Random(seed)
    world = random_history.make(seed, tickets=40)
    facts.build(now=NOW)
    assert facts.differing() == NONE
    agree()
    for turn in range(steps):
        for _ in range(dice.randrange(1, 5)):
            anything(world, dice)
        if turn % looks == 0:
            agree()
        facts.follow(batch=dice.choice([1, 3, 5000]))
    while facts.follow():
        pass
    assert facts.differing() == NONE
    agree()


@pytest.mark.django_db
def test_facts_say_what_the_rows_say():
    walk(3, steps=6, looks=5)


@pytest.mark.full
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(100, 160))
def test_facts_say_what_the_rows_say_on_many_desks(seed):
    walk(seed, steps=20, looks=5)


@pytest.mark.django_db
def test_another_family_makes_them_anew():
    random_history.make(5, tickets=20)
    facts.build(now=NOW)
    Category.objects.filter(path="Billing").update(family="Money")
    assert not kept.ready()
    facts.sweep(now=NOW)
    agree()


@pytest.mark.django_db
def test_of_too_many_marks_the_rows_are_read(monkeypatch):
    random_history.make(5, tickets=10)
    facts.build(now=NOW)
    Touched.objects.bulk_create(Touched(ticket_id=-n) for n in range(reading.MOST))
    assert kept.ready()
    Touched.objects.create(ticket_id=-1)
    assert not kept.ready()


@pytest.mark.django_db
def test_demo_tickets_have_no_facts():
    random_history.make(5, tickets=10)
    Ticket.objects.update(is_demo=True)
    facts.build(now=NOW)
    assert not kept.ready()
