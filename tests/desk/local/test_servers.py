"""Whole commands in processes of their own, with a run-time folder of their own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from desk.local import places

MANAGE = [sys.executable, str(places.ROOT / "manage.py")]
ADDRESS = "from django.conf import settings; d = settings.DATABASES['default']; print(d['PORT'], settings.SECRET_KEY)"
WAITS = f"{ADDRESS}; import sys; sys.stdout.flush(); sys.stdin.read(1)"


def shell(code):
    return [*MANAGE, "shell", "--no-imports", "-v0", "-c", code]


def run(checkout, *arguments):
    return subprocess.run(arguments, env=checkout, capture_output=True, text=True, check=False, timeout=120)


def waiting(checkout):
    """A command that says where its database is and waits for the end of its input."""
    return subprocess.Popen(shell(WAITS), env=checkout, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def reachable(port):
    try:
        psycopg.connect(host="127.0.0.1", port=port, user="desk", dbname="desk", password="wrong").close()
    except psycopg.OperationalError as error:
        return "password authentication failed" in str(error)
    return True


def test_commands_at_once_share_servers_that_go_with_the_last(checkout):
    first = waiting(checkout)
    line = first.stdout.readline()
    second = waiting(checkout)
    assert second.stdout.readline() == line
    port = int(line.split()[0])
    first.stdin.close()
    time.sleep(1)
    assert first.poll() is None, "the one that started the servers waits for the other"
    assert reachable(port)
    second.stdin.close()
    first.stdout.close()
    second.stdout.close()
    assert (second.wait(30), first.wait(30)) == (0, 0)
    assert not reachable(port)
    assert not (Path(checkout["DESK_VAR"]) / "running.json").exists()


def test_a_killed_command_leaves_no_server(checkout):
    with waiting(checkout) as one:
        port = int(one.stdout.readline().split()[0])
        assert reachable(port)
        one.kill()
    again = run(checkout, *shell(ADDRESS))
    assert again.returncode == 0, again.stderr
    assert not reachable(port)
    assert not reachable(int(again.stdout.split()[0]))


def test_a_server_that_is_named_is_not_started(checkout):
    named = {**checkout, "DATABASE_URL": os.environ["DATABASE_URL"]}
    answered = run(named, *shell(ADDRESS))
    assert answered.stdout.split()[0] == os.environ["DATABASE_URL"].rpartition(":")[2].partition("/")[0]
    folder = Path(checkout["DESK_VAR"])
    assert not (folder / "postgres").exists()
    assert (folder / "valkey").exists()


def test_nothing_is_started_where_both_are_named_or_none_is_needed(checkout):
    both = {name: os.environ[name] for name in ("DATABASE_URL", "CELERY_BROKER_URL")}
    assert run({**checkout, **both}, *shell(ADDRESS)).returncode == 0
    assert run(checkout, *MANAGE, "help", "up").returncode == 0
    assert {path.name for path in Path(checkout["DESK_VAR"]).iterdir()} == {"keys.json"}


def test_a_folder_of_another_user_is_named(checkout):
    Path(checkout["DESK_VAR"]).write_text("a file stands where the folder should be")
    done = run(checkout, *MANAGE, "migrate")
    assert done.returncode == 1
    assert f"Cannot make the folder {checkout['DESK_VAR']}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--zone", "Mars/Olympus"), "'Mars/Olympus' is no time zone"),
        (("--port", "99999999"), "99999999 is no port"),
        (("--host", "no.such.host.invalid"), "Port 8000 of no.such.host.invalid cannot be used"),
    ],
)
def test_up_refuses_in_words(checkout, arguments, words):
    done = run(checkout, *MANAGE, "up", *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_up_beyond_this_machine_refuses_while_the_demo_is_in(checkout):
    folder = Path(checkout["DESK_VAR"])
    folder.mkdir()
    (folder / "demo.json").write_text(json.dumps({"ada": "x"}))
    done = run(checkout, *MANAGE, "up", "--host", "192.0.2.7")
    assert done.returncode == 1
    assert "manage.py demo --remove" in done.stderr
