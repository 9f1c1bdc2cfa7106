"""Real processes: what is started is stopped, however its parent goes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from desk.local import guard, places, processes, supervising

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)
PARENT = """
import sys, time
from pathlib import Path
from desk.local import processes
watch = processes.Guard()
for number in range(3):
    program = processes.Program(name="child", argv=["sh", "-c", "sleep 600 & sleep 600"], env={}, log=Path(sys.argv[1]))
    print(processes.Child(program, watch).process.pid, flush=True)
print(watch.process.pid, flush=True)
time.sleep(600)
"""


def wait_for(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def group_is_gone(pid):
    """Not one process of the session that the child led."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == pid and fields[0] != "Z":
                found.append(entry.name)
    return found == []


def program(tmp_path, *argv, **more):
    return processes.Program(name="one", argv=list(argv), env={"PATH": os.defpath}, log=tmp_path / "log", **more)


def test_killing_the_parent_leaves_nothing_behind(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(tmp_path / "log")],
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        *children, watcher = [int(parent.stdout.readline()) for _ in range(4)]
        assert not any(group_is_gone(pid) for pid in children)
        parent.kill()
        assert wait_for(lambda: all(group_is_gone(pid) for pid in [*children, watcher]))


def test_a_child_that_the_guard_was_not_told_of_goes_too(tmp_path):
    """The instant between the start of a child and the word to the guard."""
    watch = processes.Guard()
    unknown = processes.spawn(program(tmp_path, "sleep", "600"), token=watch.token)
    watch.close()
    assert unknown.wait(5) == -signal.SIGKILL


def test_a_killed_guard_is_replaced_and_knows_everybody(tmp_path):
    supervisor = supervising.Supervisor(processes.Guard())
    supervisor.start(program(tmp_path, "sleep", "600"))
    supervisor.guard.process.kill()
    supervisor.guard.process.wait()
    said = []
    supervisor.step(said.append)
    assert said == ["the guard was gone; a new one watches"]
    supervisor.guard.close()
    assert supervisor.kept[0].child.process.wait(5) == -signal.SIGTERM


def test_who_does_not_listen_is_killed(tmp_path):
    watch = processes.Guard()
    stubborn = program(tmp_path, sys.executable, "-c", STUBBORN, patience=0.2)
    child = processes.Child(stubborn, watch)
    assert wait_for(lambda: "ready" in processes.tail(stubborn.log))
    child.end()
    watch.close()
    assert child.process.returncode == -signal.SIGKILL


def test_a_program_that_ends_is_started_again_after_a_growing_pause(tmp_path):
    watch = processes.Guard()
    kept = supervising.Kept(processes.Child(program(tmp_path, "true"), watch))
    kept.child.process.wait()
    assert kept.look(100.0) == "one ended (0); again in 0.5 s"
    assert kept.look(100.4) is None
    assert kept.look(100.5) == "one started again"
    kept.child.process.wait()
    assert kept.look(200.0) == "one ended (0); again in 1 s"
    watch.close()


def test_what_dies_again_and_again_is_back_within_five_seconds(tmp_path):
    watch = processes.Guard()
    kept = supervising.Kept(processes.Child(program(tmp_path, "true"), watch))
    kept.child.process.wait()
    pauses = [kept.note_end(0.0).rpartition(" in ")[2] for _ in range(6)]
    assert pauses == ["0.5 s", "1 s", "2 s", "4 s", "4 s", "4 s"]
    assert supervising.LONGEST_PAUSE + supervising.TICK < 5
    watch.close()


def test_a_program_that_cannot_start_tells_the_end_of_its_log(tmp_path):
    watch = processes.Guard()
    broken = program(tmp_path, "sh", "-c", "echo no such thing; exit 3", ready=lambda: False)
    with (
        pytest.raises(places.CannotRun, match="one did not start:\nno such thing"),
        processes.started([broken], guard=watch),
    ):
        pass
    watch.close()


def test_marks_of_an_earlier_run_are_gone_before_the_start(tmp_path):
    mark = tmp_path / "pid"
    mark.write_text("1")
    watch = processes.Guard()
    with processes.started([program(tmp_path, "sleep", "600", marks=(mark,))], guard=watch):
        assert not mark.exists()
    watch.close()


def test_a_long_log_is_emptied_under_its_writer(tmp_path, monkeypatch):
    monkeypatch.setattr(supervising, "LOG_LIMIT", 10)
    log = tmp_path / "web.log"
    with open(log, "a") as writer:
        writer.write("0123456789 and more")
        writer.flush()
        supervising.shorten(log)
        writer.write("next")
    assert log.read_text() == "next"
    assert (tmp_path / "web.log.1").read_text() == "0123456789 and more"


def test_the_guard_knows_a_zombie_from_the_living():
    child = subprocess.Popen(["true"])
    assert wait_for(lambda: not guard.alive(child.pid))
    child.wait()
    assert guard.alive(os.getpid())
