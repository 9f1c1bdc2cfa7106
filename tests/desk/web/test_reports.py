import html
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from desk.web import reports
from followups.models import Site
from followups.reports import catalogue, cuts, outreach, shares, windows
from tests import factories
from tests.desk.conftest import A_TUESDAY
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = "as_of=2026-03-31"
NAMES = list(catalogue.REPORTS)
# One statement for each source, over time and cut; around them the look with its savepoint, what
# changed meanwhile, and the page.
# By team, one more of a report of shares: the mix.
# Of times, two more: the hours of the teams, and the first opening.
QUERIES = {
    "resolution": 13,
    "recontact": 11,
    "first-contact": 11,
    "time-to-resolution": 13,
    "promises": 12,
    "chase": 12,
    "dead-ends": 14,
    "silent": 14,
    "confirmed": 11,
    "targets": 13,
    "workload": 18,
}


@pytest.fixture
def march(office):
    """Ends in two teams, a contact after one, a promise kept and one not, a dead end replaced."""
    for name, team in (("ana", office.billing), ("ben", office.billing), ("cho", office.delivery)):
        row = histories.ticket(histories.person(name, now=START), at=START, team=team, agent=office.ada)
        step = histories.promise(row, made=START, by=START + DAY, told=START, team=team, owner=office.ada)
        if name == "ana":
            histories.tried(step, at=START + DAY)
            histories.replaced(row, at=START + DAY, by=step)
        histories.close(row, at=START + 2 * DAY)
        if name == "ana":
            histories.contact(row, at=START + 3 * DAY)
        histories.clock(row, at=START, due=START + DAY, stopped=START + 2 * DAY if name == "ana" else START)
    return office


