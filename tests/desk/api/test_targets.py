from datetime import UTC, datetime, timedelta

import pytest

from followups.models import Target

from .conftest import error_fields


@pytest.fixture
def aimed(desk):
    """Three hours of any time."""
    return Target.objects.create(
        team=desk.billing, kind="resolution", amount=180, elapsing="elapsed", made_at=datetime.now(UTC)
    )


def later(hours):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def clocks(api, ticket):
    return api.get(f"/tickets/{ticket.number}/targets").json()


def test_a_ticket_without_targets_has_no_clocks(api, log):
    assert clocks(api, log()) == {"clocks": [], "pause": None}


def test_a_clock_says_how_it_stands(api, aimed, log):
    found = clocks(api, log())["clocks"][0]
    assert (found["kind"], found["rule"], found["state"], found["stopped_at"]) == ("resolution", None, "running", None)
    assert found["used_seconds"] + found["left_seconds"] in (10_799, 10_800)
    assert 3590 <= found["used_seconds"] <= 3660  # logged an hour ago


def test_parked_and_taken_up_again(api, aimed, log):
    ticket = log()
    body = {"question": "Which account?", "until_at": later(5)}
    answer = api.post(f"/tickets/{ticket.number}/pauses", body)
    assert answer.status_code == 201
    pause = answer.json()
    assert (pause["ticket"], pause["reason"], pause["question"], pause["ended_at"]) == (
        ticket.number,
        "customer",
        "Which account?",
        None,
    )
    found = clocks(api, ticket)
    assert (found["pause"], found["clocks"][0]["state"]) == (pause, "paused")
    twice = api.post(f"/tickets/{ticket.number}/pauses", body)
    assert (twice.status_code, twice.json()["code"]) == (409, "already-paused")
    ended = api.post(f"/pauses/{pause['id']}/ending")
    assert (ended.status_code, ended.json()["ended_at"] is not None) == (200, True)
    assert clocks(api, ticket)["pause"] is None
    again = api.post(f"/pauses/{pause['id']}/ending")
    assert (again.status_code, again.json()["code"]) == (409, "already-ended")


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"question": None}, {"question": "required"}),
        ({"until_at": None}, {"until_at": "required"}),
        ({"until_at": "2026-01-01T00:00:00"}, {"until_at": "naive-instant"}),
        ({"until_at": "2020-01-01T00:00:00Z"}, {"until_at": "in-the-past"}),
        ({"reason": "lunch"}, {"reason": "unknown-choice"}),
        ({"colour": "red"}, {"colour": "unknown-field"}),
        ({"ended_at": "2030-01-01T00:00:00Z"}, {"ended_at": "read-only-field"}),
    ],
)
def test_what_a_pause_needs_is_named(api, aimed, log, change, errors):
    body = {"question": "Which account?", "until_at": later(5), **change}
    answer = api.post(f"/tickets/{log().number}/pauses", body)
    assert (answer.status_code, error_fields(answer)) == (400, errors)


def test_nothing_runs_nothing_is_paused(api, log):
    answer = api.post(f"/tickets/{log().number}/pauses", {"question": "Which?", "until_at": later(5)})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-to-pause")


def test_a_pause_of_another_team_is_not_there(api, aimed, log, token, desk):
    pause = api.post(f"/tickets/{log().number}/pauses", {"question": "Which?", "until_at": later(5)}).json()
    assert token("all", agent=desk.olu).post(f"/pauses/{pause['id']}/ending").status_code == 404


def test_clocks_cost_the_same_however_many(api, aimed, log, django_assert_num_queries):
    ticket = log()
    clocks(api, ticket)
    for kind in ("", "first_response", "next_update"):
        if kind:
            Target.objects.create(team=ticket.team, kind=kind, amount=60, made_at=datetime.now(UTC))
            ticket = log()
        with django_assert_num_queries(8):
            clocks(api, ticket)
