"""The proving ground: throwaway servers, workers and beats of their own, each of which may be killed at any moment."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from desk.local import places, postgres, processes, programs, valkey
from tests import template, throwaway

DISK = "4g"
QUIET = ("--without-gossip", "--without-mingle", "--prefetch-multiplier", "1", "--concurrency", "1")
# A clock that is wrong by some seconds: the wall clock of the process alone, never its monotonic one.
SHIFTED = """
import datetime, sys, time_machine
there = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds={seconds})
time_machine.travel(there, tick=True).start()
from celery.__main__ import main
main()
"""


@dataclass
class Ground:
    """Everything that runs here, and the dice. `bounded`: on a small disk of its own, in memory, that can be filled."""

    folder: Path
    guard: processes.Guard
    dice: random.Random
    database: processes.Program
    broker: processes.Program
    environment: dict[str, str]
    seed: int
    full: bool = False
    bounded: bool = False
    port: int = field(default_factory=places.free_port)
    running: dict[str, processes.Child] = field(default_factory=dict)

    def scaled(self, whole: float, quick: float) -> float:
        """A time or a number of the bar in full, or what stands for it in the quick round."""
        return whole if self.full else quick

    def start(self, program: processes.Program) -> None:
        self.running[program.name] = processes.Child(program, self.guard)

    def start_server(self, program: processes.Program) -> None:
        """A database that was killed refuses to start while its last sessions end: try until it does."""
        end = time.monotonic() + 30
        while True:
            self.start(program)
            try:
                self.running[program.name].wait_ready(seconds=max(1, end - time.monotonic()))
            except places.CannotRun:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)
            else:
                return

    def kill(self, name: str, *, alone: bool = False) -> None:
        """kill -9 of the process and of all that it started; `alone` leaves the latter to find out."""
        child = self.running.pop(name)
        (os.kill if alone else os.killpg)(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self.guard.forget(child.process.pid)

    def stop(self, *names: str) -> None:
        for name in names:
            self.running.pop(name).end()

    def web(self) -> str:
        """gunicorn, as `up` starts it, on a port that stays the same."""
        places.folder_within(self.folder / "log")
        self.start(programs.web(self.environment, host="127.0.0.1", port=self.port, folder=self.folder))
        return "web"

    def worker(self, name: str, *, shifted: float = 0, **changed: str) -> str:
        """`changed`: of its environment."""
        return self.celery(name, ["desk.celery", "worker", *QUIET, "-n", f"{name}@%h"], changed, shifted=shifted)

    def beat(self, name: str = "beat-1") -> str:
        schedule = str(self.folder / "var" / f"{name}-schedule")
        return self.celery(name, ["desk.celery:beat", "beat", "--schedule", schedule], {})

    def celery(self, name: str, arguments: list[str], changed: dict[str, str], *, shifted: float = 0) -> str:
        """Celery writes its process id once it is ready."""
        code = ["-c", SHIFTED.format(seconds=shifted)] if shifted else ["-m", "celery"]
        mark = self.folder / f"{name}.pid"
        options = ["--loglevel", "ERROR", "--pidfile", str(mark)]
        self.start(
            processes.Program(
                name=name,
                argv=[sys.executable, *code, "-A", *arguments, *options],
                log=self.folder / f"{name}.log",
                env={**self.environment, **changed},
                ready=mark.exists,
                marks=(mark,),
            )
        )
        return name

    def crew(self, **changed: str) -> None:
        """Two fresh workers in the place of all that run, with `changed` in their environment."""
        for name in self.hands("worker"):
            self.kill(name)
        self.wait(*[self.worker(f"worker-{n}", **changed) for n in (1, 2)])

    def wait(self, *names: str) -> None:
        for name in names:
            self.running[name].wait_ready(seconds=60)

    def ready(self, kind: str) -> list[str]:
        """Those at work; waits while all of them are still starting."""
        while not (found := [name for name in self.hands(kind) if self.running[name].program.ready()]):
            time.sleep(0.05)
        return found

    @contextmanager
    def kept(self):
        """Workers that end are started again within a second, as the parent of `up` does."""
        over = threading.Event()
        hand = threading.Thread(target=self.keep, args=[over], daemon=True)
        hand.start()
        yield
        over.set()
        hand.join()

    def keep(self, over: threading.Event) -> None:
        while not over.wait(0.5):
            for name in self.hands("worker"):
                if self.running[name].gone():
                    self.running[name].bury()
                    self.start(self.running[name].program)

    def complaints(self) -> str:
        """The ends of the logs of workers and pages, for whoever has to find out why."""
        logs = [*sorted(self.folder.glob("worker*.log")), self.folder / "log" / "web.log"]
        return "\n".join(f"--- {log.name}\n{processes.tail(log, 12)}" for log in logs if log.exists())

    def hands(self, kind: str) -> list[str]:
        return sorted(name for name in self.running if name.startswith(kind))


@contextmanager
def made(*, seed: int, full: bool = False):
    """A ground with a migrated database and a broker that keeps nothing; nothing of it is left behind."""
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="agent-desk-chaos-", dir=throwaway.reachable()))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bounded = full and mounted(folder, stack)
        postgres.hand_over(folder)
        (folder / "var" / "static").mkdir(mode=0o700, parents=True)
        guard = processes.Guard()
        stack.callback(guard.close)
        ground = Ground(folder, guard, random.Random(seed), *servers(folder), environment={}, seed=seed, full=full)
        ground.bounded = bounded
        stack.callback(lambda: ground.stop(*reversed(ground.running)))
        ground.start_server(ground.broker)
        ground.start_server(ground.database)
        ground.environment.update(environment(ground))
        yield ground


def mounted(folder: Path, stack: ExitStack) -> bool:
    """Whether this machine lets us have a disk of our own."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "agent-desk-chaos", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        return False
    stack.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)
    folder.chmod(0o755)
    return True


