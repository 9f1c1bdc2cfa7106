"""Acted out: a promise goes overdue on a Friday evening before a holiday. Who hears what, when, is shown; then it happens."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from followups.clock import reminders
from followups.models import Absence, Ladder, Notice, Policy, Role, Rota, RotaMember, Ticket
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

FRIDAY = datetime(2027, 3, 26, 17, 55, tzinfo=UTC)
TUESDAY = datetime(2027, 3, 30, tzinfo=UTC)  # in summer time by then: 09:30 in London is 08:30 UTC
CASE = "case-happening=due&case-on=2027-03-26&case-at=17:55&case-channel=phone"


@pytest.fixture
def people(desk):
    """Billing in London, closed on Easter Monday. Its lead lou is away; from that Monday on ben is on duty."""
    days = [{"on": "2027-03-29", "name": "Easter Monday", "hours": []}]
    Policy.objects.create(team=desk.team, zone="Europe/London", special_days=days)
    found = {name: factories.agent(name, team=desk.team) for name in ("lou", "bea", "ben")}
    found["root"] = factories.agent("root", Role.ADMIN)
    desk.team.lead = found["lou"]
    desk.team.save()
    Absence.objects.create(agent=found["lou"], from_at=FRIDAY, until_at=FRIDAY + timedelta(days=14))
    rota = Rota.objects.create(team=desk.team, name="Evenings", starts_on=date(2027, 3, 22), hands_over_at=time(9))
    for place, name in enumerate(["bea", "ben"]):
        RotaMember.objects.create(rota=rota, agent=found[name], position=place)
    return found


def violations(page):
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


def fill(page, number, after, who, *, every="", times=""):
    step = page.get_by_role("group", name=f"Step {number}")
    step.get_by_label("After the promised time").fill(after)
    step.get_by_label("Who hears it").select_option(label=who)
    step.get_by_label("Again every").fill(every)
    step.get_by_label("How many times").fill(times)
    return step


def shown(page):
    """The rows of the line of time that somebody hears: the instant, and who."""
    rows = page.get_by_role("region", name="Who would hear what, when, as a table").locator("tbody tr")
    found = []
    for row in rows.all():
        at = datetime.fromisoformat(row.locator("time").get_attribute("datetime"))
        names = row.locator("td").last.inner_text().splitlines()[0]
        found += [(at, name) for name in names.split(", ") if name != "–"]
    return sorted(found)


def happened(desk, *, until):
    """The same for real: the promise is made, nobody acts, and the clock passes."""
    row = factories.promise(
        promised_by=FRIDAY,
        promised_from=FRIDAY - timedelta(hours=2),
        now=FRIDAY - timedelta(days=2),
        team=desk.team,
        promiser=desk.ada,
    )
    at = FRIDAY.replace(hour=14, minute=30)
    while at <= until:
        reminders.sweep(now=at)
        at += timedelta(minutes=5) if at < FRIDAY.replace(hour=19, minute=0) else timedelta(minutes=30)
    heard = Notice.objects.filter(follow_up=row, kind="reminder").values_list("at", "recipient__first_name")
    return sorted(heard)


def test_a_friday_evening_before_a_holiday(page, live_server, desk, sign_in, people):
    sign_in(people["root"])
    page.goto(f"{live_server.url}/ladders/{desk.team.pk}/new")
    page.get_by_label("Name").fill("Evenings too")
    fill(page, 1, "30 min", "The owner, or who promised it")
    fill(page, 2, "1 h", "The team's lead")
    step = fill(page, 3, "2 h", "Who is on duty", every="2 h", times="2")
    step.get_by_text("A named person, or a rota").click()
    step.get_by_label("The rota").select_option(label="Evenings")
    page.get_by_label("A promise falls due").check()
    page.get_by_role("textbox", name="Day").fill("2027-03-26")
    page.get_by_label("Hour").fill("17:55")
    page.get_by_label("Who promised it").select_option(label="Ada")
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("heading", name="What would be heard, with nothing saved").wait_for()
    tried = shown(page)
    assert (Ladder.objects.count(), Ticket.objects.count()) == (0, 0)
    assert violations(page) == []
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("2 working hours after: who is on duty in Evenings").wait_for()

    sign_in(desk.sam)
    page.goto(f"{live_server.url}/time-rules/{desk.team.pk}?{CASE}&case-promiser={desk.ada.pk}")
    promised = shown(page)
    assert promised == tried
    assert page.get_by_text("Nobody there: the team's lead. Straight on.").count() == 1
    assert promised[:5] == [
        (FRIDAY - timedelta(hours=2, minutes=15), "Ada"),
        (FRIDAY, "Ada"),
        (TUESDAY.replace(hour=8, minute=30), "Ada"),
        (TUESDAY.replace(hour=9), "Ben"),
        (TUESDAY.replace(hour=11), "Ben"),
    ]
    until = TUESDAY + timedelta(days=2, hours=12)
    assert happened(desk, until=until) == [row for row in promised if row[0] <= until]


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1440),
        ("dark", 390),
        pytest.param("dark", 1440, marks=pytest.mark.full),
        pytest.param("light", 390, marks=pytest.mark.full),
    ],
)
def test_the_pages_read_well(page, live_server, desk, sign_in, people, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(people["root"])
    for path in (f"/time-rules/{desk.team.pk}", f"/ladders/{desk.team.pk}", f"/rota/{Rota.objects.get().pk}"):
        page.goto(f"{live_server.url}{path}")
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_moment_is_tried_without_script(browser, live_server, desk, sign_in, people, page):
    sign_in(desk.sam)
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"{live_server.url}/time-rules/{desk.team.pk}")
    plain.get_by_label("A promise falls due").check()
    plain.get_by_role("textbox", name="Day").fill("2027-03-26")
    plain.get_by_label("Hour").fill("17:55")
    plain.get_by_role("button", name="Show who would hear").click()
    assert plain.get_by_role("row", name="Escalated").count() == 1
    context.close()


def test_on_a_narrow_screen_nothing_lies_beside_it(page, desk, people, sign_in, live_server):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(desk.sam)
    page.goto(f"{live_server.url}/time-rules/{desk.team.pk}")
    for name in ("Who would hear what, when, as a table", "The rules, as a table"):
        region = page.get_by_role("region", name=name)
        assert region.evaluate("node => node.scrollWidth <= node.clientWidth"), name
        assert all(cell.bounding_box()["x"] >= 0 for cell in region.locator("tbody td").all())
    assert violations(page) == []
