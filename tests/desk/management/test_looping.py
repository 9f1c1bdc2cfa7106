"""`manage.py sweep --loop`: real processes, which sleep until something is due and end when they are told to."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection

from desk.local import places
from followups import tasks
from followups.models import Event, Notice, Reminder, Sleeper, Sweep
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loops(tmp_path):
    """Start loops of their own process; whatever still runs at the end is killed."""
    running, before = [], sessions()

    def start(n: int = 1) -> list[subprocess.Popen]:
        at = connection.settings_dict
        address = f"postgres://{at['USER']}:{at['PASSWORD'] or ''}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
        environment = {**os.environ, "DATABASE_URL": address, "DESK_VAR": str(tmp_path), "DESK_VENV": "off"}
        command = [sys.executable, "manage.py", "sweep", "--loop"]
        new = [subprocess.Popen(command, env=environment, cwd=places.ROOT) for _ in range(n)]
        running.extend(new)
        wait_until(lambda: Sleeper.objects.count() >= len(running))
        return new

    yield start
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
            process.wait(10)
    wait_until(lambda: set(sessions()) <= set(before))


OTHERS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def sessions() -> list:
    """Of others on this database; the next test empties its tables."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        return cursor.fetchall()


def wait_until(condition, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def lateness() -> list[float]:
    """Seconds from each promised instant to the notice of it."""
    rows = Notice.objects.filter(stage="due").values_list("at", "follow_up__promised_by")
    return sorted((at - due).total_seconds() for at, due in rows)


def test_a_loop_runs_every_sweep_and_sends_at_the_instant(loops):
    [process] = loops()
    wait_until(lambda: Sweep.objects.filter(finished_at__isnull=False).count() == len(tasks.SWEEPS))
    now, ada = tasks.database_now(), factories.agent("ada", team=factories.team())
    for n in range(1, 6):
        factories.promise(promised_by=now + timedelta(seconds=0.4 + n / 5), now=now, owner=ada)
    wait_until(lambda: Notice.objects.count() == 5)
    early, late = lateness()[0], lateness()[-1]
    assert early >= 0
    assert late < 1, "it slept over the instant: nobody woke it"
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert Sleeper.objects.count() == 0


def test_several_loops_send_each_once_and_outlive_their_connections(loops):
    first, second = loops(2)
    ada = factories.agent("ada", team=factories.team())
    now = tasks.database_now()
    for n in range(30):
        factories.promise(promised_by=now + timedelta(seconds=1 + n / 30), now=now, owner=ada)
    wait_until(Notice.objects.exists)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({OTHERS}) other")
    wait_until(lambda: not Reminder.objects.filter(stage="due", state="waiting").exists())
    assert Notice.objects.count() == Notice.objects.values("follow_up").distinct().count() == 30
    assert Event.objects.filter(kind="follow_up.due").count() == 30
    later = tasks.database_now() + timedelta(seconds=1.5)
    factories.promise(promised_by=later, now=later - timedelta(seconds=1), owner=ada)
    wait_until(lambda: Notice.objects.count() == 31)
    assert lateness()[-1] < 5, "a cut line is opened again"
    for process in (first, second):
        process.send_signal(signal.SIGTERM)
    assert [process.wait(15) for process in (first, second)] == [0, 0]
