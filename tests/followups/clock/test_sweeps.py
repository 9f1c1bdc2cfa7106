"""Heartbeats by the database's clock; twins that rest; sweeps that work alone."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from desk import celery
from followups import tasks
from followups.clock import sweeps
from followups.models import Sweep

pytestmark = pytest.mark.django_db(transaction=True)


def three(*, now) -> int:
    return 3


def test_a_finished_sweep_leaves_its_heartbeat():
    before = tasks.database_now()
    assert sweeps.run("reminders", three, now=before) == 3
    row = Sweep.objects.get()
    assert (row.name, row.handled, row.error) == ("reminders", 3, "")
    assert before <= row.started_at <= row.finished_at <= tasks.database_now()


def test_a_twin_within_half_a_tick_rests():
    now = tasks.database_now()
    sweeps.run("reminders", three, now=now)
    finished_at = sweeps.last_finished()
    half = timedelta(seconds=sweeps.TICKS["reminders"] / 2)
    assert sweeps.run("reminders", three, now=finished_at + half) is None
    assert sweeps.run("reminders", three, now=finished_at + half + timedelta(milliseconds=1)) == 3


def test_a_clock_set_back_silences_nothing():
    now = tasks.database_now()
    sweeps.run("reminders", three, now=now)
    assert sweeps.run("reminders", three, now=now - timedelta(hours=1)) == 3


def test_a_failed_sweep_says_why_and_does_not_count_as_finished():
    def fails(*, now):
        raise ValueError("the renderer broke")

    with pytest.raises(ValueError, match="the renderer broke"):
        sweeps.run("reminders", fails, now=tasks.database_now())
    row = Sweep.objects.get()
    assert (row.finished_at, row.error) == (None, "ValueError: the renderer broke")
    sweeps.run("reminders", three, now=tasks.database_now())
    assert Sweep.objects.get().error == ""


def test_late_is_over_a_minute_since_the_last_finish():
    now = tasks.database_now()
    assert sweeps.late(now=now) is True
    sweeps.run("reminders", three, now=now)
    finished_at = sweeps.last_finished()
    assert sweeps.late(now=finished_at + timedelta(seconds=60)) is False
    assert sweeps.late(now=finished_at + timedelta(seconds=60.1)) is True


@pytest.mark.parametrize(("alone", "expected"), [(True, None), (False, 3)])
def test_a_sweep_that_works_alone_keeps_a_second_one_out(alone, expected):
    outcome = []

    def meanwhile(*, now):
        thread = threading.Thread(target=twin)
        thread.start()
        thread.join()
        return 1

    def twin():
        outcome.append(sweeps.run("imports", three, now=tasks.database_now(), alone=alone))
        connection.close()

    assert sweeps.run("imports", meanwhile, now=tasks.database_now(), alone=True) == 1
    assert outcome == [expected]
    later = tasks.database_now() + timedelta(seconds=10)
    assert sweeps.run("imports", three, now=later, alone=True) == 3


def test_beat_follows_the_table_of_ticks():
    assert {name: every for name, (_task, every, _words) in celery.RECURRING.items()} == sweeps.TICKS


def test_every_tick_has_its_task():
    names = {task for task, _every, _words in celery.RECURRING.values()}
    assert names <= set(celery.app.tasks)
    assert set(tasks.SWEEPS) == set(celery.RECURRING)


@pytest.mark.parametrize("name", sorted(sweeps.TICKS))
def test_each_task_runs_on_an_empty_desk(name):
    task = celery.app.tasks[celery.RECURRING[name][0]]
    assert task() == 0
    assert Sweep.objects.get(name=name).finished_at is not None
