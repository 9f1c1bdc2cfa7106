"""`manage.py chaos --quick`: harm a desk of its own in every way of the list; print what was lost, twice or late."""

import argparse
import logging
import os
import secrets
import sys
import time

from tests.chaos import ground

HEAD = ("fault", "what was done", "due", "lost", "twice", "early", "latest", "mails", "lost", "again", "latest", "")
ROW = "{:<5} {:<38} {:>5} {:>5} {:>5} {:>5} {:>8} {:>6} {:>5} {:>5} {:>8}  {}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="scaled times, at most 90 s (the only size so far)")
    parser.add_argument("--seed", type=int, default=None, help="repeat the dice of an earlier run")
    parser.add_argument("--only", help="names of faults, with commas")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    begun = time.monotonic()
    with ground.made(seed=seed) as on:
        os.environ.update(on.environment)
        print(f"seed {seed}; ready after {time.monotonic() - begun:.0f} s", flush=True)
        passed = run(on, chosen=options.only.split(",") if options.only else None)
    print(f"{'All held' if passed else 'NOT ALL HELD'}; seed {seed}, {time.monotonic() - begun:.0f} s in all")
    return 0 if passed else 1


def run(on: ground.Ground, *, chosen: list[str] | None) -> bool:
    """Django is set up only now: the database has been made for it."""
    import django
    import structlog

    django.setup()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from tests import factories
    from tests.chaos import faults

    factories.agent("ada")
    factories.category()
    on.wait(on.worker("worker-1"), on.worker("worker-2"), on.beat())
    faults.counting.warmed(seconds=30)
    trials = [begin(name, on) for name in chosen or faults.QUICK]
    print(ROW.format(*HEAD))
    shown = [show(trial, faults.judged(trial, on)) for trial in trials]
    return all(shown)


def begin(name: str, on: ground.Ground):
    from tests.chaos import faults

    begun = time.monotonic()
    trial = faults.QUICK[name](on)
    print(f"  {name}: {trial.done} ({time.monotonic() - begun:.0f} s)", flush=True)
    return trial


def show(trial, verdict) -> bool:
    found = verdict.count
    inside = (found.due, found.lost, found.duplicates, found.early, f"{found.latest:.1f} s")
    outside = (found.mails, found.mails_lost, found.mails_repeated, f"{found.mails_latest:.1f} s")
    words = "held" if verdict.held else f"BROKE {'; '.join(verdict.wrong)}"
    print(ROW.format(trial.name, trial.done, *inside, *outside, words), flush=True)
    return verdict.held


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
