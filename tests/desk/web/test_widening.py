"""One person's own figures: widened to the shortest period that holds thirty."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.reports import recontact, shares, windows
from tests.followups.reports import histories

DAY = timedelta(days=1)
AS_OF = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.fixture
def solved(office):
    """Ada's: one a week, 40 of them, the latest three weeks ago; five of somebody else between them."""
    for place in range(45):
        at = AS_OF - (21 + 7 * place) * DAY if place < 40 else AS_OF - (30 + place) * DAY
        agent = office.ada if place < 40 else office.ben
        row = histories.ticket(histories.person(f"w{place}", now=at), at=at, team=office.billing, agent=agent)
        histories.close(row, at=at + DAY)
    return office


def test_the_page_goes_back_by_itself_and_says_so(as_, solved):
    client = as_(solved.ada)
    answer = client.get("/reports/recontact?as_of=2026-03-31&by=channel")
    first = (AS_OF - (21 + 7 * 29) * DAY + DAY).date().isoformat()
    assert (answer.status_code, answer.url) == (
        302,
        f"/reports/recontact?as_of=2026-03-31&by=channel&from={first}&widened=1",
    )
    page = client.get(answer.url)
    assert page.context["report"].total.any_issue.den == 30
    assert "the shortest period to the same end that holds 30" in page.content.decode()
    assert "widened" not in page.context["csv"]


def test_whoever_names_the_first_day_is_offered_the_other(as_, solved):
    page = as_(solved.ada).get("/reports/recontact?as_of=2026-03-31&from=2026-03-01")
    words = page.content.decode()
    assert "Fewer than 30: too few to compare." in words
    assert f"from={page.context['widen_to'].isoformat()}" in words


def test_where_there_are_no_thirty_the_page_says_that(as_, solved):
    page = as_(solved.ben).get("/reports/recontact?as_of=2026-03-31")
    assert page.context["report"].total.any_issue.den == 5
    assert "Fewer than 30 so far" in page.content.decode()


def test_figures_of_many_are_not_widened(as_, solved):
    page = as_(solved.root).get("/reports/recontact?as_of=2026-03-31")
    assert page.status_code == 200
    assert page.context["report"].total.any_issue.den < 30


def test_one_day_less_holds_fewer(office, solved):
    scope = windows.Scope(agent_id=office.ada.pk)
    question = histories.question(AS_OF - 90 * DAY, AS_OF, scope=scope, zone="Asia/Kathmandu")
    start = shares.shortest("recontact", question)
    for begins, wanted in ((start, 30), (start + DAY, 29)):
        asked = histories.question(begins, AS_OF, scope=scope)
        assert recontact.report(asked).total.any_issue.den == wanted
