"""Policies: every field, what they would promise now, a team's own and the desk's."""

from datetime import date, time

import pytest

from desk.web.forms.policies import GROUPS
from followups.models import Policy
from followups.models.policies import SENTENCE
from tests import factories

FIELDS = [name for _, names in GROUPS for name in names]
SENT = {
    "sentence": "News {window}.",
    "first_update_days": "1",
    "proposal_days": "3",
    "high_proposal_days": "1",
    "high_priorities": "vip, P1",
    "window_minutes": "60",
    "daily_minutes": "45",
    "minutes_each": "6",
    "longest_days": "4",
    "horizon_days": "20",
    "contact_days": ["0", "1", "2", "3", "4"],
    "contact_from": "10:00",
    "contact_until": "19:00",
    "calls_a_day": "2",
    "calls_a_week": "5",
    "review_no_news": "3",
    "review_follow_ups": "4",
    "review_days": "10",
}


def untouched():
    """Whether the desk's policy is the one it began with, and no team has its own."""
    return list(Policy.objects.values_list("team", "daily_minutes", "sentence")) == [(None, 90, SENTENCE)]


def test_the_form_holds_every_field_of_a_policy_but_those_of_its_calendar():
    calendar = {"zone", "week", "special_days"}
    whose = {"id", "team", "own_hours", "own_rules"}
    assert sorted(FIELDS) == sorted({field.name for field in Policy._meta.fields} - calendar - whose)
    assert sorted(SENT) == sorted(FIELDS)


def test_the_desks_policy_is_saved_field_by_field(office, as_):
    answer = as_(office.root).post("/policy", SENT)
    assert (answer.status_code, answer.url) == (302, "/policy")
    row = Policy.objects.get(team=None)
    kept = {name: getattr(row, name) for name in FIELDS}
    numbers = {name: int(value) for name, value in SENT.items() if isinstance(value, str) and value.isdigit()}
    assert kept == {
        **numbers,
        "sentence": "News {window}.",
        "high_priorities": ["vip", "P1"],
        "contact_days": [0, 1, 2, 3, 4],
        "contact_from": time(10),
        "contact_until": time(19),
    }


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("contact_until", "10:00", "contact_until"),
        ("sentence", "We call you.", "sentence"),
        ("window_minutes", "4", "window_minutes"),
        ("window_minutes", "40000", "window_minutes"),
        ("daily_minutes", "0", "daily_minutes"),
        ("high_priorities", "x" * 61, "high_priorities"),
        ("high_priorities", "a\x00b", "high_priorities"),
        ("calls_a_day", "-1", "calls_a_day"),
    ],
)
def test_what_no_team_can_work_by_is_refused_at_its_field(office, as_, field, value, at):
    answer = as_(office.root).post("/policy", {**SENT, field: value})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, [at])
    assert "The form cannot be read as it stands." in answer.content.decode()
    assert untouched()


def test_a_team_takes_a_policy_of_its_own_and_gives_it_back(office, as_):
    client, path = as_(office.root), f"/policy/{office.billing.pk}"
    client.post("/policy", {**SENT, "daily_minutes": "30"})
    assert client.get(path).context["form"]["daily_minutes"].value() == 30
    assert client.post(path, {**SENT, "daily_minutes": "60"}).url == path
    assert Policy.objects.get(team=office.billing).daily_minutes == 60
    assert Policy.objects.get(team=None).daily_minutes == 30
    assert client.post(f"{path}/dropping").url == path
    assert Policy.objects.of(office.billing.pk).team is None


def test_the_preview_says_what_a_dead_end_would_promise(office, as_):
    """It is Tuesday 11:00 in Madrid. Three working days on, with Wednesday closed, comes the Wednesday after."""
    hours = {"week": factories.week(range(3)), "special_days": factories.off(date(2026, 11, 25))}
    Policy.objects.filter(team=None).update(zone="Europe/Madrid", **hours)
    answer = as_(office.root).post("/policy/preview", SENT)
    said = "News on Wednesday 2 December between 11:00 and 12:00."
    assert answer.context["dead_end"].sentence == said
    assert said in answer.content.decode()
    assert untouched()


def test_the_preview_of_nonsense_says_so(office, as_):
    page = as_(office.root).post("/policy/preview", {**SENT, "contact_from": "23:00"}).content.decode()
    assert "The form cannot be read as it stands." in page
    closed = as_(office.root).post("/policy/preview", {**SENT, "contact_from": "20:00", "contact_until": "21:00"})
    assert "No slot is free." in closed.content.decode()


def test_the_page_shows_the_preview_of_what_holds(office, as_):
    page = as_(office.sam).get("/policy").content.decode()
    assert "We will call you on Thursday 26 November between 10:00 and 12:00" in page


@pytest.mark.parametrize("reader", ["sam", "aud"])
def test_supervisors_and_auditors_read_policies(office, as_, reader):
    client, path = as_(getattr(office, reader)), f"/policy/{office.billing.pk}"
    page = client.get(path).content.decode()
    assert 'name="sentence" cols="40" rows="2" maxlength="300" required' in page or "disabled" in page
    assert [client.post(one, SENT).status_code for one in ("/policy", path, f"{path}/dropping", "/policy/preview")] == [
        403
    ] * 4
    assert untouched()


def test_a_team_that_is_not_there_has_no_policy(office, as_):
    assert as_(office.root).get("/policy/99999").status_code == 404


@pytest.mark.parametrize("count", [0, 2])
def test_the_page_asks_as_often_for_two_teams_as_for_four(office, as_, django_assert_num_queries, count):
    for place in range(count):
        type(office.billing).objects.create(name=f"Team {place}")
    client = as_(office.sam)
    with django_assert_num_queries(7):
        client.get("/policy")
