"""Messages that did not arrive: whose they are to see, why, and sent anew; and what teams write by themselves."""

from datetime import timedelta

import pytest

from followups.models import Delivery, Event, Messaging
from tests import factories


@pytest.fixture
def lost(office, now):
    """One that was given up, of Billing unless said."""

    def made(team=None, *, state="dead", error="SMTPConnectError: 421", **fields):
        customer = factories.customer(now=now)
        ticket = factories.ticket(now=now, team=team or office.billing, customer=customer)
        given = {"kind": "told", "customer": customer, "ticket": ticket, "follow_up": ticket.follow_ups.get()}
        given |= {"address": customer.email, "subject": "What happens next", "body": "...", "attempts": 8}
        given |= {"made_at": now - timedelta(days=1), "due_at": now, "state": state, "error": error, **fields}
        return Delivery.objects.create(key=f"told:{ticket.pk}:1", **given)

    return made


def of_staff(office, now):
    given = {"made_at": now, "due_at": now, "state": "dead", "subject": "2 overdue", "body": "..."}
    return Delivery.objects.create(key="digest:1", kind="digest", agent=office.ben, address="ben@example.org", **given)


def test_a_supervisor_reads_of_their_own_teams(office, as_, lost, now):
    mine, theirs = lost(), lost(office.delivery)
    of_staff(office, now)
    page = as_(office.sam).get("/deliveries").content.decode()
    assert (str(mine.pk) in page, str(theirs.pk) in page, "2 overdue" in page, "Ben" in page) == (
        True,
        False,
        False,
        False,
    )
    for words in ("Promise told", "SMTPConnectError: 421", "8 tries", "Ana Lopez"):
        assert words in page
    assert "ana@example.org" not in page


def test_an_administrator_reads_of_all(office, as_, lost, now):
    lost()
    lost(office.delivery)
    of_staff(office, now)
    assert as_(office.root).get("/deliveries").content.decode().count("Select:") == 3


@pytest.mark.parametrize("state", ["dead", "bounced"])
def test_sent_again_under_its_key(office, as_, lost, now, state):
    row = lost(state=state)
    key = row.key
    answer = as_(office.sam).post("/deliveries/replay", {"selected": [row.pk], "list": state}, follow=True)
    assert "1 will be sent again." in answer.content.decode()
    assert answer.redirect_chain == [(f"/deliveries?list={state}", 302)]
    row.refresh_from_db()
    assert (row.key, row.state, row.attempts, row.due_at, row.error) == (key, "waiting", 0, now, "")
    assert Event.objects.get(kind="message.queued").by == office.sam


def test_many_at_once_and_only_ones_own(office, as_, lost):
    rows = [lost(), lost(), lost(office.delivery), lost(state="sent", sent_at="2026-11-24T09:00Z")]
    as_(office.sam).post("/deliveries/replay", {"selected": [*(row.pk for row in rows), "no-key"]})
    assert [Delivery.objects.get(pk=row.pk).state for row in rows] == ["waiting", "waiting", "dead", "sent"]


def test_nothing_selected_says_so(office, as_):
    answer = as_(office.sam).post("/deliveries/replay", follow=True)
    assert "Nothing was sent again" in answer.content.decode()


def test_the_board_counts_them(office, as_, lost):
    lost()
    lost(state="bounced")
    assert 'Messages <span class="count">2</span>' in as_(office.sam).get("/overdue").content.decode()
    assert 'href="/deliveries"' not in as_(office.aud).get("/overdue").content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(office, as_, lost, django_assert_num_queries, count):
    for _ in range(count):
        lost()
    sam = as_(office.sam)
    with django_assert_num_queries(7):
        assert sam.get("/deliveries").content.decode().count("Select:") == count


# What is written to customers by itself


def test_an_administrator_says_what_a_team_writes(office, as_):
    root = as_(office.root)
    root.post("/messaging", {"language": "fr", "writes": ["closed"]})
    root.post(f"/messaging/{office.billing.pk}", {"language": "de", "writes": ["told", "kept"]})
    desk, team = Messaging.objects.of(office.delivery.pk), Messaging.objects.of(office.billing.pk)
    assert (desk.language, desk.told, desk.moved, desk.closed) == ("fr", False, False, True)
    assert (team.language, team.told, team.moved, team.kept) == ("de", True, False, True)
    root.post(f"/messaging/{office.billing.pk}/dropping")
    assert Messaging.objects.of(office.billing.pk).language == "fr"


def test_others_read_it_and_change_nothing(office, as_):
    page = as_(office.sam).get("/messaging").content.decode()
    assert (page.count("disabled") >= 5, 'form="messaging-form"' in page) == (True, False)
    assert as_(office.root).get("/messaging/999999").status_code == 404


def test_a_teams_page_leads_back_and_calls_no_list_of_boxes_optional(office, as_):
    page = as_(office.sam).get(f"/messaging/{office.billing.pk}").text
    assert '<a class="muted" href="/messaging">Messages of the desk</a>' in page
    assert "<legend>Written by itself</legend>" in page


def test_a_language_that_is_not_written_here_is_refused(office, as_):
    assert as_(office.root).post("/messaging", {"language": "tlh"}).status_code == 400
    assert not Messaging.objects.exists()
