"""A report read by eye, by keyboard, by axe and on paper."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone

from followups.models import Mark
from tests.followups.reports import histories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def weeks(desk):
    """Eight weeks on two channels, and a change in the sixth of them."""
    now = timezone.now()
    for n in range(16):
        at = now - timedelta(days=60 - 3 * n)
        fields = {"team": desk.team, "agent": desk.ada, "channel": "phone" if n % 3 else "email"}
        row = histories.ticket(histories.person(f"p{n}", now=at), at=at, **fields)
        histories.close(row, at=at + timedelta(days=1 + n % 9))
    Mark.objects.create(
        kind="hours", at=now - timedelta(days=25), what="Billing: new hours", by_name="Sam", by=desk.sam
    )


def test_a_mark_is_reached_by_keyboard_and_leads_to_its_words(page, live_server, desk, sign_in, weeks):
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/reports/resolution?by=channel")
    flag = page.locator("a:has(> .flag)").first
    assert flag.text_content().strip().endswith("Billing: new hours, by Sam")
    flag.focus()
    page.keyboard.press("Enter")
    page.locator("li.row:target", has_text="Billing: new hours, by Sam").wait_for()


def test_reports_are_clean_and_keep_to_the_screen(page, live_server, desk, sign_in, weeks):
    sign_in(desk.sam)
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("resolution", "time-to-resolution"):
        page.goto(f"{live_server.url}/reports/{name}?by=channel")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        found = Axe().run(page).response["violations"]
        assert [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_on_paper_stand_the_figures_and_not_the_controls(page, live_server, desk, sign_in, weeks):
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/reports/resolution?by=channel&channel=phone")
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 703, "height": 1000})
    told = [page.locator("dt", has_text=word) for word in ("Period", "As of")]
    for shown in (*told, page.locator(".chart details th", has_text="Week"), page.get_by_text("Only channel phone")):
        assert shown.first.is_visible()
    for hidden in ("nav", ".topbar", "form", ".page-head .actions"):
        assert not any(one.is_visible() for one in page.locator(hidden).all())
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
