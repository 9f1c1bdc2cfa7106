"""The line through everything, in a browser and by keyboard."""

import re
import time
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from followups import tasks
from followups.actions import messages
from followups.clock import reminders, sweeps
from followups.models import Closure, Contact, Customer, FollowUp, Notice, Ticket
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def posts_of(page):
    """Every POST that leaves the page from here on."""
    sent = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def toasted(page, text):
    page.locator(".toast-text", has_text=text).wait_for()


def settled(page, url):
    page.wait_for_url(url)
    page.wait_for_load_state("load")


@pytest.fixture
def ticket(desk):
    """Open since yesterday, with a next step that nobody told her."""
    now = timezone.now()
    customer = factories.customer(now=now, phone="+12125550101", zone="America/New_York")
    ago = now - timedelta(days=1)
    row = factories.ticket(
        now=ago,
        promised_by=now + timedelta(days=3),
        team=desk.team,
        agent=desk.ada,
        customer=customer,
        subject="Refund missing",
    )
    Contact.objects.create(
        ticket=row, customer=customer, direction="inbound", channel="phone", at=ago, entered_at=ago, is_opening=True
    )
    return row


def test_dead_end_to_promise_in_three_strokes_and_five_seconds(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/{ticket.number}")
    sent, began = posts_of(page), time.monotonic()
    for stroke in ("c", "2", "Enter"):
        page.keyboard.press(stroke)
    toasted(page, "Not the end")
    assert time.monotonic() - began < 5
    assert sent == [f"{live_server.url}/tickets/{ticket.number}/closure"]
    ticket.refresh_from_db()
    closure, follow_up = Closure.objects.get(), ticket.follow_ups.get()
    assert (ticket.state, closure.outcome, closure.closed, closure.replaced_by) == (
        "open",
        "no_remedy",
        False,
        follow_up,
    )
    assert follow_up.is_told


def test_another_slot_by_arrow_becomes_the_promise(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/{ticket.number}")
    page.keyboard.press("c")
    page.keyboard.press("2")
    page.keyboard.press("ArrowRight")
    said = page.locator("#closing output[data-sentence]").inner_text()
    page.keyboard.press("Enter")
    toasted(page, "Not the end")
    made = ticket.follow_ups.order_by("-created_at").first()
    assert (made.promise, made.is_told, ticket.follow_ups.count()) == (said, True, 2)


def test_resolved_in_four_strokes(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/{ticket.number}")
    sent = posts_of(page)
    for stroke in ("c", "1", "s", "Enter"):
        page.keyboard.press(stroke)
    toasted(page, "Closed: resolved")
    assert len(sent) == 1
    ticket.refresh_from_db()
    closure = Closure.objects.get()
    assert (ticket.state, closure.outcome, closure.evidence) == ("closed", "resolved", "customer_said")


def test_closing_can_be_taken_back_with_one_key(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/{ticket.number}")
    for stroke in ("c", "6", "Enter"):
        page.keyboard.press(stroke)
    toasted(page, "Closed: spam")
    page.keyboard.press("u")
    toasted(page, "Taken back")
    ticket.refresh_from_db()
    assert (ticket.state, ticket.follow_ups.get().state) == ("open", "scheduled")


def test_call_is_logged_with_the_sentence_in_one_round_trip(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(live_server.url)
    page.keyboard.press("n")
    settled(page, "**/tickets/new")
    page.keyboard.type("+1 212 555 0101")
    page.get_by_text("She has 1 open ticket").wait_for()
    page.get_by_text("by phone alone").wait_for()
    page.get_by_label("What is it about?").fill("Charged twice")
    page.get_by_label("Category").fill("Billing/Charge")
    sent = posts_of(page)
    page.keyboard.press("F4")
    said = page.locator("#say output[data-sentence]").inner_text()
    page.keyboard.press("Enter")
    settled(page, re.compile(r"/tickets/\d+$"))
    row = Ticket.objects.get(subject="Charged twice")
    assert sent == [f"{live_server.url}/tickets/new"]
    assert (row.customer, row.agent, row.team) == (ticket.customer, desk.ada, desk.team)
    assert (row.follow_ups.get().promise, row.follow_ups.get().is_told) == (said, True)


def test_half_filled_call_comes_back(page, live_server, desk, sign_in, ticket):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/new")
    page.get_by_label("What is it about?").fill("Half a thought")
    page.goto(f"{live_server.url}/tickets/{ticket.number}")
    page.keyboard.press("n")
    settled(page, "**/tickets/new")
    assert page.get_by_label("What is it about?").input_value() == "Half a thought"


def test_the_whole_line(page, live_server, desk, sign_in):
    """Call in, the sentence, told, reminded by the sweep, something brought, her own word, counted."""
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/new")
    page.keyboard.type("Ana Lopez")
    page.locator("#new_email").fill("ana@example.org")
    page.get_by_label("What is it about?").fill("Lamp arrived broken")
    page.get_by_label("Category").fill("Delivery/Damage")
    page.keyboard.press("F4")
    page.locator("#say").get_by_label("What we will bring").fill("the answer of the workshop")
    page.keyboard.press("Enter")
    page.get_by_text("What she heard from us").wait_for()
    row = Ticket.objects.get(subject="Lamp arrived broken")
    promise = row.follow_ups.get()
    assert (promise.is_told, promise.will_bring) == (True, "the answer of the workshop")

    sweeps.run("reminders", reminders.sweep, now=promise.promised_by)
    assert Notice.objects.filter(recipient=desk.ada, follow_up=promise).exists()
    tasks.sweep("reminders")

    page.goto(f"{live_server.url}/follow-ups/{promise.pk}")
    for stroke in ("1", "a"):
        page.keyboard.press(stroke)
    page.get_by_label("In your words").fill("The workshop sends a new lamp on Monday.")
    page.locator("[name=then][value=next]").check()
    page.keyboard.press("Control+Enter")
    toasted(page, "All done for now")
    promise.refresh_from_db()
    assert (promise.state, promise.brought) == ("kept", "answer")
    following = row.follow_ups.open().get()
    assert following.is_told

    page.context.clear_cookies()
    page.goto(f"{live_server.url}/p/{messages.promise_token(following)}")
    page.get_by_role("button", name="It is solved").click()
    page.get_by_text("Thank you").first.wait_for()
    row.refresh_from_db()
    assert (row.state, row.outcome, row.confirmed) == ("closed", "resolved", "yes")
    assert Customer.objects.get().contacts.inbound().count() == 2
    assert FollowUp.objects.open().count() == 0


ADDRESSES = ("/", "/?show=upcoming", "/?show=done", "/tickets", "/tickets/new")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_violations_for_screen_readers(page, live_server, desk, sign_in, ticket, scheme):
    now = timezone.now()
    follow_up = ticket.follow_ups.get()
    FollowUp.objects.filter(pk=follow_up.pk).update(told_at=now, promiser=desk.ada)
    overdue = factories.promise(promised_by=now - timedelta(hours=2), now=now - timedelta(days=1), team=desk.team)
    sign_in(desk.ada)
    page.emulate_media(color_scheme=scheme)
    paths = [*ADDRESSES, f"/tickets/{ticket.number}", f"/follow-ups/{overdue.pk}", f"/follow-ups/{follow_up.pk}/date"]
    paths += [f"/tickets/{ticket.number}/{act}" for act in ("closure", "follow-ups", "contacts", "fields", "waiver")]
    paths += [f"/p/{messages.promise_token(follow_up)}", "/p/nothing"]
    found = {}
    for path in paths:
        page.goto(live_server.url + path)
        results = Axe().run(page)
        if results.violations_count:
            found[path] = [(each["id"], each["nodes"][0]["html"][:160]) for each in results.response["violations"]]
    assert found == {}
