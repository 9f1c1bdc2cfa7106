"""The charts of the reports: a sentence under each, marks on those over time, small multiples that lead to their rows."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import override_settings

from desk.web import captions, drawing, multiples, weeks
from followups.models import Mark
from followups.reports import catalogue, cuts, marks, reading, shares, windows
from tests.desk.conftest import A_TUESDAY
from tests.followups.reports import histories

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ASKED = "as_of=2026-03-31"
DRAWN = sorted(shares.SHARES)


@pytest.fixture
def march(office):
    """Five weeks in two teams and on two channels: some solved, a promise each, one dead end a week."""
    for n in range(10):
        at = START + n * 2.6 * DAY
        team, channel = (office.billing, "phone") if n % 3 else (office.delivery, "email")
        row = histories.ticket(histories.person(f"p{n}", now=at), at=at, team=team, agent=office.ada, channel=channel)
        step = histories.promise(row, made=at, by=at + DAY, told=at, team=team, owner=office.ada)
        if n % 2:
            histories.tried(step, at=at + DAY)
            histories.replaced(row, at=at + DAY, by=step)
        histories.close(row, at=at + 2 * DAY)
        if n % 4 == 0:
            histories.contact(row, at=at + 3 * DAY)
        histories.clock(row, at=at, due=at + DAY, stopped=at + 2 * DAY if n % 2 else at)
    return office


def mark(what, *, at=START + DAY, by=None, teams=()):
    name = by.display_name if by else ""
    return Mark.objects.create(kind="policy", at=at, what=what, by=by, by_name=name, teams=[team.pk for team in teams])


def words(answer):
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("name", list(catalogue.REPORTS))
@pytest.mark.parametrize("by", ["", "channel"])
def test_every_chart_says_what_it_shows_and_what_it_does_not(as_, march, name, by):
    page = words(as_(march.root).get(f"/reports/{name}?{ASKED}&by={by}"))
    charts = re.findall(r'<figure class="chart.*?</figure>', page)
    assert charts or name in ("workload", "silent")
    for chart in charts:
        (says,) = re.findall(r'<p class="chart-says">(.*?)</p>', chart)
        assert says.endswith(".")


def test_every_course_has_its_sentence():
    question = windows.question({"by": "week"}, now=A_TUESDAY, zone="UTC", scope=windows.Scope())
    for name in DRAWN:
        for share in (
            [("any_issue"), ("same_issue")] if name == "recontact" else ["7.num" if name == "resolution" else "num"]
        ):
            assert "{" not in captions.course(name, share, question)
    assert len(captions.COURSES) == len(DRAWN) + 1


def test_marks_stand_on_the_chart_and_as_text(as_, march):
    mark("The desk: new hours", by=march.root)
    for _ in range(3):
        mark("The account of a customer is now shared by several people, and left out")
    mark("Too late", at=START + 40 * DAY)
    page = words(as_(march.root).get(f"/reports/recontact?{ASKED}"))
    flags = re.findall(r'<a href="#changed-([^"]+)"><path class="flag"[^>]*><title>([^<]+)</title>', page)
    told = (
        "2026-W10: The desk: new hours, by Root; "
        "The account of a customer is now shared by several people, and left out (3 times)"
    )
    assert flags == [("2026-W10", told)] * 2
    assert page.count('aria-hidden="true">4</text>') == 2
    assert page.count('id="changed-2026-W10"') == 1
    assert "What changed meanwhile" in page
    assert "Too late" not in page


def test_marks_of_another_team_are_not_told(as_, march):
    mark("Delivery: new hours", teams=[march.delivery])
    assert "Delivery: new hours" not in words(as_(march.sam).get(f"/reports/recontact?{ASKED}"))
    assert "Delivery: new hours" not in words(as_(march.root).get(f"/reports/recontact?{ASKED}&team=Billing"))
    assert "Delivery: new hours" in words(as_(march.root).get(f"/reports?{ASKED}"))


def test_nothing_changed_says_nothing(as_, march):
    page = words(as_(march.root).get(f"/reports/recontact?{ASKED}"))
    assert "changed" not in page.partition("How this is counted")[0].partition("<h1>")[2].replace("unchanged", "")


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("by", ["channel", "family", "site"])
def test_multiples_add_up_and_every_point_leads_to_exactly_its_rows(as_, march, name, by):
    answer = as_(march.root).get(f"/reports/{name}?{ASKED}&by={by}")
    found = answer.context["multiples"]
    if not found:
        assert len(answer.context["report"].rows) < 2 or by == "site"
        return
    for chart in found["charts"]:
        assert sum(point["den"] for point in chart["points"]) == chart["metric"].den
        for point in chart["points"]:
            if point.get("url"):
                given = {key: values[0] for key, values in parse_qs(urlsplit(point["url"]).query).items()}
                part, key = given.pop("part"), given.pop("key")
                question = windows.question(given, now=A_TUESDAY, zone="UTC", scope=windows.Scope())
                sources = catalogue.REPORTS[name].SOURCES
                total, _ = cuts.listed(question, sources, part=part, key=key, limit=1, offset=0)
                assert total == point["num"]


def test_multiples_are_drawn_on_one_scale_with_one_statement(as_, march, django_assert_num_queries):
    question = windows.question({"by": "channel"}, now=START + 28 * DAY, zone="UTC", scope=windows.Scope())
    module = catalogue.REPORTS["resolution"]
    ranked = module.report(question).rows
    with reading.whole(), django_assert_num_queries(1):
        found = multiples.drawn(
            module, question, ranked, lambda **changes: lambda part, key: f"{changes['from']} {key}"
        )
    assert [chart["label"] for chart in found["charts"]] == ["phone", "email"]
    assert {len(chart["points"]) for chart in found["charts"]} == {len(found["charts"][0]["points"])}
    page = words(as_(march.root).get(f"/reports/resolution?{ASKED}&by=channel"))
    scales = re.findall(r'class="end" x="35" y="[\d.]+">([^<]+)<', page)
    assert scales == scales[:3] * 2


def test_a_long_period_goes_by_month(as_, march):
    answer = as_(march.root).get("/reports/resolution?from=2024-01-01&to=2026-04-01&as_of=2026-04-01")
    (chart,) = answer.context["over_time"]
    assert [point["label"] for point in chart["points"]] == ["2026-03"]
    assert answer.context["time_column"] == "Month"


def test_weeks_without_rows_leave_a_gap():
    rows = [
        catalogue.REPORTS["chase"].row(key, {"num": 1, "den": 2, "often": 0, "contacts": 1, "immature": 0} | EXCLUDED)
        for key in GAP
    ]
    question = windows.question({"by": "week"}, now=A_TUESDAY, zone="UTC", scope=windows.Scope())
    (chart,) = drawing.course("chase", question, rows, lambda part, key: key)
    assert [(point["label"], point["rate"]) for point in chart["points"]] == [
        ("2025-W52", 0.5),
        ("2026-W01", None),
        ("2026-W02", 0.5),
    ]


GAP = ("2025-W52", "2026-W02")
EXCLUDED = {f"excluded.{reason}": 0 for reason in catalogue.REPORTS["chase"].REASONS}


def test_weeks_know_their_days():
    assert weeks.all_between(["2026-11", "2027-02", "2026-12"]) == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert weeks.all_between(["2026-W53", "2026-W52", "2027-W02"])[2:] == ["2027-W01", "2027-W02"]
    assert weeks.all_between([]) == []
    assert (weeks.tick("2026-W10"), weeks.tick("2026-03")) == ("2 Mar", "Mar 26")
    assert weeks.key_of(datetime(2026, 3, 8, 23, 30, tzinfo=UTC), "week", "Europe/Berlin") == "2026-W11"
    given = {"from": "2026-03-04", "to": "2026-03-31"}
    question = windows.question(given, now=A_TUESDAY, zone="America/New_York", scope=windows.Scope())
    assert weeks.span("2026-W10", question) == (
        datetime(2026, 3, 4, 5, tzinfo=UTC),
        datetime(2026, 3, 9, 4, tzinfo=UTC),
    )


def test_filters_are_said_above_the_figures(as_, march):
    page = words(as_(march.root).get(f"/reports/resolution?{ASKED}&team=Billing&channel=phone"))
    assert "Only team Billing, channel phone." in page


@override_settings(DEBUG=False)
def test_of_very_many_marks_the_page_says_so(as_, march, monkeypatch):
    monkeypatch.setattr(marks, "MOST", 2)
    for _ in range(3):
        mark("The desk: new hours")
    assert "There were more: these are the latest." in words(as_(march.root).get(f"/reports/chase?{ASKED}"))
