"""The list of faults, in the order in which they are done: those that take long to end first."""

from collections.abc import Callable

from tests.chaos import clocks, counting, dying, poison, races
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, judged

__all__ = ["ALL", "QUICK", "counting", "judged"]

ALL: dict[str, Callable[[Ground], Trial]] = {
    "F11": poison.f11,
    "F1": dying.f1,
    "F4": dying.f4,
    "F3": dying.f3,
    "F2": dying.f2,
    "F14": races.f14,
    "F17": races.f17,
    "F7": clocks.f7,
}
QUICK = ("F11", "F1", "F4", "F3", "F2", "F14", "F17", "F7")
