"""The one command, whole: on a copy of the migrated database, with a Valkey, web, worker and beat of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psycopg
import pytest

from desk.local import guard, places

MANAGE = [sys.executable, str(places.ROOT / "manage.py")]


@pytest.fixture
def database(request):
    """A copy of the migrated template, beside the test database."""
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    template = os.environ.get("DESK_TEST_TEMPLATE")
    if not template:
        pytest.skip("needs the throwaway PostgreSQL, and DATABASE_URL names another one")
    name = f"up_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start(environment, *options):
    port = places.free_port()
    command = [*MANAGE, "up", "--port", str(port), "--no-demo", *options]
    parent = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    said = []
    for line in parent.stdout:
        said.append(line)
        if line.startswith("Stop with"):
            break
    return parent, port, "".join(said)


def family(environment):
    """Every process that was started on this run-time folder."""
    mark = f"DESK_VAR={environment['DESK_VAR']}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            pid = int(entry.name) if entry.name.isdigit() else os.getpid()
            if pid != os.getpid() and mark in (entry / "environ").read_bytes() and not guard.is_zombie(pid):
                found.append(pid)
    return found


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def alive(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_up_serves_and_leaves_nothing_behind(checkout, database):
    environment = {**checkout, "DATABASE_URL": database}
    parent, port, said = start(environment, "--zone", "Europe/Berlin")
    with parent:
        assert f"Agent Desk: http://127.0.0.1:{port}" in said
        assert f"First admin, open once: http://127.0.0.1:{port}/" in said
        assert alive(port)
        assert len(family(environment)) >= 6
        second = subprocess.run([*MANAGE, "up"], env=environment, capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert f"runs from this checkout already: http://127.0.0.1:{port}" in second.stderr
        kill_one_and_see_it_come_back(environment, "worker")
        parent.kill()
    assert wait_for(lambda: family(environment) == [])

    again, port, _ = start({**environment})
    with again:
        assert alive(port)
        again.send_signal(signal.SIGTERM)
        assert again.wait(30) == 0
    assert wait_for(lambda: family(environment) == [], seconds=1)
    assert json.loads((Path(checkout["DESK_VAR"]) / "settings.json").read_text())["zone"] == "Europe/Berlin"


def kill_one_and_see_it_come_back(environment, name):
    mark = Path(environment["DESK_VAR"]) / f"{name}.pid"
    before = int(mark.read_text())
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: mark.exists() and int(mark.read_text()) != before)


def test_up_names_a_taken_port(checkout, database):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = subprocess.run(
            [*MANAGE, "up", "--port", str(port)],
            env={**checkout, "DATABASE_URL": database},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr
    assert f"--port {port + 1}" in done.stderr


@pytest.mark.full
def test_up_with_its_own_postgresql_survives_a_kill(checkout):
    parent, port, _ = start(checkout)
    with parent:
        assert alive(port)
        parent.kill()
    assert wait_for(lambda: family(checkout) == [])
    again, port, _ = start(checkout)
    with again:
        assert alive(port)
        again.send_signal(signal.SIGINT)
        assert again.wait(30) == 0
    assert wait_for(lambda: family(checkout) == [], seconds=1)
