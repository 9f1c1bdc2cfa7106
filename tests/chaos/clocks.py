"""F7, F8, F9, F19: clocks that are wrong, change, or stood still."""

from tests.chaos import counting
from tests.chaos.ground import Ground
from tests.chaos.trials import Trial, through


def f7(on: Ground) -> Trial:
    """The workers' clocks are two hours off, one ahead and one behind: the database's clock decides."""
    for name in on.hands("worker"):
        on.kill(name)
    on.wait(on.worker("worker-1", shifted=7200), on.worker("worker-2", shifted=-7200))
    lot = counting.lay(int(on.scaled(2000, 300)), after=1, within=on.scaled(30, 4))
    trial = through("F7", "worker clocks 2 h ahead and behind", lot, latest=30, mails_repeated=0)
    if on.full:
        on.crew()
    return trial
