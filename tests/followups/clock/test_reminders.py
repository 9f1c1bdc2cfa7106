"""Every stage is noticed once, by the right people, in the words they need."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from followups.clock import due, reminders
from followups.models import Absence, Event, FollowUp, FollowUpState, Notice, Reminder, ReminderState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)  # a Thursday, 09:00 at the desk
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


@pytest.fixture
def desk():
    """A team with ada and eve (agents) and sam (supervisor); olu and ola elsewhere."""
    front, other = factories.team(), factories.team("Elsewhere")
    people = {
        "ada": factories.agent("ada", team=front, last_name="Stone"),
        "eve": factories.agent("eve", team=front),
        "sam": factories.agent("sam", role="supervisor", team=front),
        "olu": factories.agent("olu", team=other),
        "ola": factories.agent("ola", role="supervisor", team=other),
    }
    return front, people


def away(agent, until_at: datetime, stand_in=None) -> None:
    Absence.objects.create(agent=agent, from_at=NOW, until_at=until_at, stand_in=stand_in)


def heard() -> list[tuple[str, str]]:
    return sorted(Notice.objects.values_list("recipient__username", "stage"))


def states(row: FollowUp) -> dict[str, str]:
    return dict(row.reminders.values_list("stage", "state"))


def test_stages_come_one_after_the_other_each_once(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    told = []
    for after in (-61, -60, -1, 0, 0.1, 29, 30, 119, 120, 600):
        reminders.sweep(now=DUE + minutes(after))
        row.refresh_from_db()
        told.append((after, row.stage, len(heard())))
    assert told == [
        (-61, "", 0),
        (-60, "ahead", 1),
        (-1, "ahead", 1),
        (0, "due", 2),
        (0.1, "due", 2),
        (29, "due", 2),
        (30, "overdue", 3),
        (119, "overdue", 3),
        (120, "escalated", 4),
        (600, "escalated", 4),
    ]
    assert heard() == [("ada", "ahead"), ("ada", "due"), ("ada", "overdue"), ("sam", "escalated")]
    kinds = list(Event.objects.order_by("id").values_list("kind", "by_name", "door"))
    assert kinds == [(f"follow_up.{stage}", "the desk", "clock") for stage in ("due", "overdue", "escalated")]


def test_revision_stays_when_the_stage_moves(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    reminders.sweep(now=DUE)
    row.refresh_from_db()
    assert (row.stage, row.revision, row.updated_at) == ("due", 1, NOW)


def test_after_three_days_off_only_the_latest_stage_is_sent_and_marked_late(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    back = DUE + timedelta(days=3)
    assert reminders.sweep(now=back) == 1
    assert heard() == [("sam", "escalated")]
    passed = ReminderState.PASSED_OVER
    assert states(row) == {"ahead": passed, "due": passed, "overdue": passed, "escalated": ReminderState.SENT}
    notice = Notice.objects.get()
    assert notice.late_by_seconds == 3 * 86_400 - 2 * 3600
    assert notice.text.endswith("(reminder 2 days late)")
    assert list(Event.objects.values_list("kind", flat=True)) == ["follow_up.escalated"]


def test_a_minute_late_is_on_time(desk):
    front, people = desk
    factories.promise(promised_by=DUE, now=DUE - minutes(30), team=front, owner=people["ada"])
    reminders.sweep(now=DUE + minutes(1))
    notice = Notice.objects.get()
    assert (notice.late_by_seconds, "late" in notice.text) == (0, False)


def test_oldest_first_after_an_outage(desk):
    front, people = desk
    due = [DUE + minutes(n) for n in (20, 5, 10)]
    for instant in due:
        factories.promise(promised_by=instant, now=NOW, team=front, owner=people["ada"], promise=f"{instant:%H:%M}")
    reminders.sweep(now=DUE + minutes(25))
    order = list(Event.objects.order_by("id").values_list("follow_up__promise", flat=True))
    assert order == ["12:05", "12:10", "12:20"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ["ada"]),
        ({"is_active": False}, ["eve", "sam"]),
        ({"away_until": DUE + timedelta(days=1)}, ["eve", "sam"]),
        ({"away_until": DUE}, ["ada"]),
    ],
    ids=["at work", "inactive", "away", "just back"],
)
def test_the_owner_hears_else_the_team_at_work(desk, change, expected):
    front, people = desk
    if until := change.get("away_until"):
        factories.away(people["ada"], until)
    people["ada"].is_active = change.get("is_active", True)
    people["ada"].save()
    factories.promise(promised_by=DUE, now=DUE - minutes(30), team=front, owner=people["ada"])
    reminders.sweep(now=DUE)
    assert [name for name, _ in heard()] == expected


def test_of_a_team_follow_up_the_promiser_hears_until_it_is_overdue(desk):
    front, people = desk
    factories.promise(promised_by=DUE, now=NOW, team=front, promiser=people["ada"])
    for instant in (DUE - minutes(60), DUE, DUE + minutes(30)):
        reminders.sweep(now=instant)
    assert heard() == [("ada", "ahead"), ("ada", "due"), ("ada", "overdue"), ("eve", "overdue"), ("sam", "overdue")]


def test_a_promiser_of_another_team_does_not_hear(desk):
    front, people = desk
    factories.promise(promised_by=DUE, now=DUE - minutes(30), team=front, promiser=people["olu"])
    reminders.sweep(now=DUE)
    assert [name for name, _ in heard()] == ["ada", "eve", "sam"]


def test_a_team_with_nobody_at_work_goes_to_its_supervisors_then_to_all(desk):
    front, people = desk
    for name in ("ada", "eve", "sam"):
        factories.away(people[name], DUE + timedelta(days=1))
    factories.promise(promised_by=DUE, now=DUE - minutes(30), team=front)
    reminders.sweep(now=DUE)
    assert [name for name, _ in heard()] == ["sam"]
    people["sam"].is_active = False
    people["sam"].save()
    reminders.sweep(now=DUE + minutes(30))
    assert heard() == [("ola", "overdue"), ("sam", "due")]


def test_without_a_team_all_supervisors_hear(desk):
    factories.promise(promised_by=DUE, now=DUE - minutes(30))
    reminders.sweep(now=DUE)
    assert [name for name, _ in heard()] == ["ola", "sam"]


def test_the_new_owner_hears_not_the_old_one(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    FollowUp.objects.filter(pk=row.pk).update(owner=people["eve"])
    reminders.sweep(now=DUE)
    assert heard() == [("eve", "due")]


def test_an_ended_follow_up_reminds_nobody(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    factories.follow_up(row.ticket, promised_by=DUE + timedelta(days=9), now=NOW)
    FollowUp.objects.filter(pk=row.pk).update(state=FollowUpState.KEPT, ended_at=DUE)
    assert reminders.sweep(now=DUE) == 0
    assert heard() == []
    assert states(row) == {"ahead": "dropped", "due": "dropped", "overdue": "waiting", "escalated": "waiting"}


def test_reminders_of_an_older_date_are_dropped(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    FollowUp.objects.filter(pk=row.pk).update(version=2, promised_by=DUE + timedelta(days=1))
    assert reminders.sweep(now=DUE + minutes(120)) == 0
    assert (heard(), set(states(row).values())) == ([], {"dropped"})


def test_an_acknowledged_follow_up_climbs_only_when_the_hold_is_over(desk):
    front, people = desk
    held = DUE + minutes(300)
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    FollowUp.objects.filter(pk=row.pk).update(acknowledged_until=held)
    reminders.sweep(now=DUE + minutes(120))
    assert heard() == [("ada", "overdue")]
    assert row.reminders.get(stage="escalated").due_at == held
    reminders.sweep(now=held)
    assert heard() == [("ada", "overdue"), ("sam", "escalated")]


def test_a_stage_behind_the_one_reached_is_passed_over(desk):
    front, people = desk
    row = factories.promise(promised_by=DUE, now=NOW, team=front, owner=people["ada"])
    reminders.sweep(now=DUE + minutes(120))
    Reminder.objects.filter(follow_up=row, stage="due").update(state=ReminderState.WAITING)
    reminders.sweep(now=DUE + minutes(121))
    assert states(row)["due"] == ReminderState.PASSED_OVER
    assert heard() == [("sam", "escalated")]


def test_words_say_what_to_do_for_whom_and_until_when(desk):
    front, people = desk
    people["ada"].zone = "America/New_York"
    people["ada"].save()
    row = factories.promise(
        promised_by=DUE,
        promised_from=DUE - minutes(120),
        now=NOW,
        team=front,
        owner=people["ada"],
        told_at=NOW,
        customer=factories.customer(now=NOW),
        promise="We call you with what we know. " * 10,
    )
    row.ticket.number = "104277"
    row.ticket.save()
    for instant in (DUE - minutes(135), DUE, DUE + minutes(30), DUE + timedelta(days=1)):
        reminders.sweep(now=instant)
    texts = list(Notice.objects.order_by("at").values_list("text", flat=True))
    who = 'call Ana Lopez, 104 277 "Refund missing" - promised: We call you with what we know.'
    assert [text[: text.index(".") + 1] for text in texts] == [
        f"Coming up 05:00 to 07:00: {who}",
        f"Due now, 07:00: {who}",
        f"Overdue since 07:00: {who}",
        f"Escalated, due since Thu 19 Nov 12:00, with Ada Stone: {who}",
    ]
    assert [len(text) <= 200 for text in texts] == [True] * 4
    assert texts[-1].endswith("… (reminder 22 h late)")


def test_one_and_forty_cost_the_same_queries(desk):
    front, people = desk

    def cost(n: int, at: datetime) -> int:
        for i in range(n):
            factories.promise(promised_by=at, now=at - minutes(30), team=front, owner=people["ada" if i % 2 else "eve"])
        with CaptureQueriesContext(connection) as queries:
            assert reminders.sweep(now=at) == n
        return len(queries)

    assert cost(1, DUE) == cost(40, DUE + minutes(1)) == 14


def test_the_claim_reads_the_partial_index_alone(desk):
    front, people = desk
    for n in range(60):
        factories.promise(promised_by=DUE + timedelta(days=n), now=NOW, team=front, owner=people["ada"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE followups_reminder, followups_followup")
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("EXPLAIN " + due.CLAIM, [NOW, 500])
        plan = "\n".join(row[0] for row in cursor)
        cursor.execute("RESET enable_seqscan")
    assert "reminder_waiting" in plan
