import csv
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from followups.models import Mark
from followups.reports import catalogue, shares
from tests import factories
from tests.desk.api.conftest import Api
from tests.followups.reports import histories

START = datetime(2026, 3, 1, tzinfo=UTC)
AS_OF = "2026-03-31"
# Of each source the savepoint, the setting, the count; before them the token, its rate and the clock,
# behind them what changed meanwhile.
# By team, one more of a report of shares: the mix.
QUERIES = {
    "resolution": 10,
    "recontact": 9,
    "first-contact": 9,
    "time-to-resolution": 11,
    "promises": 9,
    "chase": 9,
    "dead-ends": 13,
    "silent": 10,
    "confirmed": 9,
    "targets": 10,
    "workload": 15,
}
DAY = timedelta(days=1)


def get(api, name="recontact", **given):
    return api.get(f"/reports/{name}?{urlencode({'as_of': AS_OF} | given)}")


@pytest.fixture
def reader(token):
    return token("reports:read")


@pytest.fixture
def march(desk):
    """Two ends in Billing, one of which was followed by a contact, and one in Delivery."""
    for name, team, agent in (
        ("ana", desk.billing, desk.ada),
        ("ben", desk.billing, desk.sam),
        ("cho", desk.delivery, None),
    ):
        row = histories.ticket(histories.person(name, now=START), at=START, team=team, agent=agent, opened_agent=agent)
        histories.close(row, at=START + DAY)
        if name == "ana":
            histories.contact(row, at=START + 2 * DAY)


def test_recontact_answers_both_shares_with_their_definition(reader, march):
    found = get(reader, by="team").json()
    assert found["window_days"] == 7
    assert (found["from"], found["to"], found["as_of"]) == (
        "2025-12-31T00:00:00Z",
        "2026-03-31T00:00:00Z",
        "2026-03-31T00:00:00Z",
    )
    assert "within 7 days" in found["definition"]
    assert found["entered_after_as_of"] == 0
    total = found["total"]
    assert total["any_issue"] == {
        "key": "total",
        "num": 1,
        "den": 3,
        "rate": pytest.approx(1 / 3),
        "ci_low": pytest.approx(0.0615, abs=1e-4),
        "ci_high": pytest.approx(0.7923, abs=1e-4),
        "immature": 0,
        "excluded": {"duplicate": 0, "spam": 0, "no_customer": 0, "shared_account": 0},
    }
    assert [(row["key"], row["same_issue"]["num"], row["same_issue"]["den"]) for row in found["rows"]] == [
        ("Billing", 1, 2),
        ("Delivery", 0, 1),
    ]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("resolution", {"key", "as_of_rate", "horizons", "reopened"}),
        ("recontact", {"key", "any_issue", "same_issue"}),
        ("time-to-resolution", {"key", "n", "events", "median_hours", "p90_hours", "resolved_by"}),
        ("time-to-resolution", {"working", "first", "open", "ended_unresolved"}),
        (
            "promises",
            {"num", "den", "rate", "ci_low", "ci_high", "immature", "excluded", "tried_in_time", "empty_handed"}
            | {"kept_late", "never_done", "moved_by_us", "told_share", "median_wait_hours"},
        ),
        ("dead-ends", {"num", "den", "attempted", "replaced", "told", "waived", "orphans", "no_first_step"}),
    ],
)
def test_every_report_answers_its_row(reader, march, name, fields):
    found = get(reader, name, by="channel").json()
    assert fields <= set(found["total"])
    assert all(fields <= set(row) for row in found["rows"])


def test_horizons_are_named_by_days(reader, march):
    assert list(get(reader, "resolution").json()["total"]["horizons"]) == ["1", "3", "7", "30"]


@pytest.mark.parametrize("name", ["surveys", "nothing"])
def test_a_report_that_is_not_built_is_not_there(reader, name):
    answer = get(reader, name)
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"by": "agent"}, "by"),
        ({"window_days": "0"}, "window_days"),
        ({"from": "2026-03-01T00:00:00"}, "from"),
        ({"team": "Nobody"}, "team"),
        ({"format": "xml"}, "format"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(reader, given, field):
    answer = get(reader, **given)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_parameter_given_twice_is_refused(reader, desk):
    answer = reader.get("/reports/recontact?by=team&by=channel")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "by")


