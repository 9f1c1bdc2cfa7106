"""The list of faults, in the order in which they are done: those that take long to end first."""

from collections.abc import Callable

from tests.chaos import clocks, counting, dying, lines, poison, races, sizes
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, judged

__all__ = ["ALL", "QUICK", "REWRITING", "counting", "judged"]

ALL: dict[str, Callable[[Ground], Trial]] = {
    "F11": poison.f11,
    "F1": dying.f1,
    "F4": dying.f4,
    "F3": dying.f3,
    "F2": dying.f2,
    "F5": lines.f5,
    "F6": lines.f6,
    "F13": dying.f13,
    "F12": lines.f12,
    "F14": races.f14,
    "F17": races.f17,
    "F18": races.f18,
    "F7": clocks.f7,
    "F8": clocks.f8,
    "F19": clocks.f19,
    "F16": sizes.f16,
    "F10": poison.f10,
    "F9": clocks.f9,
    "F15": sizes.f15,
}
QUICK = ("F11", "F1", "F4", "F3", "F2", "F14", "F17", "F7")
# A restore writes every row anew, and with it the instant at which it was committed: what came before is counted first.
REWRITING = ("F16",)
