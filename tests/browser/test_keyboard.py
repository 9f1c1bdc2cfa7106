"""The line by keyboard alone, without a script at all, and for screen readers with its dialogs open."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from followups.actions import scheduling
from followups.models import FollowUp, Ticket
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def overdue(desk):
    """Ada's, promised for an hour ago; one more of hers is due soon."""
    now = timezone.now()
    customer = factories.customer(now=now, phone="+12125550101")
    ago = now - timedelta(days=1)
    row = factories.promise(promised_by=now - timedelta(hours=1), now=ago, team=desk.team, customer=customer)
    FollowUp.objects.filter(pk=row.pk).update(owner=desk.ada, told_at=ago, promised_from=now - timedelta(hours=3))
    return row


def test_start_call_no_answer_and_try_again_by_keys(page, live_server, desk, sign_in, overdue):
    sign_in(desk.ada)
    page.goto(live_server.url)
    page.keyboard.press("s")
    page.get_by_text("You are on it").wait_for()
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="No answer").wait_for()
    page.keyboard.press("6")
    page.locator(".toast-text", has_text="Again").wait_for()
    before = overdue.promised_by
    overdue.refresh_from_db()
    assert (overdue.state, overdue.promised_by > before) == ("scheduled", True)
    assert overdue.attempts.get().reached == "no_answer"


def test_rows_are_walked_and_opened_by_keys(page, live_server, desk, sign_in, overdue):
    second = factories.promise(
        promised_by=timezone.now() - timedelta(minutes=30), now=overdue.created_at, team=desk.team
    )
    FollowUp.objects.filter(pk=second.pk).update(owner=desk.ada)
    sign_in(desk.ada)
    page.goto(live_server.url)
    for stroke in ("j", "j", "k", "j", "Enter"):
        page.keyboard.press(stroke)
    page.wait_for_url(f"**/follow-ups/{second.pk}")


def test_somebody_else_on_it_is_shown_in_the_list(page, live_server, desk, sign_in, overdue):
    scheduling.take(follow_up=overdue, by=desk.by(desk.sam), now=timezone.now())
    sign_in(desk.ada)
    page.goto(live_server.url)
    page.get_by_text("Sam is on it").wait_for()


def test_fields_are_changed_in_place(page, live_server, desk, sign_in, overdue):
    sign_in(desk.ada)
    page.goto(f"{live_server.url}/tickets/{overdue.ticket.number}")
    page.keyboard.press("e")
    page.get_by_label("Subject").fill("Refund still missing")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", level=1, name="Refund still missing").wait_for()


def test_core_of_the_line_works_without_script(new_context, live_server, desk, client):
    client.force_login(desk.ada, backend="django.contrib.auth.backends.ModelBackend")
    context = new_context(java_script_enabled=False)
    cookie = client.cookies["desk_session"]
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/tickets/new")
    page.get_by_label("Who is calling?").fill("Ana Lopez")
    page.get_by_label("What is it about?").fill("Refund missing")
    page.get_by_label("Category").fill("Billing/Refund")
    page.get_by_role("button", name="I can't solve this now").click()
    page.get_by_text("We will call you").first.wait_for()
    page.get_by_role("button", name="She agreed").click()
    row = Ticket.objects.get()
    promise = row.follow_ups.get()
    assert promise.is_told
    page.get_by_role("link", name="Complete").click()
    page.get_by_label("Reached").check()
    page.get_by_label("Workaround").check()
    page.get_by_label("It is solved").check()
    page.get_by_role("button", name="Save", exact=True).click()
    row.refresh_from_db()
    assert (row.state, row.outcome) == ("closed", "resolved")
    page.get_by_role("link", name="Open again").click()
    page.get_by_label("Why is it open again?").fill("It came back")
    page.get_by_role("button", name="Open it again").click()
    page.get_by_role("link", name="Close").click()
    page.get_by_label("Nothing more can be done now").check()
    page.get_by_role("button", name="She agreed").click()
    row.refresh_from_db()
    assert (row.state, row.follow_ups.open().get().is_told) == ("open", True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_dialogs_have_no_violations(page, live_server, desk, sign_in, overdue, scheme):
    sign_in(desk.ada)
    page.emulate_media(color_scheme=scheme)
    ticket, found = f"/tickets/{overdue.ticket.number}", {}
    follow_up = f"/follow-ups/{overdue.pk}"
    for path, strokes in [
        (ticket, "c1w"),
        (ticket, "c2"),
        (ticket, "c4"),
        (ticket, "p"),
        (follow_up, "1ex"),
        (ticket, "am"),
    ]:
        page.goto(live_server.url + path)
        for stroke in strokes:
            page.keyboard.press(stroke)
        results = Axe().run(page)
        if results.violations_count:
            found[path, strokes] = [
                (e["id"], e["nodes"][0]["html"][:160], e["nodes"][0]["any"][0]["message"], e["nodes"][0]["target"])
                for e in results.response["violations"]
            ]
    assert found == {}
