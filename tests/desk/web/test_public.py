"""The customer's page: signed, public, and without an act on GET."""

from datetime import timedelta

import pytest
from django.test import Client

from desk.web import her_words
from followups import languages
from followups.actions import messages
from followups.models import Contact, FollowUp, Notice, Ticket


@pytest.fixture
def row(desk):
    customer = desk.customer(zone="Europe/Berlin", phone="+12125550101")
    return desk.follow_up(customer=customer, promiser=desk.ada, zone="Europe/Berlin", will_bring="the refund decision")


@pytest.fixture
def address(row):
    return f"/p/{messages.promise_token(row)}"


def test_page_says_what_was_promised_in_her_time_and_no_more(client, row, address):
    answer = client.get(address)
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in (row.promise, "the refund decision", "Europe/Berlin", "Billing", "by Tuesday 24 November 13:00"):
        assert words in text
    for words in ("ana@example.org", "Ana Lopez", "2125550101", "Ada"):
        assert words not in text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]


def test_reading_changes_nothing(client, row, address):
    before = (Ticket.objects.get().revision, Contact.objects.count())
    for _ in range(3):
        client.get(address)
    for act in ("solved", "not-solved", "time"):
        assert client.get(f"{address}/{act}").status_code == 405
    assert (Ticket.objects.get().revision, Contact.objects.count()) == before


@pytest.mark.parametrize("token", ["nothing", "AAAAAAAAAAAAAAAAAAAAAA~x", "%00"])
def test_tampered_link_gets_a_calm_page(client, db, token):
    answer = client.get(f"/p/{token}")
    assert (answer.status_code, b"does not lead anywhere" in answer.content) == (404, True)


def test_changed_token_gets_a_calm_page_and_does_nothing(client, row, address):
    assert client.post(f"{address}x/solved").status_code == 404
    assert Ticket.objects.get().state == "open"


def test_solved_closes_with_her_word_and_is_confirmed(client, row, address):
    client.post(f"{address}/solved")
    ticket, closure = Ticket.objects.get(), row.ticket.closures.get()
    assert (ticket.state, ticket.outcome, ticket.confirmed) == ("closed", "resolved", "yes")
    assert (closure.evidence, closure.evidence_contact.channel, closure.by_name) == (
        "customer_said",
        "web",
        "the customer",
    )
    assert closure.evidence_contact.answers_follow_up == row
    assert b"You told us that it is solved" in client.get(address).content


def test_pressed_twice_it_is_done_once(client, row, address):
    client.post(f"{address}/solved")
    client.post(f"{address}/solved")
    assert (row.ticket.closures.count(), row.ticket.confirmations.count()) == (1, 1)


def test_not_solved_on_an_open_ticket_is_a_chase_that_the_promiser_hears(client, desk, row, address):
    client.post(f"{address}/not-solved")
    client.post(f"{address}/not-solved")
    chase = Contact.objects.get(purpose="chase")
    assert (chase.direction, chase.ticket.state) == ("inbound", "open")
    assert [notice.recipient for notice in Notice.objects.all()] == [desk.ada]


def test_not_solved_opens_a_closed_ticket_again(client, desk, row, address):
    client.post(f"{address}/solved")
    client.post(f"{address}/not-solved")
    ticket = Ticket.objects.get()
    assert (ticket.state, ticket.confirmed, ticket.reopen_count) == ("open", "no", 1)
    assert ticket.follow_ups.open().count() == 1
    assert ticket.reopenings.get().by_customer


def test_another_time_moves_with_her_agreement(client, row, address):
    value, _words = client.get(address).context["times"][1]
    client.post(f"{address}/time", {"slot": value})
    moved = FollowUp.objects.get()
    move = moved.moves.get()
    assert f"{moved.promised_from.isoformat()}/{moved.promised_by.isoformat()}" == value
    assert (moved.broken_by, move.agreed, move.agreed_contact.direction) == (None, True, "inbound")


@pytest.mark.parametrize("slot", ["", "rubbish", "2026-11-25T03:00:00+00:00/2026-11-25T05:00:00+00:00"])
def test_times_that_were_not_offered_are_not_taken(client, row, address, slot):
    answer = client.post(f"{address}/time", {"slot": slot}, follow=True)
    assert b"not free any more" in answer.content
    assert not FollowUp.objects.get().moves.exists()


def test_late_page_says_so(client, desk, row, address, time_machine):
    time_machine.move_to(row.promised_by + timedelta(hours=1), tick=False)
    assert b"We are late" in client.get(address).content


def test_link_ends_two_months_after_the_end(client, desk, row, address, time_machine):
    client.post(f"{address}/solved")
    time_machine.move_to(desk.now + timedelta(days=61), tick=False)
    assert client.get(address).status_code == 404


def test_too_many_presses_are_slowed_down(client, row, address):
    codes = [client.post(f"{address}/not-solved").status_code for _ in range(11)]
    assert codes == [302] * 10 + [429]


def test_it_needs_the_token_of_the_form(row, address):
    assert Client(enforce_csrf_checks=True).post(f"{address}/solved").status_code == 403


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de-CH", ("Was wir Ihnen zugesagt haben", "bis Dienstag, 24. November, 13:00 Uhr", "Es ist nicht gelöst")),
        ("fr", ("Ce que nous vous avons promis", "au plus tard le mardi 24 novembre à 13 h 00", "C’est résolu")),
        ("es", ("Lo que le prometimos", "a más tardar el martes 24 de noviembre, 13:00 h", "No está resuelto")),
        ("pl", ("What we promised you", "by Tuesday 24 November 13:00", "It is not solved")),
    ],
)
def test_page_speaks_her_language(client, row, address, language, words):
    row.ticket.customer.language = language
    row.ticket.customer.save()
    page = client.get(address).content.decode()
    assert [each for each in words if each not in page] == []
    assert f'<html lang="{messages.language_of(row.ticket)}">' in page
    times = client.get(address).context["times"]
    assert times


def test_every_language_has_every_word_of_the_page():
    assert set(her_words.PAGE) == set(languages.LANGUAGES)
    for own in her_words.PAGE.values():
        assert own.keys() == her_words.PAGE["en"].keys()
        assert not [text for text in her_words.words("en", zone="Z", number="1").values() if "{" in text]


def test_taken_up_again_it_says_so_and_names_no_old_time(client, desk, row, address):
    client.post(f"{address}/solved")
    client.post(f"{address}/not-solved")
    page = client.get(address).content.decode()
    assert "We have taken it up again" in page
    assert row.promise not in page