def test_the_file_holds_the_same_figures(reader, march):
    answer = get(reader, by="team", format="csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="recontact.csv"'
    lines = list(csv.DictReader(answer.content.decode().splitlines()))
    assert [(line["key"], line["any_issue_num"], line["any_issue_den"]) for line in lines] == [
        ("total", "1", "3"),
        ("Billing", "1", "2"),
        ("Delivery", "0", "1"),
    ]


def test_a_token_needs_the_scope(token, desk):
    assert get(token("tickets:read")).status_code == 403


def test_without_a_token_there_is_nothing(desk):
    assert Api().get("/reports/recontact").status_code == 401


def den(answer):
    return answer.json()["total"]["any_issue"]["den"]


def test_a_token_of_a_team_sees_its_team(token, desk, march):
    assert den(get(token("reports:read", team=desk.billing))) == 2


def test_people_see_what_their_role_may(token, desk, march):
    seen = {name: den(get(token("reports:read", agent=getattr(desk, name)))) for name in ("ada", "sam", "root", "aud")}
    assert seen == {"ada": 1, "sam": 2, "root": 3, "aud": 3}


def test_catalogue_is_what_is_built():
    assert list(catalogue.REPORTS) == list(QUERIES)


@pytest.mark.parametrize("name", list(catalogue.REPORTS))
def test_a_report_costs_the_same_number_of_queries_however_much_it_counts(
    reader, desk, name, django_assert_num_queries
):
    for rounds in (1, 2):
        for n in range(rounds):
            row = histories.ticket(
                histories.person(f"p{rounds}{n}", now=START), at=START, team=factories.team(f"T{rounds}{n}")
            )
            histories.close(row, at=START + DAY)
        with django_assert_num_queries(QUERIES[name] + (name in shares.SHARES)):
            assert get(reader, name, by="team").status_code == 200


def test_marks_stand_beside_the_figures_and_not_in_the_file(reader, march, desk):
    at = datetime(2026, 3, 5, 9, tzinfo=UTC)
    Mark.objects.create(kind="hours", at=at, what="The desk: new working hours", by_name="")
    Mark.objects.create(kind="hours", at=at, what="Delivery: new hours", by_name="", teams=[desk.delivery.pk])
    told = [{"at": "2026-03-05T09:00:00Z", "what": "The desk: new working hours"}]
    assert get(reader, team="Billing").json()["marks"] == told
    assert [mark["what"] for mark in get(reader).json()["marks"]] == [told[0]["what"], "Delivery: new hours"]
    assert "hours" not in get(reader, format="csv").content.decode()


@pytest.mark.parametrize("name", shares.SHARES)
def test_what_stands_beside_a_share_is_the_same_in_both_forms(reader, march, name):
    given = {"by": "team", "against": "before", "from": "2026-03-01"}
    found = get(reader, name, **given).json()
    lines = list(csv.DictReader(get(reader, name, **given, format="csv").content.decode().splitlines()))
    assert (found["against"]["from"], found["against"]["to"]) == ("2026-01-30T00:00:00Z", "2026-03-01T00:00:00Z")
    compared = 0
    for row, line in zip([found["total"], *found["rows"]], lines, strict=True):
        for share in shares.SHARES[name].each:
            one, prefix = row, "".join(f"{step}_" for step in share.at)
            for step in share.at:
                one = one[step]
            assert ("against" in one, "at_common_mix" in one) == (share.dated, row is not found["total"])
            for beside in ("against", "at_common_mix"):
                for field, value in one.get(beside, {}).items():
                    assert line[f"{prefix}{beside}_{field}"] == ("" if value is None else str(value))
                    compared += 1
    assert compared


def test_nothing_stands_beside_where_nothing_was_asked(reader, march):
    found = get(reader, by="channel").json()
    assert found["against"] is None
    assert not {"against", "at_common_mix"} & set(found["rows"][0]["any_issue"])
    assert get(reader, against="tomorrow").status_code == 400
