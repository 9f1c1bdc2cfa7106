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

import pytest

from desk.local import guard, places

MANAGE = [sys.executable, str(places.ROOT / "manage.py")]


@contextlib.contextmanager
def upped(environment, *options):
    """A running `up`, its port, and what it said; killed at the end, if it still runs."""
    port = places.free_port()
    command = [*MANAGE, "up", "--port", str(port), "--no-demo", *options]
    parent = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        yield parent, port, "".join(said_until_ready(parent))
    finally:
        parent.kill()
        parent.communicate()


def run(command, environment):
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def said_until_ready(parent):
    for line in parent.stdout:
        yield line
        if line.startswith("Stop with"):
            return


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


def test_up_serves_and_leaves_nothing_behind(checkout, spare_database):
    environment = {**checkout, "DATABASE_URL": spare_database}
    with upped(environment, "--zone", "Europe/Berlin") as (_, port, said):
        assert f"Agent Desk: http://127.0.0.1:{port}" in said
        assert f"First admin, open once: http://127.0.0.1:{port}/" in said
        assert alive(port)
        assert len(family(environment)) >= 6
        second = subprocess.run(
            [*MANAGE, "up"], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert second.returncode == 1
        assert f"runs from this checkout already: http://127.0.0.1:{port}" in second.stderr
        kill_one_and_see_it_come_back(environment, "worker")
    assert wait_for(lambda: family(environment) == [])

    with upped(environment) as (parent, port, _):
        assert alive(port)
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(30) == 0
    assert wait_for(lambda: family(environment) == [], seconds=1)
    assert json.loads((Path(checkout["DESK_VAR"]) / "settings.json").read_text())["zone"] == "Europe/Berlin"


def kill_one_and_see_it_come_back(environment, name):
    mark = Path(environment["DESK_VAR"]) / f"{name}.pid"
    before = int(mark.read_text())
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: mark.exists() and int(mark.read_text()) != before)


def test_up_names_a_taken_port(checkout, spare_database):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        done = run([*MANAGE, "up", "--port", str(port)], {**checkout, "DATABASE_URL": spare_database})
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in done.stderr
    assert f"--port {port + 1}" in done.stderr


@pytest.mark.full
def test_up_with_its_own_postgresql_survives_a_kill(checkout):
    with upped(checkout) as (_, port, _):
        assert alive(port)
    assert wait_for(lambda: family(checkout) == [])
    with upped(checkout) as (parent, port, _):
        assert alive(port)
        parent.send_signal(signal.SIGINT)
        assert parent.wait(30) == 0
    assert wait_for(lambda: family(checkout) == [], seconds=1)
