"""What a report page offers to choose: periods and orders, as addresses that can be passed on."""

import html
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from desk.web import periods
from desk.web.columns import COLUMNS
from followups.models import Disclosure
from tests import factories
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = "as_of=2026-03-31"


def words(answer):
    return " ".join(answer.content.decode().split())


def offered(answer):
    """The periods on a page by their words: address, and whether it is the one that is shown."""
    (nav,) = re.findall(r'<nav class="periods.*?</nav>', words(answer))
    found = re.findall(r'<a href="([^"]*)"( aria-current="true")?>([^<]*)</a>', nav)
    return {label: (html.unescape(url), bool(here)) for url, here, label in found}


@pytest.mark.parametrize(
    ("today", "label", "span"),
    [
        (date(2026, 3, 31), "This month", (date(2026, 3, 1), date(2026, 4, 1))),
        (date(2026, 12, 31), "This month", (date(2026, 12, 1), date(2027, 1, 1))),
        (date(2028, 2, 1), "This month", (date(2028, 2, 1), date(2028, 3, 1))),
        (date(2026, 1, 1), "Last month", (date(2025, 12, 1), date(2026, 1, 1))),
        (date(2028, 3, 31), "Last month", (date(2028, 2, 1), date(2028, 3, 1))),
        (date(2026, 3, 31), "Last 30 days", (date(2026, 3, 1), date(2026, 3, 31))),
        (date(2026, 3, 31), "Last 90 days", (date(2025, 12, 31), date(2026, 3, 31))),
        (date(2026, 3, 31), "Last quarter", (date(2025, 10, 1), date(2026, 1, 1))),
        (date(2026, 4, 1), "Last quarter", (date(2026, 1, 1), date(2026, 4, 1))),
        (date(2028, 2, 29), "This year", (date(2028, 1, 1), date(2029, 1, 1))),
    ],
)
def test_a_period_is_of_whole_days(today, label, span):
    assert {name: (first, end) for name, first, end in periods.spans(today)}[label] == span


def test_a_period_keeps_the_other_words_and_is_marked_where_it_is_shown(as_, office):
    client = as_(office.root)
    found = offered(client.get(f"/reports/recontact?{ASKED}&by=team&window_days=14&sort=-den"))
    assert [label for label, (_, here) in found.items() if here] == ["90 days to now"]
    assert found["Last month"] == (
        "?as_of=2026-03-31&by=team&window_days=14&sort=-den&from=2026-02-01&to=2026-03-01",
        False,
    )
    page = client.get(f"/reports/recontact{found['Last month'][0]}")
    assert (page.context["question"].start, page.context["question"].end) == (START - 28 * DAY, START)
    again = offered(page)
    assert [label for label, (_, here) in again.items() if here] == ["Last month"]
    assert again["90 days to now"][0] == "?as_of=2026-03-31&by=team&window_days=14&sort=-den"
    assert not any(here for _, here in offered(client.get(f"/reports/recontact?{ASKED}&from=2026-02-02")).values())


def test_days_are_those_of_the_desk(as_, office, settings):
    settings.DESK_ZONE = "Asia/Kathmandu"
    client = as_(office.root)
    found = offered(client.get("/reports/recontact?as_of=2026-02-28T20:00:00Z"))
    assert found["This month"][0] == "?as_of=2026-02-28T20%3A00%3A00Z&from=2026-03-01&to=2026-04-01"
    page = client.get(f"/reports/recontact{found['This month'][0]}")
    assert page.context["question"].start == datetime(2026, 2, 28, 18, 15, tzinfo=UTC)
    assert offered(page)["This month"][1]


def test_the_overview_offers_periods_too_and_its_cards_follow(as_, office):
    page = as_(office.root).get(f"/reports?{ASKED}&from=2026-02-01&to=2026-03-01")
    assert offered(page)["Last month"] == ("?as_of=2026-03-31&from=2026-02-01&to=2026-03-01", True)
    assert 'hx-get="/reports/recontact/card?as_of=2026-03-31&amp;from=2026-02-01&amp;to=2026-03-01"' in words(page)


def test_the_overview_asks_a_fixed_number_of_times(as_, office, django_assert_num_queries):
    client = as_(office.root)
    client.get(f"/reports?{ASKED}")
    for n in range(2):
        histories.close(histories.ticket(None, at=START, team=factories.team(f"T{n}")), at=START + DAY)
        with django_assert_num_queries(19):
            assert client.get(f"/reports?{ASKED}").status_code == 200


@pytest.fixture
def teams(office):
    """Forty, thirty-five, thirty and ten tickets of four teams and channels, solved in other orders than they are large."""
    for name, size, solved in (("Amber", 40, 10), ("Blue", 35, 30), ("Coral", 30, 20), ("Dune", 10, 10)):
        team = factories.team(name)
        for place in range(size):
            row = histories.ticket(
                histories.person(f"{name}{place}", now=START), at=START, team=team, channel=name.lower()
            )
            if place < solved:
                histories.close(row, at=START + DAY)
    return office


def order(answer):
    return [row["label"] for row in answer.context["table"]["rows"]]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Amber", "Blue", "Coral", "Dune"]),
        ("-rate", ["Blue", "Coral", "Amber", "Dune"]),
        ("rate", ["Amber", "Coral", "Blue", "Dune"]),
        ("-by_7", ["Blue", "Coral", "Amber", "Dune"]),
        ("den", ["Coral", "Blue", "Amber", "Dune"]),
        ("-key", ["Coral", "Blue", "Amber", "Dune"]),
    ],
)
def test_a_table_is_sorted_and_those_of_too_few_stay_apart(as_, teams, sort, expected):
    answer = as_(teams.root).get(f"/reports/resolution?{ASKED}&by=team&sort={sort}")
    assert order(answer) == expected
    assert [row["few"] for row in answer.context["table"]["rows"]] == [False, False, False, True]


