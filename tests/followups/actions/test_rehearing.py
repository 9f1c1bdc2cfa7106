"""Hours changed while much is open: moved in batches, the earliest first, and nothing said before its time meanwhile."""

import threading
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connections, transaction

from followups.actions import calendars, promising, rehearing, scheduling
from followups.actions.calendars import Hours
from followups.clock import reminders
from followups.clock import targets as clock_targets
from followups.models import Actor, HoursChange, Notice, Policy, Reminder, Target, TargetClock
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
DUE = datetime(2026, 11, 25, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEXT_DAY_OFF = Hours(zone="", week=factories.week(), special_days=factories.off(date(2026, 11, 26)))


def utc(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def team(db):
    return factories.team("Billing")


@pytest.fixture
def root(db):
    return Actor("web", agent=factories.agent("root", "admin"))


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(rehearing, "BATCH", 2)


def escalations(rows):
    found = Reminder.objects.filter(follow_up__in=rows, stage="escalated", state="waiting")
    return list(found.order_by("follow_up__promised_by").values_list("due_at", flat=True))


@pytest.mark.usefixtures("small")
def test_the_act_moves_the_earliest_and_the_clock_the_rest(team, root):
    rows = [factories.promise(promised_by=DUE + n * timedelta(minutes=1), now=NOW, team=team) for n in range(5)]
    assert calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW) == 2
    assert [at.day for at in escalations(rows)] == [27, 27, 26, 26, 26]
    assert rehearing.remaining(team=team) == 3
    assert rehearing.go_on(now=NOW + HOUR) == 3
    assert [at.day for at in escalations(rows)] == [27] * 5
    assert rehearing.remaining(team=team) == 0


@pytest.mark.usefixtures("small")
def test_what_is_not_moved_yet_is_looked_at_before_it_is_said(team, root):
    factories.agent("sam", "supervisor", team=team)
    rows = [factories.promise(promised_by=DUE + n * timedelta(minutes=1), now=NOW, team=team) for n in range(5)]
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW)
    reminders.sweep(now=utc(26, 12))
    assert not Notice.objects.filter(stage="escalated").exists()
    assert [at.day for at in escalations(rows)] == [27] * 5
    reminders.sweep(now=utc(27, 12))
    assert Notice.objects.filter(stage="escalated").values("follow_up").distinct().count() == 5


@pytest.mark.usefixtures("small")
def test_what_climbs_is_left_where_that_was_asked_for(team, root):
    rows = [factories.promise(promised_by=DUE + n * timedelta(minutes=1), now=NOW, team=team) for n in range(5)]
    reminders.sweep(now=utc(25, 17))
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=utc(25, 17), climbing=False)
    rehearing.go_on(now=utc(25, 18))
    assert [at.day for at in escalations(rows)] == [26] * 5


@pytest.mark.usefixtures("small")
def test_targets_move_in_batches_and_are_looked_at_before_they_are_told(team, root):
    factories.agent("sam", "supervisor", team=team)
    target = Target.objects.create(team=team, kind="resolution", amount=600, warn_before=60, made_at=NOW)
    for _ in range(5):
        ticket = factories.promise(promised_by=utc(30, 16), now=NOW, team=team).ticket
        instants = {"started_at": utc(25, 9), "due_at": utc(26, 11), "next_at": utc(26, 10), "changed_at": NOW}
        TargetClock.objects.create(ticket=ticket, target=target, kind="resolution", **instants)
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW)
    assert sorted(at.day for at in TargetClock.objects.values_list("due_at", flat=True)) == [26, 26, 26, 27, 27]
    clock_targets.sweep(now=utc(26, 12))
    assert not Notice.objects.exists()
    rehearing.go_on(now=utc(26, 12))
    rows = TargetClock.objects.values_list("due_at", "next_at", "version", "warned_at")
    assert list(rows) == [(utc(27, 11), utc(27, 10), 2, None)] * 5


@pytest.mark.usefixtures("small")
def test_a_second_change_begins_anew_and_the_hours_that_hold_last_win(team, root):
    rows = [factories.promise(promised_by=DUE + n * timedelta(minutes=1), now=NOW, team=team) for n in range(5)]
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW)
    calendars.drop(team=team, by=root, now=NOW + HOUR)
    assert HoursChange.objects.get().since == NOW
    rehearing.go_on(now=NOW + HOUR)
    assert [at.day for at in escalations(rows)] == [26] * 5


@pytest.mark.usefixtures("small")
def test_a_team_that_follows_the_desk_says_what_is_left_of_the_desks_change(team, root):
    own = factories.team("Delivery")
    calendars.save(team=own, hours=Hours("", factories.week()), by=root, now=NOW)
    for n in range(3):
        factories.promise(promised_by=DUE + n * HOUR, now=NOW, team=team)
    calendars.save(team=None, hours=NEXT_DAY_OFF, by=root, now=NOW)
    assert [rehearing.remaining(team=each) for each in (None, team, own)] == [1, 1, 0]


def to_the_end(*, now):
    """Sweep until the change is over: it waits for every transaction of the cluster that was open when it was saved."""
    until = time.monotonic() + 90
    while HoursChange.objects.exists():
        assert time.monotonic() < until, "the change never came to its end"
        rehearing.go_on(now=now)
        time.sleep(0.05)


@pytest.mark.django_db(transaction=True)
def test_a_promise_planned_by_the_old_hours_meanwhile_is_moved_after_it_is_written(team, root):
    ticket = factories.ticket(now=NOW, promised_by=utc(24, 12), team=team)
    has_read, may_write = threading.Event(), threading.Event()

    def plan():
        try:
            with transaction.atomic():
                held = scheduling.hold(ticket.pk)
                policy = Policy.objects.of(team.pk)
                has_read.set()
                may_write.wait(timeout=20)
                scheduling.plan(held, promising.Step(DUE), by=root, now=NOW, policy=policy)
        finally:
            connections.close_all()

    planner = threading.Thread(target=plan)
    planner.start()
    assert has_read.wait(timeout=20)
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW)
    rehearing.go_on(now=NOW)
    assert HoursChange.objects.filter(settled=False).exists()
    may_write.set()
    planner.join(timeout=20)
    late = ticket.follow_ups.get(promised_by=DUE)
    assert [at.day for at in escalations([late])] == [26]
    to_the_end(now=NOW + HOUR)
    assert [at.day for at in escalations([late])] == [27]


@pytest.mark.django_db(transaction=True)
def test_a_change_of_another_cluster_comes_to_its_end(team, root):
    calendars.save(team=team, hours=NEXT_DAY_OFF, by=root, now=NOW)
    HoursChange.objects.update(boundary=2**62)
    to_the_end(now=NOW)
