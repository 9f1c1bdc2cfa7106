import pytest
from django.db import connection

from followups import search
from followups.actions import promising
from followups.errors import Invalid
from followups.models import Actor, FollowUp, Ticket
from tests import factories
from tests.followups.actions.conftest import NOW


def found(text):
    return [row.subject for row in search.tickets(Ticket.objects.order_by("subject"), text)]


def plan(rows):
    """The query's plan where a scan of the whole table is the last resort, as it is in a large desk."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_sort = off")
        return rows.explain()


@pytest.fixture
def ana(db):
    return factories.customer(now=NOW, reference="C-17", phone="+12125550123")


@pytest.fixture
def tickets(ana):
    team = factories.team("Billing")
    ben = factories.customer(now=NOW, name="Ben Stone", email="ben@example.org")
    factories.ticket(now=NOW, subject="Refund missing", customer=ana, team=team, reference="INC-5", priority="high")
    factories.ticket(now=NOW, subject="No TV signal", customer=ben, channel="email")
    factories.ticket(now=NOW, subject="Router restarts", category=factories.category("Device/Router"))


# What was typed


@pytest.mark.parametrize(
    ("text", "words", "filters"),
    [
        ("", (), {}),
        ("refund missing", ("refund", "missing"), {}),
        ('"refund missing" team:Billing', ("refund missing",), {"team": "Billing"}),
        ('team:"Front desk" state:open', (), {"team": "Front desk", "state": "open"}),
        ("password:secret", ("password:secret",), {}),
        ("team:", ("team:",), {}),
        ("a\x00b \ud800 c", ("a", "b", "c"), {}),
        ("state:open state:closed", (), {"state": "closed"}),
    ],
)
def test_query_is_read_as_typed(text, words, filters):
    assert search.parse(text) == search.Query(words, filters)


def test_longest_query_is_refused_by_name():
    assert search.parse("x" * 200).words
    with pytest.raises(Invalid) as refusal:
        search.parse("x" * 201)
    assert (refusal.value.field, refusal.value.code) == ("q", "too-long")


# What is found


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("refund", ["Refund missing"]),
        ("REFUND miss", ["Refund missing"]),
        ("missing refund", ["Refund missing"]),
        ('"missing refund"', []),
        ("lopez", ["Refund missing"]),
        ("ben signal", ["No TV signal"]),
        ("tv", ["No TV signal"]),
        ("no", ["No TV signal"]),
        ("st", ["No TV signal"]),
        ("C-17", ["Refund missing"]),
        ("INC-5", ["Refund missing"]),
        ("inc", []),
        ("ben@example.org", ["No TV signal"]),
        ("signal BEN@example.org", ["No TV signal"]),
        ("212 555 0123", ["Refund missing"]),
        ("+1 (212) 555-0123", ["Refund missing"]),
        ("team:Billing", ["Refund missing"]),
        ("family:Device", ["Router restarts"]),
        ("category:Device/Router restarts", ["Router restarts"]),
        ("channel:email state:open", ["No TV signal"]),
        ("priority:high reference:INC-5", ["Refund missing"]),
        ("state:closed", []),
        ("%", []),
        ("_efund", []),
        ("' OR 1=1 --", []),
    ],
)
def test_words_find_tickets(tickets, text, subjects):
    assert found(text) == subjects


def test_number_is_found_as_it_is_read_aloud(tickets):
    number = Ticket.objects.get(subject="No TV signal").number
    for spelling in (number, f"#{number}", f"{number[:3]} {number[3:]}"):
        assert found(spelling) == ["No TV signal"]


def test_phone_that_could_be_a_ticket_number_is_found_as_a_phone(ana):
    """One phone in ten ends like a ticket number."""
    ana.phone = "+12125550104"
    ana.save()
    ticket = factories.ticket(now=NOW, customer=ana)
    assert search.numbers.is_valid("2125550104")
    assert list(search.tickets(Ticket.objects.all(), "2125550104")) == [ticket]


def test_reference_that_reads_as_a_phone_is_found(db):
    factories.ticket(now=NOW, subject="By reference", reference="2125550123")
    assert found("2125550123") == ["By reference"]


def test_common_names_are_all_found(db):
    """More customers of a name than are looked up by key."""
    for _turn in range(search.MANY + 1):
        customer = factories.customer(now=NOW, name="Ana Silva")
    factories.ticket(now=NOW, subject="The last of them", customer=customer)
    assert found("silva") == ["The last of them"]


def test_customers_by_name_key_or_address(ana):
    for text in ("lopez", "an", "lo", "C-17", "ANA@example.org", "212-555-0123"):
        assert list(search.customers(text)) == [ana], text
    for text in ("", " ", "\x00", "\ud800", "pez lo", "pe"):
        assert list(search.customers(text)) == [], text


# At what cost


def test_words_are_found_by_index(tickets):
    for text in ("refund", "tv", "INC-5"):
        assert "Seq Scan on followups_ticket" not in plan(search.tickets(Ticket.objects.all(), text)), text
    assert "ticket_subject_words" in plan(search.tickets(Ticket.objects.all(), "refund"))


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_what_an_actor_sees_is_found_by_index(tickets, role):
    by = Actor("web", agent=factories.agent("ada", role, team=factories.team("Billing")))
    rows = FollowUp.objects.visible_to(by, now=NOW)
    assert "Seq Scan on followups_ticket" not in plan(rows.open().order_by("promised_by", "id")[:50])
    assert "Seq Scan on followups_ticket" not in plan(Ticket.objects.visible_to(by, now=NOW))
    assert "ticket_open" in plan(Ticket.objects.without_next_step().order_by("-opened_at")[:50])


def test_slots_ask_for_policy_people_and_load_once(tickets, django_assert_num_queries):
    ticket = Ticket.objects.select_related("customer", "team").get(subject="Refund missing")
    with django_assert_num_queries(3):
        assert promising.proposals(ticket=ticket, now=NOW, count=6)
