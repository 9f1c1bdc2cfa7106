"""Reports by mail: one's own, from the page of a report; seen by administrators, read by nobody else."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from followups.clock import letters, mailings
from followups.models import Delivery, Disclosure, Export, Mailing
from followups.reports import catalogue, wording
from tests import factories
from tests.desk.conftest import A_TUESDAY
from tests.followups.reports import histories

DAY = timedelta(days=1)
START = A_TUESDAY - 20 * DAY
WEEKLY = {"period": "days_30", "on": "week:0", "at": "08:00", "zone": "UTC"}
NEW = "/mailings/new?report=promises&by=team"


@pytest.fixture
def billing(office):
    """A promise kept and one that was not, and everybody has an address."""
    for name in ("ada", "ben", "sam", "olu", "root"):
        person = getattr(office, name)
        person.email = f"{name}@example.org"
        person.save()
    for name in ("ana", "ben"):
        row = histories.ticket(
            histories.person(name, now=START), at=START, team=office.billing, agent=office.ada, opened_agent=office.ada
        )
        step = histories.promise(row, made=START, by=START + DAY, told=START, team=office.billing, owner=office.ada)
        if name == "ana":
            histories.tried(step, at=START + DAY)
        histories.close(row, at=START + 2 * DAY, agent=office.ada)
        histories.clock(row, at=START, due=START + DAY, stopped=START + DAY / 2)
    return office


def words(answer):
    return " ".join(answer.content.decode().split())


def made(as_, person, address=NEW, **fields):
    answer = as_(person).post(address, WEEKLY | fields)
    assert answer.status_code == 302, words(answer)
    return Mailing.objects.latest("pk")


def test_a_report_leads_to_its_mailing_with_all_that_was_asked(as_, billing):
    page = as_(billing.sam).get("/reports/promises?by=team&channel=phone&from=2026-11-01&to=2026-11-08")
    (address,) = [part.split('"')[0] for part in page.content.decode().split('href="') if "/mailings/new?" in part[:40]]
    answer = as_(billing.sam).get(address.replace("&amp;", "&"))
    assert answer.status_code == 200
    assert "Promises by team, only channel phone, by mail" in words(answer)
    assert answer.context["form"].initial["period"] == "days_7"
    assert as_(billing.aud).get("/reports/promises").content.decode().count("/mailings/new?") == 0


def test_it_is_made_shown_changed_paused_resumed_and_deleted(as_, billing):
    client = as_(billing.sam)
    row = made(as_, billing.sam)
    assert (row.agent, row.asked, row.rhythm, row.weekday) == (billing.sam, {"by": "team"}, "week", 0)
    shown = words(client.get("/mailings"))
    assert "each week on Monday at 08:00 (UTC)" in shown
    assert "next Mon 30 Nov 08:00" in shown
    client.post(f"/mailings/{row.pk}", WEEKLY | {"on": "month:31", "at": "17:30"})
    row.refresh_from_db()
    assert (row.rhythm, row.day, f"{row.at:%H:%M}") == ("month", 31, "17:30")
    assert "The next leaves Mon 30 Nov 17:30" in words(client.get(f"/mailings/{row.pk}"))
    client.post(f"/mailings/{row.pk}/pause")
    assert "paused" in words(client.get("/mailings"))
    assert "Held back; else sent to you on the last day of each month at 17:30 (UTC)." in words(
        client.get(f"/mailings/{row.pk}")
    )
    client.post(f"/mailings/{row.pk}/resumption")
    row.refresh_from_db()
    assert (row.paused_at, row.settled_at) == (None, A_TUESDAY)
    client.post(f"/mailings/{row.pk}/removal")
    assert "No report by mail yet" in words(client.get("/mailings"))


def test_the_same_twice_is_refused_and_so_is_one_without_an_address(as_, billing):
    made(as_, billing.sam)
    again = as_(billing.sam).post(NEW, WEEKLY)
    assert (again.status_code, "You have this very report by mail already." in words(again)) == (400, True)
    billing.olu.email = ""
    billing.olu.save()
    without = as_(billing.olu).post(NEW, WEEKLY)
    assert (without.status_code, "Enter your mail address" in words(without)) == (400, True)


@pytest.mark.parametrize(
    "query",
    ["", "report=", "report=promises&colour=red&by=x", "report=promises&by=agent", "report=promises&team=Nobody"],
)
def test_what_cannot_be_asked_is_refused_before_it_is_made(as_, billing, query):
    for answer in (
        as_(billing.sam).get(f"/mailings/new?{query}"),
        as_(billing.sam).post(f"/mailings/new?{query}", WEEKLY),
    ):
        assert answer.status_code == 400
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("colour=red", "colour: Unknown parameter: colour."),
        ("from=soon", "from: A date (2026-03-31) or an instant"),
        ("from=2026-11-09&to=2026-11-01", "to: The period must end after it starts."),
        ("window_days=900", "window_days: A whole number of days from 1 to 90."),
        (f"family={'x' * 201}", "family: At most 200 characters."),
    ],
)
def test_a_refusal_names_the_word_at_fault(as_, billing, query, said):
    for answer in (
        as_(billing.sam).get(f"/mailings/new?report=promises&{query}"),
        as_(billing.sam).post(f"/mailings/new?report=promises&{query}", WEEKLY),
    ):
        assert (answer.status_code, said in words(answer)) == (400, True)
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(
    ("dates", "period"),
    [
        ("from=2026-02-01&to=2026-03-01", "month"),
        ("from=2026-03-23&to=2026-03-30", "week"),
        ("from=2026-03-24&to=2026-03-31", "days_7"),
        ("from=2026-03-01&to=2026-04-01", "days_30"),
        ("from=2026-03-01", "days_90"),
        ("", "days_90"),
    ],
)
def test_it_looks_at_the_period_of_the_page_or_the_nearest(as_, billing, dates, period):
    page = as_(billing.sam).get(f"/mailings/new?report=promises&as_of=2026-03-31T10:00:00Z&{dates}")
    assert page.context["form"].initial["period"] == period


def test_a_team_that_is_not_ones_own_cannot_be_asked_for(as_, billing):
    assert as_(billing.sam).get("/mailings/new?report=promises&team=Delivery").status_code == 400
    assert as_(billing.root).get("/mailings/new?report=promises&team=Delivery").status_code == 200


def test_nobody_reads_anothers_and_an_administrator_may_hold_it_back(as_, billing):
    row = made(as_, billing.ada, "/mailings/new?report=promises")
    for person in (billing.ben, billing.sam, billing.root):
        client = as_(person)
        assert [
            client.get(f"/mailings/{row.pk}").status_code,
            client.post(f"/mailings/{row.pk}", WEEKLY).status_code,
        ] == [
            404,
            404,
        ]
        assert client.post(f"/mailings/{row.pk}/sending").status_code == 404
    for person in (billing.ben, billing.sam):
        assert "Promises" not in words(as_(person).get("/mailings")).partition("<main")[2].partition("</main")[0]
        assert as_(person).post(f"/mailings/{row.pk}/pause").status_code == 404
    root = as_(billing.root)
    assert "Ada" in words(root.get("/mailings"))
    root.post(f"/mailings/{row.pk}/pause")
    row.refresh_from_db()
    assert (row.paused_at, row.why) == (A_TUESDAY, "Paused by Root.")
    assert root.post(f"/mailings/{row.pk}/resumption").status_code == 404
    root.post(f"/mailings/{row.pk}/removal")
    assert not Mailing.objects.exists()


def test_an_agents_letter_holds_their_own_numbers(as_, billing):
    own = words(as_(billing.ada).get("/mailings/new?report=promises"))
    assert "Your own numbers, the last 90 days" in own
    assert "Kept: 50.0 % (1 of 2)" in own.replace("\u00a0", " ")
    assert "Not kept: 1" in own
    assert "No promise fell due in the period." in words(as_(billing.ben).get("/mailings/new?report=promises"))


def test_one_now_is_on_its_way_once_a_minute(as_, billing):
    row, client = made(as_, billing.sam), as_(billing.sam)
    client.post(f"/mailings/{row.pk}/sending")
    again = client.post(f"/mailings/{row.pk}/sending", follow=True)
    assert "One is on its way. Wait a minute" in words(again)
    assert Delivery.objects.get().key == f"report-now:{row.pk}:20261124T100000Z"


SCHEDULE = {
    "rhythm": "week",
    "weekday": 0,
    "at": datetime(2026, 1, 1, 8, tzinfo=UTC).time(),
    "zone": "UTC",
    "made_at": A_TUESDAY,
    "settled_at": A_TUESDAY,
    "look_at": A_TUESDAY,
}


def plain(text):
    return " ".join(text.replace("\u202f", " ").replace("\u2009", " ").replace("\u00a0", " ").split())


@pytest.mark.parametrize("name", list(catalogue.REPORTS))
def test_a_letter_and_its_file_say_what_the_very_page_says(as_, billing, name):
    """Each figure by its name and its number, at the address in the letter; the file is that of this page."""
    row = Mailing(
        agent=billing.sam, report=name, asked={"by": "team", "against": "before"}, period="days_30", **SCHEDULE
    )
    letter, client = letters.of(row, now=A_TUESDAY - 7 * DAY), as_(billing.sam)
    (address,) = [line for line in letter.body.splitlines() if f"/reports/{name}?" in line]
    query = urlsplit(address).query
    page = client.get(f"{urlsplit(address).path}?{query}")
    shown, said = plain(page.content.decode()), plain(letter.body)
    report = page.context["report"]
    told = wording.figures(name, report.total)
    assert f"<h1>{wording.TITLES[name]}</h1>" in shown
    assert plain(report.headline) in said
    labels = [figure["label"] for figure in page.context["figures"]]
    assert [one.label for one in told] == labels[: len(told)]
    for one in told:
        text = plain(letters.text(one, report.total))
        assert f"{one.label}: {text}" in said
        assert text.partition(" (")[0].partition(";")[0] in shown, one.label
    file = client.get(f"/api/v1/reports/{name}?{query}&format=csv")
    assert (file.status_code, file.content.decode()) == (200, letter.file)


def test_the_earlier_period_stands_beside(as_, billing):
    row = Mailing(agent=billing.sam, report="promises", asked={"against": "before"}, period="days_30", **SCHEDULE)
    letter = letters.of(row, now=A_TUESDAY)
    assert letter.subject.startswith("Promises, against the period before: ")
    assert "Kept: 50.0 % (1 of 2); – in the earlier period" in plain(letter.body)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_as_often_for_one_as_for_three(as_, billing, django_assert_num_queries, count):
    for number in range(count):
        row = made(as_, (billing.sam, billing.ada, billing.olu)[number])
        as_(row.agent).post(f"/mailings/{row.pk}/sending")
    client = as_(billing.root)
    client.get("/mailings")
    with django_assert_num_queries(8):
        assert client.get("/mailings").status_code == 200


def test_reading_a_preview_by_agent_is_written_down(as_, billing):
    Disclosure.objects.create(since=A_TUESDAY, by=billing.root, reason="Coaching")
    assert as_(billing.sam).get("/mailings/new?report=promises&by=agent").status_code == 200
    row = Export.objects.get()
    assert (row.by, row.way, row.report, row.asked["by"]) == (billing.sam, "page", "promises", "agent")


def test_formulas_in_names_are_not_formulas_in_the_file(as_, billing):
    team = factories.team("=1+1")
    histories.close(histories.ticket(None, at=START, team=team), at=START + DAY)
    row = Mailing(agent=billing.root, report="resolution", asked={"by": "team"}, period="days_30", **SCHEDULE)
    assert "\n'=1+1," in letters.of(row, now=A_TUESDAY).file.replace("\r", "")
    assert mailings.following(row, now=A_TUESDAY) == A_TUESDAY.replace(day=30, hour=8)
