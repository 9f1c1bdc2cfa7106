"""Told at once to the step after the owner: reopened twice, no news twice, a promise broken; once for each cause."""

from datetime import UTC, datetime, timedelta

import pytest

from followups.actions import closing, promising, scheduling
from followups.models import Actor, Event, Ladder, LadderStep, Notice
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def people():
    team = factories.team()
    found = {name: factories.agent(name, team=team) for name in ("ada", "eve")}
    found["sam"] = factories.agent("sam", role="supervisor", team=team)
    team.lead = found["eve"]
    team.save()
    return {**found, "team": team}


def by(agent) -> Actor:
    return Actor(door="web", agent=agent)


def told(people, **fields):
    return factories.promise(
        promised_by=NOW + DAY, now=NOW, team=people["team"], owner=people["ada"], **{"told_at": NOW, **fields}
    )


def move(row, agent, *, days: int = 2, agreed=None):
    step = promising.Step(promised_by=NOW + days * DAY)
    return scheduling.move(
        follow_up=row, step=step, reason="no news", by=by(agent), now=NOW + timedelta(hours=1), agreed_contact=agreed
    )


def review() -> list[tuple[str, str]]:
    return sorted(Notice.objects.filter(kind="review").values_list("recipient__username", "text"))


def why() -> list[str]:
    rows = Event.objects.filter(kind="follow_up.escalated").order_by("id")
    return [row.data["why"] for row in rows]


def test_a_promise_moved_by_us_alone_is_told_once_however_often_it_moves(people):
    row = told(people)
    move(row, people["ada"])
    move(row, people["ada"], days=3)
    words = (
        f"A promise to the customer was broken on {row.ticket.number} Refund missing: We call you with what we know."
    )
    assert review() == [("sam", words)]
    assert why() == ["promise_broken"]


def test_what_she_was_never_told_or_agreed_to_is_no_breach(people):
    move(told(people, told_at=None), people["ada"])
    assert (review(), why()) == ([], [])


def test_the_ladder_says_who_comes_after_the_owner_and_on_which_channels(people):
    people["eve"].pushes = False
    people["eve"].save()
    ladder = Ladder.objects.create(team=people["team"], name="Ours", made_at=NOW)
    LadderStep.objects.create(ladder=ladder, position=0, audience="owner", after_minutes=30)
    step = LadderStep.objects.create(ladder=ladder, position=1, audience="lead", after_minutes=60, channels=["sms"])
    move(told(people), people["ada"])
    notice = Notice.objects.get(kind="review")
    assert (notice.recipient, notice.ladder_step, notice.to_route) == (people["eve"], step, True)


def test_whoever_did_it_is_not_told_of_it(people):
    row = told(people)
    move(row, people["sam"])
    assert (review(), why()) == ([], ["promise_broken"])


def test_a_ticket_reopened_for_the_second_time(people):
    ticket = told(people).ticket
    for times in (1, 2):
        now = NOW + times * DAY
        evidence = {"outcome": "resolved", "evidence": "observed", "evidence_text": "The refund is on her account."}
        closing.close(ticket=ticket, closing=closing.Closing(**evidence), by=by(people["ada"]), now=now)
        ticket.refresh_from_db()
        ticket = closing.reopen(ticket=ticket, reason="it came back", by=by(people["ada"]), now=now)
        assert len(why()) == times - 1
    assert ("sam", f"Reopened 2 times: {ticket.number} Refund missing.") in review()
    assert why() == ["reopened"]
