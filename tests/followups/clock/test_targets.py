"""The sweep of targets: each warning and each breach once, to those who are there."""

from datetime import UTC, datetime, timedelta

import pytest

from followups import numbers
from followups.actions import closing, intake, parking
from followups.clock import targets
from followups.models import Absence, Actor, Event, Notice, Pause, Policy, Target, TargetClock
from tests import factories
from tests.followups.actions.racing import at_once

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def desk(db):
    team = factories.team("Billing")
    ada, sam = factories.agent("ada", team=team), factories.agent("sam", "supervisor", team=team)
    Policy.objects.create(team=team, zone="UTC")
    aim(team)
    return {"team": team, "ada": ada, "sam": sam}


def aim(team, kind="resolution", minutes=240, **fields):
    return Target.objects.create(team=team, kind=kind, amount=minutes, made_at=NOW, **fields)


def log(desk, **fields):
    given = {"subject": "Refund missing", "category": "Billing", "channel": "phone", "team": desk["team"]}
    by = Actor("web", agent=desk["ada"])
    return intake.open_ticket(intake=intake.Intake(**{**given, "agent": desk["ada"], **fields}), by=by, now=NOW)[0]


def told():
    return list(
        Notice.objects.filter(kind="target")
        .order_by("at", "recipient__username")
        .values_list("recipient__username", "text")
    )


def test_warned_before_and_told_when_missed_each_once(desk):
    ticket = log(desk)
    assert targets.sweep(now=NOW + 3 * HOUR - MINUTE) == 0
    assert [targets.sweep(now=NOW + 3 * HOUR + n * MINUTE) for n in range(3)] == [1, 0, 0]
    assert [targets.sweep(now=NOW + 4 * HOUR + n * MINUTE) for n in range(3)] == [1, 0, 0]
    words = f'resolution, the customer, {numbers.read_aloud(ticket.number)} "Refund missing"'
    assert told() == [
        ("ada", f"Due by 14:00: {words}"),
        ("ada", f"Missed, due 14:00: {words}"),
        ("sam", f"Missed, due 14:00: {words}"),
    ]
    row = TargetClock.objects.get()
    assert (row.warned_at, row.breached_at, row.next_at) == (NOW + 3 * HOUR, NOW + 4 * HOUR, None)
    assert Event.objects.get(kind="target.breached").ticket == ticket


def test_after_an_outage_only_the_breach_is_told(desk):
    log(desk)
    assert targets.sweep(now=NOW + 30 * HOUR) == 1
    assert [name for name, _ in told()] == ["ada", "sam"]


def test_what_was_stopped_is_not_told(desk):
    ticket = log(desk)
    given = closing.Closing("resolved", evidence="observed", evidence_text="Paid")
    closing.close(ticket=ticket, closing=given, by=Actor("web", agent=desk["ada"]), now=NOW + HOUR)
    assert targets.sweep(now=NOW + 30 * HOUR) == 0


def test_a_due_instant_that_moved_is_told_anew(desk):
    ticket = log(desk)
    targets.sweep(now=NOW + 3 * HOUR)
    by = Actor("web", agent=desk["ada"])
    until = NOW + 5 * HOUR
    parking.pause(ticket=ticket, question="Which account?", until_at=until, by=by, now=NOW + 3 * HOUR)
    assert TargetClock.objects.get().next_at == until
    assert targets.sweep(now=until) == 2  # the warning, and the pause that ran out
    texts = [text for _, text in told()]
    assert len(texts) == 3
    assert any(text.startswith("No answer, the clock runs on:") and text.endswith("Which account?") for text in texts)
    pause = Pause.objects.get()
    assert (pause.ended_at, pause.why_ended) == (until, "ran_out")
    assert targets.sweep(now=until + MINUTE) == 0


def test_the_team_hears_where_the_owner_is_away(desk):
    factories.agent("bea", team=desk["team"])
    Absence.objects.create(agent=desk["ada"], from_at=NOW, until_at=NOW + 20 * HOUR)
    log(desk)
    targets.sweep(now=NOW + 3 * HOUR)
    assert [name for name, _ in told()] == ["bea", "sam"]


def test_it_costs_the_same_however_many_are_due(desk, django_assert_num_queries):
    for count in (1, 3):
        for _ in range(count):
            log(desk)
        with django_assert_num_queries(20):
            assert targets.sweep(now=NOW + 4 * HOUR) == count


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_it_once(desk):
    for _ in range(5):
        log(desk)
    found = at_once(lambda: targets.sweep(now=NOW + 4 * HOUR), lambda: targets.sweep(now=NOW + 4 * HOUR))
    assert sum(found) == 5
    assert len(told()) == 10
