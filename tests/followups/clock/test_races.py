"""Two workers at once, people who act meanwhile, and a worker killed between its claim and its commit."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection, transaction

from desk.local import places
from followups import notices
from followups.actions import promising, scheduling
from followups.clock import deliveries, digests, reminders, routes
from followups.models import Actor, Channel, Delivery, Event, FollowUp, Notice, Reminder, ReminderState
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 19, 9, 0, tzinfo=UTC)
DUE = datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
MADE = DUE - timedelta(minutes=30)
LATER = promising.Step(promised_by=DUE + timedelta(days=1), channel="email")


def at_once(*acts) -> None:
    """Run each in a thread with its own connection, started together; their errors are ours."""
    barrier, errors = threading.Barrier(len(acts)), []

    def run(act):
        try:
            barrier.wait(10)
            act()
        except Exception as error:  # noqa: BLE001 (raised below, in the test's own thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def promised(n: int, **fields) -> list[FollowUp]:
    team = factories.team()
    with transaction.atomic():
        return [factories.promise(promised_by=DUE, now=MADE, team=team, **fields) for _ in range(n)]


def test_two_workers_send_each_reminder_once(monkeypatch):
    monkeypatch.setattr(reminders, "BATCH", 7)
    ada = factories.agent("ada", team=factories.team())
    promised(150, owner=ada)
    sent = []
    at_once(*[lambda: sent.append(reminders.sweep(now=DUE))] * 4)
    assert sum(sent) == 150
    assert sum(1 for n in sent if n) >= 2
    assert Notice.objects.count() == Notice.objects.values("follow_up").distinct().count() == 150
    assert Event.objects.filter(kind="follow_up.due").count() == 150
    assert Counter(Reminder.objects.values_list("stage", "state"))["due", ReminderState.SENT] == 150


def test_a_row_held_by_a_person_is_left_for_the_next_tick_and_the_others_are_sent():
    ada = factories.agent("ada", team=factories.team())
    held, *others = promised(5, owner=ada)
    with transaction.atomic():
        scheduling.lock(held)
        at_once(lambda: reminders.sweep(now=DUE))
        assert set(Notice.objects.values_list("follow_up", flat=True)) == {row.pk for row in others}
    assert reminders.sweep(now=DUE + timedelta(seconds=5)) == 1


@pytest.mark.parametrize("rounds", [40, pytest.param(500, marks=pytest.mark.full)])
def test_what_people_do_meanwhile_holds_from_its_commit_on(rounds):
    """Handed over, called off or moved while the sweep is at it: the rows tell in which order they were served."""
    team = factories.team()
    ada, eve = factories.agent("ada", team=team), factories.agent("eve", team=team)
    sam = Actor(door="web", agent=factories.agent("sam", role="supervisor", team=team))
    rows = promised(rounds, owner=ada)
    acts = [
        lambda row: scheduling.assign(follow_up=row, owner=eve, by=sam, now=DUE),
        lambda row: scheduling.call_off(
            follow_up=row, called_off_by="customer", reason="solved", by=sam, now=DUE, next_step=LATER
        ),
        lambda row: scheduling.move(follow_up=row, step=LATER, reason="no news", by=sam, now=DUE),
    ]

    def people():
        for n, row in enumerate(rows):
            acts[n % 3](row)

    def clock():
        end = time.monotonic() + 30
        while Reminder.objects.filter(state="waiting", due_at__lte=DUE).exists() and time.monotonic() < end:
            reminders.sweep(now=DUE)

    at_once(people, clock, clock)
    assert [row.pk for row in rows if not served_in_order(row, ada, eve)] == []


def served_in_order(row: FollowUp, old, new) -> bool:
    """Events are numbered while their writer holds the follow-up, so their order is that of the commits."""
    kinds = list(row.events.exclude(kind="follow_up.scheduled").order_by("id").values_list("kind", flat=True))
    heard = list(Notice.objects.filter(follow_up=row, kind="reminder").values_list("recipient_id", flat=True))
    if kinds == ["follow_up.due", kinds[-1]]:
        return heard == [old.pk]
    if kinds == ["follow_up.assigned", "follow_up.due"]:
        return heard == [new.pk]
    return kinds in (["follow_up.called_off"], ["follow_up.moved"]) and heard == []


SWEEP_ONCE = """
import datetime, django
django.setup()
from followups.clock import reminders
reminders.sweep(now=datetime.datetime.fromisoformat("2026-11-19T12:00:00+00:00"))
"""
SLOW = """
CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(3); RETURN NULL; END $$;
CREATE TRIGGER slowly AFTER UPDATE ON followups_reminder FOR EACH STATEMENT EXECUTE FUNCTION slowly();
"""
NOT_SLOW = "DROP TRIGGER slowly ON followups_reminder; DROP FUNCTION slowly();"


def execute(sql: str) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def slow_database():
    """Updates of reminders rest for three seconds, so that a sweep can be met between its claim and its commit."""
    execute(SLOW)
    yield
    execute(NOT_SLOW)  # waits until whoever holds the table is gone


def another_process(code: str) -> subprocess.Popen:
    at = connection.settings_dict
    address = f"postgres://{at['USER']}:{at['PASSWORD'] or ''}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "desk.settings"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=places.ROOT)


def wait_until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_a_worker_killed_between_claim_and_commit_loses_nothing(slow_database):
    ada = factories.agent("ada", team=factories.team())
    promised(20, owner=ada)
    worker = another_process(SWEEP_ONCE)
    try:
        wait_until(lambda: execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
        assert reminders.sweep(now=DUE) == 0  # all of them are held
    finally:
        worker.send_signal(signal.SIGKILL)
        assert worker.wait(10) == -signal.SIGKILL
    assert Notice.objects.count() == 0
    wait_until(lambda: not execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'"))
    wait_until(lambda: reminders.sweep(now=DUE) == 20)
    assert reminders.sweep(now=DUE) == 0
    assert Notice.objects.count() == Notice.objects.values("follow_up").distinct().count() == 20


def test_two_senders_send_each_message_once(settings):
    settings.MAIL_REACHES_PEOPLE = True
    with transaction.atomic():
        for n in range(60):
            Delivery.objects.create(
                key=f"digest:{n}",
                kind="digest",
                agent=factories.agent(f"ada{n}"),
                address="ada@example.org",
                subject="2 overdue",
                body="",
                made_at=NOW,
                due_at=NOW,
            )
    at_once(*[lambda: deliveries.sweep(now=NOW)] * 3)
    keys = [message.extra_headers["Message-ID"] for message in mail.outbox]
    assert (len(keys), len(set(keys))) == (60, 60)
    assert Delivery.objects.filter(state="sent").count() == 60


def test_two_digesters_write_one_letter_each():
    team = factories.team()
    people = [factories.agent(f"ada{n}", team=team, email=f"ada{n}@example.org") for n in range(12)]
    for person in people:
        promised(2, owner=person)
    overdue = DUE + timedelta(minutes=30)
    reminders.sweep(now=overdue)
    made = []
    at_once(*[lambda: made.append(digests.sweep(now=overdue))] * 3)
    assert (sum(made), Delivery.objects.count()) == (12, 12)
    assert Notice.objects.filter(digest__isnull=True).count() == 0


def test_two_routers_pass_each_notice_on_once():
    people = [factories.agent(f"ada{n}") for n in range(6)]
    for person in people:
        given = {"kind": "mail", "name": "Mail", "address": f"{person}@example.org", "hears": ["assigned"]}
        Channel.objects.create(agent=person, made_at=NOW, verified_at=NOW, **given)
        person.pushes = True
    for number in range(20):
        notices.tell(people, kind="assigned", text=f"Number {number}", now=NOW)
    day, night = NOW, NOW.replace(hour=23)
    passed = []
    at_once(*[lambda: passed.append(routes.sweep(now=day))] * 3)
    assert (sum(passed), Delivery.objects.count()) == (120, 120)
    for number in range(20):
        notices.tell(people, kind="assigned", text=f"Night {number}", now=night)
    at_once(*[lambda: routes.sweep(now=night)] * 3)
    gathered = [row.gathered for row in Delivery.objects.filter(key__startswith="quiet:")]
    assert [len(set(each)) for each in gathered] == [20] * 6
