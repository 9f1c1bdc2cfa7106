"""The climb on a ladder: steps, repeats, nobody there, acknowledged, replaced, after an outage."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.actions import scheduling
from followups.clock import reminders
from followups.models import Actor, Event, FollowUp, Ladder, LadderStep, Notice, Reminder
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # a Thursday, 09:00 at the desk
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return DUE + timedelta(minutes=minutes)


@pytest.fixture
def people():
    front = factories.team()
    found = {
        "front": front,
        "ada": factories.agent("ada", team=front),
        "eve": factories.agent("eve", team=front, last_name="Moss"),
        "kim": factories.agent("kim"),
        "sam": factories.agent("sam", role="supervisor", team=front),
    }
    front.lead, front.manager = found["eve"], found["kim"]
    front.save()
    return found


def ladder(people, *steps: dict, **fields) -> Ladder:
    row = Ladder.objects.create(team=people["front"], name="Ours", made_at=NOW, **fields)
    for place, step in enumerate(steps):
        LadderStep.objects.create(ladder=row, position=place, **step)
    return row


OWNER = {"audience": "owner", "after_minutes": 10}
LEAD = {"audience": "lead", "after_minutes": 60}
MANAGER = {"audience": "manager", "after_minutes": 120}


def promise(people, **fields) -> FollowUp:
    given = {"owner": people["ada"], **fields}
    return factories.promise(promised_by=DUE, now=at(-30), team=people["front"], **given)


def heard(row: FollowUp) -> list[tuple]:
    rows = Notice.objects.filter(follow_up=row, stage__in=["overdue", "escalated"]).order_by(
        "at", "recipient__username"
    )
    return [
        (round((n.at - DUE).total_seconds() / 60), n.stage, n.repeat, n.recipient.username)
        for n in rows.select_related("recipient")
    ]


def sweep_over(*minutes: float) -> None:
    for minute in minutes:
        reminders.sweep(now=at(minute))


def states(row: FollowUp) -> list[tuple]:
    return sorted(row.reminders.exclude(stage="ahead").values_list("stage", "repeat", "state"))


def test_each_step_is_heard_once_at_its_instant_by_its_people(people):
    ladder(people, OWNER, {**LEAD, "channels": ["sms"]}, MANAGER)
    row = promise(people)
    sweep_over(0, 9, 10, 59, 60, 119, 120, 600)
    assert heard(row) == [(10, "overdue", 0, "ada"), (60, "escalated", 0, "eve"), (120, "escalated", 1, "kim")]
    steps = dict(
        Notice.objects.filter(ladder_step__isnull=False).values_list("recipient__username", "ladder_step__audience")
    )
    assert steps == {"ada": "owner", "eve": "lead", "kim": "manager"}
    assert list(Notice.objects.filter(to_route=True).values_list("recipient__username", flat=True)) == ["eve"]
    row.refresh_from_db()
    assert row.stage == "escalated"


def test_whoever_pushes_is_passed_on_at_every_stage(people):
    people["ada"].pushes = True
    people["ada"].save()
    promise(people)
    sweep_over(0, 30, 120)
    assert sorted(Notice.objects.values_list("stage", "to_route")) == [
        ("due", True),
        ("escalated", False),
        ("overdue", True),
    ]


def test_repeats_follow_one_by_one_then_each_working_day_until_the_next_step(people):
    ladder(
        people,
        {**OWNER, "repeat_minutes": 20, "repeats": 5},
        {**LEAD, "repeat_minutes": 60, "repeats": 1},
    )
    row = promise(people)
    sweep_over(10)
    assert states(row) == [
        ("due", 0, "passed_over"),
        ("escalated", 0, "waiting"),
        ("overdue", 0, "sent"),
        ("overdue", 1, "waiting"),
    ], "the next repeat alone is written"
    sweep_over(30, 50, 60, 70, 120, 180)
    assert heard(row) == [
        (10, "overdue", 0, "ada"),
        (30, "overdue", 1, "ada"),
        (50, "overdue", 2, "ada"),
        (60, "escalated", 0, "eve"),
        (120, "escalated", 1, "eve"),
    ]
    assert row.reminders.get(state="waiting").due_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    reminders.sweep(now=datetime(2026, 11, 20, 9, tzinfo=UTC))
    reminders.sweep(now=datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert [line[1:] for line in heard(row)[-2:]] == [("escalated", 2, "eve"), ("escalated", 3, "eve")]
    assert Event.objects.filter(kind="follow_up.escalated").count() == 4


def test_a_late_repeat_is_counted_from_when_it_was_said_so_that_none_burst(people):
    ladder(people, {**OWNER, "repeat_minutes": 10, "repeats": 9})
    row = promise(people)
    sweep_over(10, 95)
    assert [line[0] for line in heard(row)] == [10, 95]
    assert row.reminders.get(state="waiting").due_at == at(105)
    assert Notice.objects.get(repeat=1).late_by_seconds == 75 * 60


def test_where_nobody_is_there_the_next_step_is_told_at_once_and_not_again_at_its_time(people):
    ladder(people, OWNER, LEAD, MANAGER)
    row = promise(people)
    factories.away(people["ada"], at(1000))
    factories.away(people["eve"], at(1000))
    sweep_over(10)
    assert heard(row) == [(10, "escalated", 1, "kim")]
    assert states(row) == [
        ("due", 0, "passed_over"),
        ("escalated", 0, "waiting"),
        ("escalated", 1, "sent"),
        ("overdue", 0, "passed_over"),
    ]
    row.refresh_from_db()
    assert row.stage == "escalated"
    event = Event.objects.get(kind="follow_up.escalated")
    assert event.data["why"] == "nobody"
    sweep_over(60, 120, 600)
    assert heard(row) == [(10, "escalated", 1, "kim")], "who was told is told once"
    assert {state for _, _, state in states(row)} == {"sent", "passed_over"}


def test_a_step_between_is_heard_at_its_time_by_whoever_came_back(people):
    ladder(people, OWNER, LEAD, MANAGER)
    row = promise(people)
    factories.away(people["ada"], at(1000))
    away = factories.away(people["eve"], at(1000))
    sweep_over(10)
    away.delete()
    sweep_over(60, 120)
    assert heard(row) == [(10, "escalated", 1, "kim"), (60, "escalated", 0, "eve")]


def test_a_stand_in_hears_what_the_owner_would(people):
    ladder(people, OWNER, LEAD)
    row = promise(people)
    factories.away(people["ada"], at(1000), stand_in=people["kim"])
    sweep_over(10)
    assert heard(row) == [(10, "overdue", 0, "kim")]


def test_of_a_team_s_own_follow_up_the_promiser_hears_else_the_team(people):
    ladder(people, OWNER, MANAGER)
    ours = promise(people, owner=None, promiser=people["ada"])
    nobodys = promise(people, owner=None)
    sweep_over(10)
    assert heard(ours) == [(10, "overdue", 0, "ada")]
    assert heard(nobodys) == [(10, "overdue", 0, name) for name in ("ada", "eve", "sam")]


def test_an_acknowledgement_holds_the_climb_and_its_repeats_for_as_long_as_the_ladder_says(people):
    ladder(people, {**OWNER, "repeat_minutes": 15, "repeats": 9}, LEAD, holds_minutes=90)
    row = promise(people)
    sweep_over(10)
    by = Actor(door="web", agent=people["ada"])
    held = scheduling.acknowledge(follow_up=row, by=by, now=at(20))
    assert held.acknowledged_until == at(110)
    sweep_over(25, 60, 109)
    assert heard(row) == [(10, "overdue", 0, "ada")]
    sweep_over(110)
    assert heard(row) == [(10, "overdue", 0, "ada"), (110, "escalated", 0, "eve")]


def test_nobody_is_told_past_somebody_who_is_on_it(people):
    ladder(people, OWNER, LEAD)
    row = promise(people)
    factories.away(people["ada"], at(1000))
    scheduling.acknowledge(follow_up=row, by=Actor(door="web", agent=people["sam"]), now=at(5))
    sweep_over(10)
    assert heard(row) == []
    assert ("escalated", 0, "waiting") in states(row)


@pytest.mark.parametrize(("counts", "until"), [([], None), (["taken"], 245)])
def test_taking_counts_as_an_acknowledgement_where_the_ladder_says_so(people, counts, until):
    ladder(people, OWNER, LEAD, acknowledging=counts)
    row = promise(people)
    taken = scheduling.take(follow_up=row, by=Actor(door="web", agent=people["ada"]), now=at(5))
    assert taken.acknowledged_until == (until and at(until))
    assert taken.acknowledged_by == (people["ada"] if until else None)


def test_what_climbs_goes_on_climbing_the_ladder_it_began_on(people):
    old = ladder(people, OWNER, LEAD)
    row = promise(people)
    old.replaced_at = at(5)
    old.save()
    ladder(people, {**OWNER, "after_minutes": 20}, {**MANAGER, "after_minutes": 30})
    after = promise(people)
    sweep_over(10, 20, 30, 60)
    assert heard(row) == [(10, "overdue", 0, "ada"), (60, "escalated", 0, "eve")]
    assert heard(after) == [(20, "overdue", 0, "ada"), (30, "escalated", 0, "kim")]


def test_after_an_outage_the_latest_step_alone_is_told_and_the_others_are_passed_over(people):
    ladder(people, OWNER, LEAD, MANAGER)
    row = promise(people)
    reminders.sweep(now=at(180))
    assert heard(row) == [(180, "escalated", 1, "kim")]
    assert Notice.objects.get().late_by_seconds == 3600
    assert {(stage, state) for stage, _, state in states(row)} == {
        ("due", "passed_over"),
        ("overdue", "passed_over"),
        ("escalated", "passed_over"),
        ("escalated", "sent"),
    }


def test_a_step_in_any_time_is_heard_before_one_that_waits_for_the_office(people):
    friday = datetime(2026, 11, 20, 16, 55, tzinfo=UTC)
    ladder(people, {**OWNER, "after_minutes": 15}, {**LEAD, "elapsing": "elapsed"})
    row = factories.promise(
        promised_by=friday, now=friday - timedelta(minutes=9), team=people["front"], owner=people["ada"]
    )
    reminders.sweep(now=friday + timedelta(hours=1))
    monday = datetime(2026, 11, 23, 9, 10, tzinfo=UTC)
    reminders.sweep(now=monday)
    rows = (
        Notice.objects.filter(follow_up=row)
        .exclude(stage="due")
        .order_by("at")
        .values_list("at", "stage", "recipient__username")
    )
    assert list(rows) == [
        (friday + timedelta(hours=1), "escalated", "eve"),
        (monday, "overdue", "ada"),
    ]
    row.refresh_from_db()
    assert row.stage == "escalated", "it never goes back"


def test_ladders_cost_the_same_queries_for_one_as_for_thirty(people):
    ladder(people, {**OWNER, "repeat_minutes": 20, "repeats": 5}, LEAD)

    def cost(n: int) -> int:
        Reminder.objects.all().delete()
        for _ in range(n):
            promise(people)
        with CaptureQueriesContext(connection) as queries:
            assert reminders.sweep(now=at(10)) == n
        return len(queries)

    assert cost(1) == cost(30)
