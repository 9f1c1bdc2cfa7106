"""What a supervisor does on the board, and every page of the set-up read by axe."""

import io
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from followups import tasks
from followups.actions import closing, importing, uploading, waiving
from followups.models import Contact, FollowUp, Notice, Role, Ticket
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def overdue(desk):
    """Three of Billing, overdue since an hour, a day and a week; the first is ada's and was told."""
    now = timezone.now()
    made = []
    for place, ago in enumerate([timedelta(hours=1), timedelta(days=1), timedelta(days=8)]):
        fields = {"owner": desk.ada, "told_at": now - ago - timedelta(hours=9)} if not place else {}
        then = now - ago - timedelta(days=1)
        customer = factories.customer(now=then, name=f"Ana {place}")
        made.append(factories.promise(promised_by=now - ago, now=then, team=desk.team, customer=customer, **fields))
    return made


@pytest.fixture
def asked(desk):
    """A waiver that ada asks for, on a ticket that sam never touched."""
    now = timezone.now() - timedelta(hours=3)
    ticket = factories.ticket(now=now, promised_by=timezone.now() + timedelta(days=1), team=desk.team)
    call = {"direction": "outbound", "channel": "phone", "at": now, "entered_at": now}
    contact = Contact.objects.create(ticket=ticket, **call)
    by = desk.by(desk.ada)
    closing.close(ticket=ticket, closing=closing.Closing(outcome="no_remedy"), by=by, now=now)
    return waiving.ask(ticket=ticket, kind="final_answer", reason="Warranty ended", by=by, now=now, contact=contact)


def violations(page):
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def toasted(page, text):
    page.locator(".toast-text", has_text=text).wait_for()


def test_two_are_handed_over_by_keyboard(page, live_server, desk, sign_in, overdue):
    bea = factories.agent("bea", team=desk.team)
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/overdue")
    for stroke in ("j", "x", "j", "x"):
        page.keyboard.press(stroke)
    bar = page.get_by_role("group", name="With the selected")
    assert bar.inner_text().startswith("2 selected")
    bar.get_by_role("button", name="Reassign").click()
    panel = page.get_by_role("group", name="Reassign the selected")
    panel.get_by_label("Hand to").select_option(label="Bea")
    panel.get_by_label("Note for them").fill("Ada is ill")
    panel.get_by_role("button", name="Reassign", exact=True).click()
    toasted(page, "2 handed to Bea.")
    assert FollowUp.objects.filter(owner=bea).count() == 2
    assert set(Notice.objects.filter(recipient=bea).values_list("kind", flat=True)) == {"assigned"}
    assert page.url == f"{live_server.url}/overdue"


def test_moving_says_beforehand_that_it_breaks_a_promise(page, live_server, desk, sign_in, overdue):
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/overdue")
    page.locator(f'input[value="{overdue[0].pk}"]').check()
    page.get_by_role("button", name="Move", exact=True).click()
    panel = page.get_by_role("group", name="Move the selected")
    assert "counts as broken" in panel.inner_text()
    panel.get_by_label("Why").fill("Parts are late")
    panel.get_by_role("button", name="Move", exact=True).click()
    toasted(page, "1 moved. Customers hear of it in writing")
    row = FollowUp.objects.get(pk=overdue[0].pk)
    assert row.promised_by > timezone.now()
    assert row.broken_by == overdue[0].promised_by


def test_the_board_works_without_scripts(browser, live_server, desk, overdue, settings):
    desk.sam.set_password("a calm desk at noon")
    desk.sam.save()
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/overdue")
        page.get_by_label("Username").fill("sam")
        page.locator("input[name=password]").fill("a calm desk at noon")
        page.get_by_role("button", name="Sign in").click()
        page.locator(f'input[value="{overdue[2].pk}"]').check()
        page.get_by_role("button", name="Reassign").first.click()
        page.get_by_label("Hand to").select_option(label="Ada")
        page.locator("#handover-panel button[type=submit]").click()
        page.locator(".toast-text", has_text="1 handed to Ada.").wait_for()
    assert FollowUp.objects.get(pk=overdue[2].pk).owner == desk.ada


def test_waivers_are_granted_together(page, live_server, desk, sign_in, asked):
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/overdue")
    page.get_by_role("link", name="Waivers asked for 1").click()
    page.get_by_label("Select Refund missing").check()
    page.get_by_role("button", name="Grant").click()
    toasted(page, "1 granted")
    assert Ticket.objects.get().waived


def test_the_bell_counts_without_loading_the_page_again(page, live_server, desk, sign_in):
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/notices")
    assert page.locator("#notices-badge .count").count() == 0
    Notice.objects.create(recipient=desk.sam, kind="desk", text="Look", at=timezone.now())
    page.evaluate("htmx.trigger('#notices-badge', 'wake')")
    page.locator("#notices-badge .count", has_text="1").wait_for()


def test_a_policy_says_at_once_what_it_would_promise(page, live_server, desk, sign_in):
    sign_in(factories.agent("root", Role.ADMIN, is_staff=True, is_superuser=True))
    page.goto(f"{live_server.url}/policy")
    page.get_by_label("The sentence").fill("You hear from us {window}.")
    page.get_by_label("Length of a window").fill("60")
    page.get_by_label("Length of a window").press("Tab")
    page.locator("#preview", has_text="You hear from us on").wait_for()


def paths(desk):
    """The board and every page of the set-up, with rows in it."""
    now = timezone.now()
    customer = Ticket.objects.exclude(customer=None).first().customer
    file = b"reference,opened_at,category\nA1,2026-01-02,Refund\nA2,never,x\n"
    run = uploading.upload(file=io.BytesIO(file), file_name="calls.csv", source="csv", by=desk.by(desk.sam), now=now)
    importing.run_waiting(now=now, seconds=20)
    Notice.objects.create(recipient=desk.sam, kind="desk", text="Look", at=now)
    yield from (
        "/overdue",
        "/overdue/waivers",
        "/overdue/review",
        "/overdue/findings",
        "/notices",
        "/people",
        f"/people/{desk.ada.pk}",
        "/people/new",
        "/teams",
        f"/teams/{desk.team.pk}",
        "/categories",
        "/policy",
        f"/policy/{desk.team.pk}",
        "/tokens",
        "/customers?q=ana",
        f"/customers/{customer.pk}",
        f"/customers/{customer.pk}/merger",
        "/imports",
        f"/imports/{run.pk}",
        "/account",
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_every_page_is_open_to_everybody(page, live_server, desk, sign_in, overdue, asked, scheme, width):
    tasks.sweep("reminders")
    sign_in(factories.agent("root", Role.ADMIN, is_staff=True, is_superuser=True))
    page.emulate_media(color_scheme=scheme)
    found = {}
    for path in paths(desk):
        page.goto(f"{live_server.url}{path}")
        for one in (683, width):
            page.set_viewport_size({"width": one, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= one, path
        if wrong := violations(page):
            found[path] = wrong
    assert found == {}