def words(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("by", ["", "team", "week", "site"])
def test_every_report_shows_in_every_cut(as_, march, name, by):
    answer = as_(march.root).get(f"/reports/{name}?{ASKED}&by={by}")
    assert answer.status_code == 200
    assert "How this is counted" in words(answer)


def test_overview_leads_to_all(as_, march):
    answer = as_(march.root).get(f"/reports?{ASKED}")
    assert answer.status_code == 200
    assert all(f'href="/reports/{name}?as_of=2026-03-31"' in words(answer) for name in NAMES)


def test_overview_asks_for_each_card_when_it_stands(as_, march):
    client = as_(march.root)
    page = client.get(f"/reports?{ASKED}").content.decode()
    for name in NAMES:
        assert f'hx-get="/reports/{name}/card?{ASKED}"' in page
        card = words(client.get(f"/reports/{name}/card?{ASKED}"))
        assert f'href="/reports/{name}?{ASKED}"' in card
        assert words(client.get(f"/reports/{name}?{ASKED}")).partition("<h2>")[2].partition("</h2>")[0] in card


def test_a_card_of_no_question_names_what_is_wrong(as_, march):
    assert "The year must lie between" in words(as_(march.root).get("/reports/recontact/card?from=0001-01-01"))


def test_a_day_that_has_not_come_is_looked_at_from_now(as_, march):
    asked = as_(march.root).get("/reports/recontact?from=2026-03-01&to=2099-01-01&as_of=2098-12-31").context["question"]
    assert asked.as_of < datetime.now(UTC)


def test_a_key_that_is_no_word_is_refused(as_, march):
    answer = as_(march.root).get(f"/reports/resolution/rows?{ASKED}&part=num&by=team&key=%00")
    assert answer.status_code == 400


def test_promises_not_kept_have_a_figure(as_, march):
    assert "Not kept" in words(as_(march.root).get(f"/reports/promises?{ASKED}"))


def test_overview_answers_first(as_, march):
    found = words(as_(march.root).get(f"/reports?{ASKED}"))
    assert "Are fewer left without an answer? Not known yet: it takes two months of tickets to compare." in found
    assert "Sun 22 Feb to Mon 23 Mar, against Fri 23 Jan to Sat 21 Feb." in found
    assert "Not known yet: <a " in found
    assert "Figures per agent are off." in found


def test_headline_and_figures_are_in_plain_words(as_, march):
    found = re.sub("<[^>]*>", "", words(as_(march.root).get(f"/reports/recontact?{ASKED}")))
    assert "33 % had to contact us again within 7 days" in found
    beside = found.partition("1 of 3 · 95 % between ")[2][:20]
    assert (beside[:3], "79.2 %" in beside) == ("6.1", True)


def test_nothing_to_divide_by_is_a_dash(as_, office):
    found = words(as_(office.root).get(f"/reports/promises?{ASKED}"))
    assert "No promise fell due in the period." in found
    assert "0.0 %" not in found


def links(answer):
    """The addresses of rows on a page."""
    return {
        part.split('"')[0].replace("&amp;", "&")
        for part in answer.content.decode().split('href="')
        if "/rows?" in part[:60]
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_number_leads_to_exactly_its_rows(as_, two_months, name):
    client = as_(two_months.root)
    found = links(client.get(f"/reports/{name}?{asking(name)}&by=team"))
    assert found
    for url in found:
        given = {key: values[0] for key, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
        part, key = given.pop("part"), given.pop("key", None)
        question = windows.question(given, now=A_TUESDAY, zone="UTC", scope=windows.Scope())
        sources = (*catalogue.REPORTS[name].SOURCES, *reports.BESIDE.get(name, ()))
        total, _ = cuts.listed(question, sources, part=part, key=key, limit=1, offset=0)
        answer = client.get(url)
        assert answer.status_code == 200
        assert answer.context["total"] == total
        assert len(answer.context["rows"]) == total


def test_rows_are_paged(as_, office):
    for n in range(53):
        histories.ticket(histories.person(f"p{n}", now=START), at=START + n * DAY / 100, team=office.billing)
    client = as_(office.root)
    first = client.get(f"/reports/resolution/rows?{ASKED}&part=den")
    second = client.get(f"/reports/resolution/rows?{ASKED}&part=den&page=2")
    assert (len(first.context["rows"]), len(second.context["rows"])) == (50, 3)
    assert "51 to 53 of 53" in words(second)
    assert first.context["rows"][0]["at"] > second.context["rows"][0]["at"]


@pytest.mark.parametrize("query", ["part=nothing", "page=0", "page=x", "by=agent", "colour=red"])
def test_rows_that_cannot_be_asked_for_are_refused(as_, office, query):
    assert as_(office.root).get(f"/reports/recontact/rows?{query}").status_code == 400


def test_a_ticket_that_went_to_another_team_counts_without_its_words(as_, march):
    row = histories.ticket(histories.person("dee", now=START), at=START, team=march.billing, subject="Secret matter")
    row.team = march.delivery
    row.save()
    answer = as_(march.sam).get(f"/reports/resolution/rows?{ASKED}&part=open")
    assert answer.context["total"] == 1
    assert "A ticket that another team has now" in words(answer)
    assert "Secret matter" not in words(answer)


def test_people_see_what_their_role_may(as_, march):
    seen = {}
    for person in ("ada", "ben", "sam", "olu", "root", "aud"):
        answer = as_(getattr(march, person)).get(f"/reports/promises?{ASKED}")
        seen[person] = answer.context["report"].total.den
    assert seen == {"ada": 3, "ben": 0, "sam": 2, "olu": 1, "root": 3, "aud": 3}


def test_a_wrong_date_is_said_in_the_form(as_, office):
    answer = as_(office.root).get("/reports/recontact?from=soon")
    assert answer.status_code == 400
    assert "This cannot be shown" in words(answer)


def test_a_report_that_is_not_built_is_not_there(as_, office):
    assert as_(office.root).get("/reports/surveys").status_code == 404


def test_an_empty_period_says_where_the_last_tickets_are(as_, office):
    histories.ticket(None, at=START)
    answer = as_(office.root).get("/reports/resolution?as_of=2026-11-01")
    assert "No ticket was opened in this period." in words(answer)
    assert 'href="?as_of=2026-03-02"' in words(answer)


def test_the_familiar_figure_stands_beside_for_ninety_days(as_, march):
    client = as_(march.root)
    assert "the familiar figure" in words(client.get(f"/reports/resolution?{ASKED}"))
    Site.objects.update(started_at=A_TUESDAY - 91 * DAY)
    assert "the familiar figure" not in words(client.get(f"/reports/resolution?{ASKED}"))


def test_recent_weeks_are_hollow(as_, office):
    for weeks in (5, 4, 0):
        row = histories.ticket(histories.person(f"w{weeks}", now=START), at=START, team=office.billing)
        histories.close(row, at=datetime(2026, 3, 30, tzinfo=UTC) - weeks * 7 * DAY)
    young = histories.ticket(histories.person("half", now=START), at=START)
    histories.close(young, at=datetime(2026, 3, 23, 12, tzinfo=UTC))
    older = histories.ticket(histories.person("whole", now=START), at=START)
    histories.close(older, at=datetime(2026, 3, 23, 0, tzinfo=UTC))
    answer = as_(office.root).get("/reports/recontact?as_of=2026-03-30T06:00:00Z")
    assert words(answer).count('class="dot hollow"') == 2


def test_the_file_is_asked_with_the_same_words(as_, march):
    answer = as_(march.root).get(f"/reports/recontact?{ASKED}&by=team&from=")
    assert 'href="/api/v1/reports/recontact?as_of=2026-03-31&amp;by=team&amp;format=csv"' in words(answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_costs_the_same_number_of_queries_however_much_it_counts(as_, office, name, django_assert_num_queries):
    client = as_(office.root)
    beside = len(shares.SHARES[name].counted) if name in shares.SHARES else 0
    client.get(f"/reports/{name}?{ASKED}&by=team")
    for rounds in (1, 2):
        for n in range(rounds):
            team = factories.team(f"T{rounds}{n}")
            histories.close(histories.ticket(None, at=START, team=team), at=START + DAY)
        with django_assert_num_queries(QUERIES[name] + beside):
            assert client.get(f"/reports/{name}?{ASKED}&by=team").status_code == 200


@pytest.fixture
def gave_up(office):
    """One who gave up in March and is not held out, and one who is."""
    found = {}
    turn = 0
    while len(found) < 2:
        person = histories.person(f"p{turn}", now=START)
        turn += 1
        if outreach.is_held_out(person.pk) not in found:
            row = histories.ticket(
                person, at=START, team=office.billing, subject=f"Left {outreach.is_held_out(person.pk)}"
            )
            histories.close(row, at=START + DAY, outcome="withdrawn", why="gave_up")
            found[outreach.is_held_out(person.pk)] = row
    return found


def test_the_silent_are_listed_to_be_contacted_but_not_those_held_out(as_, office, gave_up):
    answer = as_(office.sam).get("/reports/silent?as_of=2026-06-30")
    assert [row["ticket"] for row in answer.context["to_contact"]] == [gave_up[False]]
    assert "Left False" in words(answer)
    assert "Left True" not in words(answer)


def test_a_look_back_says_what_is_of_now(as_, office, gave_up):
    """Opened again since, and planned: it says so where the list as it stood then shows the ticket of today."""
    client = as_(office.sam)
    client.post(f"/tickets/{gave_up[False].number}/outreach")
    then = client.get("/reports/silent?as_of=2026-06-30")
    assert [row["step"].ticket for row in then.context["to_contact"]] == [gave_up[False]]
    assert "owner and next step are those of now." in words(then)
    rows = words(client.get("/reports/silent/rows?as_of=2026-06-30&part=to_contact"))
    assert "whether a ticket is open, its category, team and promise are shown as they are now." in rows
    assert "as they are now" not in words(client.get("/reports/silent/rows?part=to_contact"))


def test_one_button_plans_the_call(as_, office, gave_up):
    client = as_(office.sam)
    answer = client.post(f"/tickets/{gave_up[False].number}/outreach")
    step = gave_up[False].follow_ups.get()
    assert (answer.status_code, answer.url) == (302, f"/follow-ups/{step.pk}")
    assert client.post(f"/tickets/{gave_up[True].number}/outreach").url == "/reports/silent"
    assert not gave_up[True].follow_ups.exists()


def test_ten_days_say_what_fewer_agents_could_carry(as_, office):
    row = histories.ticket(histories.person("ana", now=START), at=START, team=office.billing)
    for _ in range(40):
        histories.promise(row, made=START, by=START + 2 * DAY, team=office.billing, state="scheduled", ended_at=None)
    client = as_(office.root)
    usual = words(client.get("/reports/workload?as_of=2026-03-02"))
    assert "200 of" in usual
    assert (
        "too much" in usual,
        "of 0, too much" in words(client.get("/reports/workload?as_of=2026-03-02&fewer=9")),
    ) == (
        True,
        True,
    )


def numbers(answer):
    """The links to rows on a page whose words are a count, with that count: `[(url, count)]`."""
    found = re.findall(r'<a[^>]*href="([^"]*/rows\?[^"]*)"[^>]*>([^<]*)</a>', answer.content.decode())
    return [
        (html.unescape(url), int(digits)) for url, text in found if (digits := text.replace("\u2009", "")).isdigit()
    ]


@pytest.fixture
def two_months(office):
    """Two months in two teams, with and without a solution, come back, promised, left untold; and some too late to know."""
    as_of = datetime(2026, 3, 31, tzinfo=UTC)
    for place in range(24):
        days, team = (3, 10, 40, 50)[place // 6], (office.billing, office.delivery, None)[place % 3]
        at = as_of - days * DAY + place * DAY / 48
        person = histories.person(f"w{place}", now=at)
        row = histories.ticket(
            person, at=at, team=team, agent=office.ada, family=("Billing", "Parcel")[place % 2], channel="phone"
        )
        step = histories.promise(row, made=at, by=at + DAY, told=at if place % 5 else None, team=team, owner=office.ada)
        if place % 3 == 0:
            histories.tried(step, at=at + DAY)
        if place % 4 != 1:
            histories.replaced(row, at=at + DAY, by=step)
        histories.close(row, at=at + 2 * DAY, **({} if place % 6 else {"outcome": "withdrawn", "why": "gave_up"}))
        if place % 3 == 1:
            histories.contact(row, at=at + 2.5 * DAY)
        histories.clock(row, at=at, due=at + DAY, stopped=at + (DAY / 2 if place % 2 else 2 * DAY))
    return office


def asking(name):
    """A month that has something in every report: of silence, the one in which its 90 days were over."""
    return "from=2026-05-01&as_of=2026-06-30" if name == "silent" else f"from=2026-03-01&{ASKED}"


def test_every_count_of_the_overview_opens_exactly_its_rows(as_, two_months):
    client = as_(two_months.root)
    answer = client.get(f"/reports?{ASKED}")
    found = numbers(answer)
    shown = [*answer.context["measures"]] + [row for cut in answer.context["where"] for row in cut["rows"]]
    counts = [row[when].num for row in shown for when in ("now", "before")]
    counts += [row[when].den for row in shown for when in ("now", "before")]
    assert len(found) == sum(count > 0 for count in [*counts, answer.context["unknown"]])
    assert answer.context["unknown"] == 6
    assert all(row["now"].num and row["before"].num for row in answer.context["measures"])
    for url, count in found:
        assert (url, client.get(url).context["total"]) == (url, count)


@pytest.mark.parametrize("name", NAMES)
def test_every_count_of_a_report_opens_exactly_its_rows(as_, two_months, name):
    client = as_(two_months.root)
    found = numbers(client.get(f"/reports/{name}?{asking(name)}&by=team&against=before"))
    assert found
    for url, count in sorted(set(found)):
        assert (url, client.get(url).context["total"]) == (url, count)


def test_a_desk_that_began_within_the_earlier_month_is_told_so(as_, office):
    as_of = datetime(2026, 3, 31, tzinfo=UTC)
    for days, solved in ((45, 36), (10, 4)):
        for place in range(40):
            at = as_of - days * DAY
            row = histories.ticket(histories.person(f"b{days}-{place}", now=at), at=at, team=office.billing)
            if place < solved:
                histories.close(row, at=at + DAY)
    answer = as_(office.root).get(f"/reports?{ASKED}")
    found = words(answer).replace("\u00a0", " ")
    assert (
        "Not enough behind us yet: the first ticket here is of Sat 14 Feb, within the earlier month. 90.0 % were"
        in found
    )
    assert "10.0 % of those since that day." in found
    assert "more than before" not in found
    assert "+80.0 points" in found


def test_what_was_resolved_within_so_many_days_opens_exactly_those(as_, office):
    """To the instant; what was opened again or ended otherwise is not among them, what is recent is."""
    for place, after in enumerate((DAY, DAY + timedelta(seconds=1), 3 * DAY, 7 * DAY, 8 * DAY, None)):
        row = histories.ticket(histories.person(f"p{place}", now=START), at=START, team=office.billing)
        if after:
            histories.close(row, at=START + after)
    histories.close(
        histories.ticket(histories.person("q", now=START), at=START), at=START + DAY, outcome="withdrawn", why="gave_up"
    )
    young = histories.ticket(histories.person("r", now=START), at=START + 29 * DAY)
    histories.close(young, at=START + 29 * DAY + DAY / 2)
    client = as_(office.root)
    page = client.get(f"/reports/time-to-resolution?from=2026-03-01&{ASKED}")
    assert [(row["days"], row["n"]) for row in page.context["within"]] == [("1", 2), ("3", 4), ("7", 5), ("30", 6)]
    for row in page.context["within"]:
        answer = client.get(row["url"])
        assert (answer.context["total"], answer.context["what"]) == (
            row["n"],
            f"Resolved within {row['days']} d of the opening",
        )
    for figure in page.context["figures"]:
        if figure["label"].startswith(("Half", "Nine", "Resolved by")):
            assert figure["url"] == ""


def test_told_opens_those_told_and_the_next_steps_it_is_of(as_, two_months):
    client = as_(two_months.root)
    page = client.get(f"/reports/promises?from=2026-03-01&{ASKED}")
    (told,) = [figure for figure in page.context["figures"] if figure["label"] == "Told"]
    total = page.context["report"].total
    assert 0 < total.den < total.due
    assert client.get(told["url"]).context["total"] == told["metric"].num == total.den
    assert client.get(told["whole_url"]).context["total"] == told["metric"].den == total.due


@pytest.mark.parametrize("name", NAMES)
def test_each_figure_that_is_a_link_opens_as_many_rows_as_it_says(as_, two_months, name):
    client = as_(two_months.root)
    page = client.get(f"/reports/{name}?{asking(name)}")
    for figure in page.context["figures"]:
        if "metric" in figure:
            share = figure["metric"]
            counts = {figure["url"]: share.num, figure["whole_url"]: share.den, figure["young_url"]: share.immature}
            counts |= {some["url"]: some["n"] for some in figure["left_out"]}
        else:
            counts = {figure["url"]: figure["value"] and int(figure["value"])} if figure["url"] else {}
        for url, count in counts.items():
            if url:
                assert (figure["label"], client.get(url).context["total"]) == (figure["label"], count)


def test_a_desk_without_data_shows_dashes_and_no_empty_charts(as_, office):
    client = as_(office.root)
    page = client.get(f"/reports/time-to-resolution?{ASKED}&by=team")
    assert "not reached" not in words(page)
    assert [figure["value"] for figure in page.context["figures"] if figure["label"].startswith("Half")] == ["\u2013"]
    assert client.get(f"/reports/resolution?{ASKED}").context["horizons"] is None
