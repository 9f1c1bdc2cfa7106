"""One function per fault: lay a lot, do the harm, wait, count. Times are those of the bar, scaled down."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection
from django.test import Client

from followups.actions import closing
from followups.models import Actor, Agent, FollowUp
from tests.chaos import counting, ground

SETTLED = 45
LEASED = 90


@dataclass
class Trial:
    """What was done to which lot, what went wrong besides, and the most that may be counted."""

    name: str
    done: str
    lot: counting.Lot
    most: dict[str, float]
    wrong: list[str] = field(default_factory=list)


@dataclass
class Verdict:
    count: counting.Count
    wrong: list[str]

    @property
    def held(self) -> bool:
        return self.count.sound and not self.wrong


def through(name: str, done: str, lot: counting.Lot, **most: float) -> Trial:
    """Wait until the lot is through, but for messages whose sender was killed."""
    counting.settled(lot, seconds=SETTLED)
    return Trial(name, done, lot, most)


def judged(trial: Trial, on: ground.Ground) -> Verdict:
    counting.settled(trial.lot, seconds=LEASED, leased=True)
    found = counting.count(trial.lot, mail=on.folder / "var" / "mail")
    over = {key: most for key, most in trial.most.items() if getattr(found, key) > most}
    return Verdict(found, [*trial.wrong, *(f"{key} over {most:.0f}" for key, most in over.items())])


def rest(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def f1(on: ground.Ground) -> Trial:
    """Workers are killed with -9 while reminders fall due; somebody starts them again."""
    lot, kills = counting.lay(500, after=1, within=9), 3
    begun = time.monotonic()
    for n in range(kills):
        rest(begun + 2 + 3 * n)
        victim = on.dice.choice(on.ready("worker"))
        on.kill(victim, alone=on.dice.random() < 0.5)
        on.worker(victim)
    done = f"{kills} workers killed -9 in {time.monotonic() - begun:.0f} s"
    return through("F1", done, lot, latest=30, mails_latest=90, mails_repeated=kills)


def f2(on: ground.Ground) -> Trial:
    """No beat for a while, then three at once."""
    on.kill("beat-1")
    begun = time.monotonic()
    lot = counting.lay(300, after=0.5, within=4)
    rest(begun + 4)
    on.wait(*[on.beat(name) for name in ("beat-1", "beat-2", "beat-3")])
    outage = time.monotonic() - begun
    trial = through("F2", f"no beat for {outage:.0f} s, then 3", lot, latest=outage + 15, mails_repeated=0)
    on.stop("beat-2", "beat-3")
    return trial


def f3(on: ground.Ground) -> Trial:
    """The broker dies with everything in it and stays away; pages answer, and a ticket closes meanwhile."""
    down = 5
    usual, _ = timed(works)
    lot = counting.lay(300, after=0.5, within=down)
    on.kill("valkey")
    begun = time.monotonic()
    took, wrong = timed(works)
    wrong += [] if took < 2 * usual + 1 else [f"waited for the broker: {took:.1f} s, else {usual:.1f}"]
    rest(begun + down)
    on.start_server(on.broker)
    trial = through("F3", f"broker killed -9, gone for {down} s", lot, latest=down + 30, mails_repeated=0)
    trial.wrong += wrong
    return trial


def timed(act: Callable[[], list[str]]) -> tuple[float, list[str]]:
    begun = time.monotonic()
    wrong = act()
    return time.monotonic() - begun, wrong


def works() -> list[str]:
    """What of an answer and a closing does not work."""
    wrong = [] if Client().get("/readyz").status_code == 200 else ["/readyz did not answer 200"]
    return wrong + ([] if closes() else ["closing did not work"])


def closes() -> bool:
    """A ticket made for it, closed as resolved."""
    ada = Actor(door="web", agent=Agent.objects.get(username="ada"))
    extra = counting.lay(1, after=3600, within=0)
    row = FollowUp.objects.select_related("ticket").get(pk=extra.keys[0])
    word = closing.Closing(outcome="resolved", evidence="observed", evidence_text="Seen in the shop's own books.")
    return closing.close(ticket=row.ticket, closing=word, by=ada, now=counting.now()).closed


def f4(on: ground.Ground) -> Trial:
    """The database is killed with -9 in the middle of it and started at once."""
    lot = counting.lay(500, after=0.5, within=5)
    time.sleep(on.dice.uniform(1.5, 4))
    on.kill("postgres", alone=True)
    connection.close()
    answer = Client(raise_request_exception=False).get("/readyz")
    wrong = [] if (answer.status_code, b"Traceback" in answer.content) == (503, False) else ["no plain 503 meanwhile"]
    begun = time.monotonic()
    on.start_server(on.database)
    wrong += [] if time.monotonic() - begun < 30 else ["no recovery within 30 s"]
    trial = through("F4", "postmaster killed -9, started at once", lot, latest=30 + 15, mails_repeated=1)
    trial.wrong += wrong
    return trial


def f7(on: ground.Ground) -> Trial:
    """The workers' clocks are two hours off, one ahead and one behind: the database's clock decides."""
    for name in on.hands("worker"):
        on.kill(name)
    on.wait(on.worker("worker-1", shifted=7200), on.worker("worker-2", shifted=-7200))
    lot = counting.lay(300, after=1, within=6)
    return through("F7", "worker clocks 2 h ahead and behind", lot, latest=30, mails_repeated=0)


QUICK: dict[str, Callable[[ground.Ground], Trial]] = {"F1": f1, "F2": f2, "F3": f3, "F4": f4, "F7": f7}