def servers(folder: Path) -> tuple[processes.Program, processes.Program]:
    """The database writes its journal as in earnest and remembers when each transaction was committed."""
    cluster = cluster_of(folder, port=places.free_port())
    postgres.prepare(cluster)
    database = postgres.program(cluster, log=folder / "postgres.log")
    database = replace(database, argv=[*database.argv, "-c", "track_commit_timestamp=on"])
    place, port = folder / "var" / "valkey", places.free_port()
    broker = valkey.Broker(place=place, port=port, password="throwaway", durable=False)
    return database, valkey.program(broker, log=folder / "valkey.log")


def cluster_of(folder: Path, *, port: int) -> postgres.Cluster:
    return postgres.Cluster(place=folder, port=port, password="throwaway", durable=True)


def port_of(program: processes.Program) -> int:
    return int(next(word for word in program.argv if word.startswith("port=")).partition("=")[2])


def environment(ground: Ground) -> dict[str, str]:
    """What the desk's processes get: the two servers, and mail that is written to files."""
    port = port_of(ground.database)
    cluster = cluster_of(ground.folder, port=port)
    name = template.make(cluster)
    lines = (ground.folder / "var" / "valkey" / "valkey.conf").read_text().splitlines()
    broker = next(line for line in lines if line.startswith("port "))
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("DESK_", "EMAIL"))},
        "DATABASE_URL": cluster.url.removesuffix(postgres.DATABASE) + name,
        "CELERY_BROKER_URL": f"redis://:throwaway@127.0.0.1:{broker.split()[1]}/0",
        "DESK_VAR": str(ground.folder / "var"),
        "DESK_VENV": "off",
        "SECRET_KEY": "only-for-the-proving-ground-0123456789abcdefghijkl",
        "SITE_URL": "http://testserver",
        "DJANGO_SETTINGS_MODULE": "desk.settings",
        "LOG_LEVEL": "ERROR",
        "PYTHONUNBUFFERED": "1",
    }
