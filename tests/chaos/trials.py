"""One trial: what was done, what was counted after it, and the most that may be counted."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.chaos import counting, ground

SETTLED = 45
LEASED = 90


@dataclass
class Trial:
    """What was done, to which lot, what went wrong besides, and the most that may be counted of it.

    A trial without a lot brings its own count; `bound` says in words what else it had to keep; `last` is looked at
    when all others are done.
    """

    name: str
    done: str
    lot: counting.Lot | None
    most: dict[str, float]
    bound: str = ""
    wrong: list[str] = field(default_factory=list)
    found: counting.Count | None = None
    last: Callable[[], None] = lambda: None
    kept_elsewhere: Counter | None = None


@dataclass
class Verdict:
    count: counting.Count
    wrong: list[str]

    @property
    def held(self) -> bool:
        return self.count.sound and not self.wrong


def through(name: str, done: str, lot: counting.Lot, *, settled: float = SETTLED, **most: float) -> Trial:
    """Wait until the lot is through, but for messages whose sender was killed."""
    counting.settled(lot, seconds=settled)
    return Trial(name, done, lot, most)


def counted(name: str, done: str, *, tried: int, lost: int = 0, twice: int = 0, bound: str, **more: float) -> Trial:
    """A trial that is about something else than reminders of a lot; `latest` in seconds."""
    found = counting.Count(tried, lost, twice, int(more.get("early", 0)), more.get("latest", 0.0), 0, 0, 0, 0.0)
    return Trial(name, done, None, {}, bound=bound, found=found)


def judged(trial: Trial, on: ground.Ground) -> Verdict:
    if trial.lot is not None:
        counting.settled(trial.lot, seconds=LEASED, leased=True)
        trial.last()
        trial.found = counting.count(trial.lot, mail=on.folder / "var" / "mail", elsewhere=trial.kept_elsewhere)
    over = {key: most for key, most in trial.most.items() if getattr(trial.found, key) > most}
    return Verdict(trial.found, [*trial.wrong, *(f"{key} over {most:.0f}" for key, most in over.items())])


def rest(until: float) -> None:
    time.sleep(max(0.0, until - time.monotonic()))


def eventually(condition: Callable[[], bool], *, seconds: float, every: float = 0.1) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < end:
        time.sleep(every)
    return met


def timed(act: Callable[[], list[str]]) -> tuple[float, list[str]]:
    begun = time.monotonic()
    wrong = act()
    return time.monotonic() - begun, wrong
