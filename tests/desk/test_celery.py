"""The ear of a worker: deaf after a while without an answer to what it sent itself, never for what others took."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from desk.celery import DEAF, Ear
from desk.local import guard, places
from followups.models import Worker
from tests.chaos.proxy import Proxy

SILENCE = 1.0


def ear(**fields) -> Ear:
    return Ear(**{"patience": 120.0, "heard_at": 0.0, **fields})


def test_deaf_is_who_hears_nothing_for_the_whole_time_since_the_first_that_was_sent():
    one = ear()
    one.asked(at=10)
    one.asked(at=100)
    one.look(count=0, busy=False, at=129)
    assert (one.is_deaf(at=129), one.is_deaf(at=130), one.heard_at) == (False, True, 0.0)


def test_any_message_taken_is_an_answer():
    one = ear()
    one.asked(at=10)
    one.look(count=1, busy=False, at=100)
    assert (one.is_deaf(at=500), one.heard_at, one.asked_at) == (False, 100, None)


def test_who_is_at_work_is_not_deaf():
    one = ear()
    one.asked(at=10)
    one.look(count=0, busy=True, at=140)
    assert not one.is_deaf(at=140)


def test_nobody_is_deaf_while_nothing_could_be_sent():
    one = ear()
    one.look(count=0, busy=False, at=10_000)
    assert not one.is_deaf(at=10_000)


@contextmanager
def worker(broker: str, folder: Path):
    at = connection.settings_dict
    address = f"postgres://{at['USER']}:{at['PASSWORD'] or ''}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    changed = {"DATABASE_URL": address, "CELERY_BROKER_URL": broker, "WORKER_SILENCE": str(SILENCE)}
    command = [sys.executable, "-m", "celery", "-A", "desk.celery", "worker", "--concurrency", "1", "-n", "ear@%h"]
    options = ["--without-gossip", "--without-mingle", "--loglevel", "ERROR", "--pidfile", str(folder / "worker.pid")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options], env={**os.environ, **changed}, cwd=places.ROOT, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return met


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_line_to_the_broker_died_unnoticed_ends_itself_and_its_children(tmp_path):
    proxy = Proxy(int(settings.CELERY_BROKER_URL.rpartition(":")[2].partition("/")[0]))
    with worker(proxy.of(settings.CELERY_BROKER_URL), tmp_path) as process:
        assert wait_for(lambda: Worker.objects.filter(pid=process.pid).exists()), (tmp_path / "log").read_text()
        row = Worker.objects.get()
        assert (row.name.partition("@")[0], row.took_at >= row.started_at) == ("ear", True)
        below = children(process.pid)
        time.sleep(SILENCE * 1.5)
        assert process.poll() is None
        proxy.freeze(proxy.lines[:-1])  # the last is the one through which it sends
        begun = time.monotonic()
        assert process.wait(30) == DEAF
        assert time.monotonic() - begun > SILENCE
        assert wait_for(lambda: all(guard.is_zombie(pid) or not Path(f"/proc/{pid}").exists() for pid in below))
    proxy.close()


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_ends_in_order_takes_its_row_along(tmp_path):
    with worker(settings.CELERY_BROKER_URL, tmp_path) as process:
        assert wait_for(lambda: Worker.objects.filter(pid=process.pid).exists()), (tmp_path / "log").read_text()
        process.terminate()
        assert process.wait(20) == 0
    assert not Worker.objects.exists()


@pytest.mark.django_db
def test_both_ends_of_a_line_to_the_database_give_up_one_that_died_unnoticed():
    """Within half a minute: a session that lingers keeps its locks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting::int FROM pg_settings WHERE name LIKE 'tcp!_%' ESCAPE '!'")
        theirs = dict(cursor.fetchall())
        ours = connection.connection.info.get_parameters()
    assert theirs["tcp_keepalives_idle"] + theirs["tcp_keepalives_interval"] * theirs["tcp_keepalives_count"] == 25
    assert int(ours["keepalives_idle"]) + int(ours["keepalives_interval"]) * int(ours["keepalives_count"]) == 25
    assert (theirs["tcp_user_timeout"], ours["tcp_user_timeout"]) == (25_000, "25000")
