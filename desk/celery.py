"""The Celery application, the one table of everything recurring, and the ear of a worker that may go deaf."""

import logging
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from billiard import active_children
from celery import Celery, bootsteps
from celery.utils.nodenames import worker_direct
from celery.worker import state

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")

app = Celery("desk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["followups"])

# name: (task, every seconds, what it does)
RECURRING = {
    "reminders": ("followups.tasks.sweep_reminders", 5.0, "writes the notices of every stage that fell due"),
    "targets": ("followups.tasks.sweep_targets", 15.0, "warns of targets that come near, and tells of those missed"),
    "routes": ("followups.tasks.sweep_routes", 5.0, "passes notices on to the channels of their readers"),
    "deliveries": ("followups.tasks.sweep_deliveries", 5.0, "sends waiting mail, once per key"),
    "pushes": ("followups.tasks.sweep_pushes", 5.0, "sends waiting chat messages and SMS, once per key"),
    "digests": ("followups.tasks.sweep_digests", 60.0, "gathers overdue notices into one mail per person"),
    "mornings": ("followups.tasks.sweep_mornings", 60.0, "mails those who want it what their day holds"),
    "mailings": ("followups.tasks.sweep_mailings", 15.0, "mails the reports that people asked for, as they fall due"),
    "watch": ("followups.tasks.sweep_watch", 60.0, "looks at every open row and repairs what slipped through"),
    "imports": ("followups.tasks.sweep_imports", 5.0, "runs the imports that people uploaded"),
    "hours": ("followups.tasks.sweep_hours", 5.0, "moves what waits along where working hours changed"),
    "facts": ("followups.tasks.sweep_facts", 5.0, "lets the facts of the reports follow what happened"),
    "zones": ("followups.tasks.sweep_zones", 3600.0, "derives promised times anew where a zone's rules changed"),
    "retention": ("followups.tasks.sweep_retention", 3600.0, "drops idempotent answers and sign-in links that ran out"),
}

app.conf.beat_schedule = {name: {"task": task, "schedule": every} for name, (task, every, _words) in RECURRING.items()}

# Beat only sends names: without Django's models it is half the size.
beat = Celery("desk", fixups=[], set_as_current=False)
beat.config_from_object("django.conf:settings", namespace="CELERY")
beat.conf.beat_schedule = app.conf.beat_schedule

TAKE, SEEN, ENDED = (f"followups.tasks.{name}" for name in ("take", "worker_seen", "worker_ended"))
DEAF = 75  # "try again later", of the exit codes that supervisors know
LOOKS = 8  # in the time after which it counts as deaf
_log = logging.getLogger(__name__)


@dataclass
class Ear:
    """Whether a worker still takes messages: it sends some to itself, and after `patience` seconds without an answer
    to the first of them it is deaf. Instants are of the machine's steady clock, in seconds.

    What another worker took says nothing here, nor does a broker that cannot be reached: then nothing was sent.
    """

    patience: float
    heard_at: float
    count: int = 0
    asked_at: float | None = None

    def look(self, *, count: int, busy: bool, at: float) -> None:
        """`count` messages taken in all; one that is at work hears nothing new, and need not."""
        if busy or count != self.count:
            self.count, self.heard_at, self.asked_at = count, at, None

    def asked(self, *, at: float) -> None:
        if self.asked_at is None:
            self.asked_at = at

    def is_deaf(self, *, at: float) -> bool:
        return self.asked_at is not None and at - self.asked_at >= self.patience


class Listening(bootsteps.StartStopStep):
    """Beside the worker's own loop, which may be what hangs: looks, leaves the heartbeat, and ends a deaf worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker, **options) -> None:
        super().__init__(worker, **options)
        self.called, self.own = worker.hostname, worker_direct(worker.hostname)
        self.over = threading.Event()

    def start(self, parent) -> None:
        self.ear = Ear(patience=app.conf.worker_silence, heard_at=time.monotonic())
        self.thread = threading.Thread(target=self.listen, name="listening", daemon=True)
        self.thread.start()

    def stop(self, worker) -> None:
        self.over.set()
        with suppress(Exception):
            app.tasks[ENDED](name=self.called, pid=os.getpid())

    def terminate(self, worker) -> None:
        self.stop(worker)

    def listen(self) -> None:
        while not self.over.wait(self.ear.patience / LOOKS):
            self.look()

    def look(self) -> None:
        ear = self.ear
        ear.look(count=state.all_total_count[0], busy=bool(state.active_requests), at=time.monotonic())
        if ear.is_deaf(at=time.monotonic()):
            self.give_up()
        with suppress(Exception):  # without a broker nothing is asked, and nothing expected
            app.tasks[TAKE].apply_async(queue=self.own, retry=False)
            ear.asked(at=time.monotonic())
        with suppress(Exception):  # without a database the row ages, as it should
            silent = time.monotonic() - ear.heard_at
            app.tasks[SEEN](name=self.called, host=socket.gethostname(), pid=os.getpid(), silent=silent)

    def give_up(self) -> None:
        """At once and with all its children: nothing of a loop that hangs can be asked to end in order."""
        _log.critical("no message for %.0f s though some were sent: ending, to be started again", self.ear.patience)
        for pid in [child.pid for child in active_children() if child.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(DEAF)


app.steps["worker"].add(Listening)