def test_channels_of_too_few_are_not_ranked_by_a_number_either(as_, teams):
    client = as_(teams.root)
    assert order(client.get(f"/reports/resolution?{ASKED}&by=channel&sort=-rate")) == ["blue", "coral", "amber", "dune"]
    assert "Too few to compare" not in words(client.get(f"/reports/resolution?{ASKED}&by=channel"))


def test_the_head_of_a_column_sorts_by_it_and_says_how(as_, teams):
    client = as_(teams.root)
    page = words(client.get(f"/reports/resolution?{ASKED}&by=team&sort=-rate"))
    assert f'aria-sort="descending"><a class="sorts" href="?{ASKED}&amp;by=team&amp;sort=rate#cut">Rate</a>' in page
    assert f'href="?{ASKED}&amp;by=team&amp;sort=-den#cut">Opened</a>' in page
    assert f'href="?{ASKED}&amp;by=team&amp;sort=key#cut">Team</a>' in page
    assert '<input type="hidden" name="sort" value="-rate">' in page
    # The file, the letter and the other reports have other words.
    assert f'href="/api/v1/reports/resolution?{ASKED}&amp;by=team&amp;format=csv"' in page
    assert f'href="/reports/promises?{ASKED}&amp;by=team"' in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=soon", "This cannot be shown: From."),
        ("sort=colour", "This cannot be shown: the order of the table."),
        ("sort=colour", "Sort by one of key, den, num, rate"),
        ("sort=--rate", "Sort by one of"),
        ("by=team&sort=%00", "Sort by one of"),
        ("fewer=many", "How many agents fewer: a whole number from 0 to 99."),
        ("fewer=-1", "a whole number from 0 to 99"),
        ("fewer=100", "a whole number from 0 to 99"),
    ],
)
def test_a_choice_that_is_none_is_refused(as_, office, query, said):
    answer = as_(office.root).get(f"/reports/resolution?{query}")
    assert (answer.status_code, said in words(answer)) == (400, True)


def test_people_are_never_ranked(as_, teams):
    people = [factories.agent(f"a{n}", team=teams.billing) for n in range(6)]
    Disclosure.objects.create(since=START, by=teams.root, reason="Coaching")
    for place, person in enumerate(people[:2]):
        for n in range(30):
            row = histories.ticket(
                histories.person(f"x{place}-{n}", now=START), at=START, team=teams.billing, opened_agent=person
            )
            if n < 10 + place:
                histories.close(row, at=START + DAY)
    client = as_(teams.root)
    assert order(client.get(f"/reports/resolution?{ASKED}&by=agent")) == order(
        client.get(f"/reports/resolution?{ASKED}&by=agent&sort=-rate")
    )
    assert 'class="sorts"' not in words(client.get(f"/reports/resolution?{ASKED}&by=agent"))


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_column_that_has_a_word_sorts(as_, teams, name):
    client = as_(teams.root)
    words_ = [column.name for column in COLUMNS[name] if column.name]
    assert len(words_) == len(set(words_))
    for word in words_:
        answer = client.get(f"/reports/{name}?{ASKED}&by=team&sort=-{word}")
        (column,) = [column for column in COLUMNS[name] if column.name == word]
        by_label = {row.key or "none": row for row in answer.context["report"].rows}
        shown = [row for row in answer.context["table"]["rows"] if not row["few"]] if answer.context["table"] else []
        values = [value for row in shown if (value := column.value(by_label[row["label"]])) is not None]
        assert values == sorted(values, reverse=True)


def test_where_nothing_can_be_compared_the_page_says_so_once(as_, teams):
    page = as_(teams.root).get(f"/reports/resolution?{ASKED}&by=team&against=before")
    assert "Nothing can be compared: none has 30 or more, with cases from at least 90 % of what came to all" in words(
        page
    ).replace("\u00a0", " ")
    assert words(page).count("Nothing to compare: none of them had anything in both periods.") == 1
    assert [cell["notes"] for row in page.context["table"]["rows"] for cell in row["cells"] if cell["notes"]] == []


def test_the_same_cases_for_each_team_stand_in_a_table_of_their_own(as_, office):
    for name, phone, email in (("North", 30, 10), ("South", 10, 30), ("Tiny", 1, 1)):
        team = factories.team(name)
        for channel, size in (("phone", phone), ("email", email)):
            for place in range(size):
                person = histories.person(f"{name}{channel}{place}", now=START)
                row = histories.ticket(person, at=START, team=team, channel=channel)
                if channel == "phone":
                    histories.close(row, at=START + DAY)
    page = as_(office.root).get(f"/reports/first-contact?{ASKED}&by=team")
    shown = [(row["label"], row["cells"][0]["own"], row["cells"][0]["rate"]) for row in page.context["mix"]["rows"]]
    assert shown == [("North", "75.0\u00a0%", "50.0\u00a0%"), ("South", "25.0\u00a0%", "50.0\u00a0%")]
    assert page.context["mix"]["columns"] == ["Solved at the first contact"]
    assert "With the same cases for each team" in words(page)
    assert "Not said of Tiny: fewer than 30" in words(page)
    assert "With the same cases" not in words(as_(office.root).get(f"/reports/first-contact?{ASKED}&by=channel"))
