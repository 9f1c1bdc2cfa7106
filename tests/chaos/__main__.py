"""`manage.py chaos`: harm a desk of its own in every way of the list; print what was lost, twice or late."""

import argparse
import logging
import os
import secrets
import sys
import time
import traceback
from pathlib import Path

from tests.chaos import ground, tables


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py chaos", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some faults, with scaled times, at most 90 s")
    parser.add_argument("--seed", type=int, default=None, help="repeat the dice of an earlier run")
    parser.add_argument("--only", help="names of faults, with commas")
    parser.add_argument("--markdown", type=Path, help="write the table to this file too")
    options = parser.parse_args(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    begun = time.monotonic()
    with ground.made(seed=seed, full=not options.quick) as on:
        os.environ.update(on.environment)
        shown = run(on, chosen=options.only.split(",") if options.only else None, begun=begun)
    passed = all(verdict.held for _, verdict in shown)
    print(f"{'All held' if passed else 'NOT ALL HELD'}; seed {seed}, {time.monotonic() - begun:.0f} s in all")
    if options.markdown:
        options.markdown.write_text(tables.markdown(shown, seed=seed, full=on.full), encoding="utf-8")
    return 0 if passed else 1


def run(on: ground.Ground, *, chosen: list[str] | None, begun: float) -> list:
    """Django is set up only now: the database has been made for it."""
    import django
    import structlog

    started = [on.worker("worker-1"), on.worker("worker-2"), on.beat(), on.web()]
    django.setup()
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    from tests import factories
    from tests.chaos import asking, faults

    for name, role in [("ada", "agent"), ("eve", "agent"), ("sam", "supervisor"), ("root", "admin")]:
        factories.agent(name, role=role)
    factories.category()
    asking.secret("chaos")
    if not on.full:
        faults.counting.shorten_leases()
    on.wait(*started)
    faults.counting.warmed(seconds=30)
    print(f"seed {on.seed}; ready after {time.monotonic() - begun:.0f} s", flush=True)
    trials, shown = [], []
    for name in chosen or (faults.ALL if on.full else faults.QUICK):
        if name in faults.REWRITING:
            shown += [(trial, faults.judged(trial, on)) for trial in trials]
            trials = []
        trials.append(begin(name, on))
    shown += [(trial, faults.judged(trial, on)) for trial in trials]
    print(tables.plain(shown))
    if not all(verdict.held for _, verdict in shown):
        print(on.complaints())
    return shown


def begin(name: str, on: ground.Ground):
    """A trial that cannot be done counts as not held; the others follow."""
    from tests.chaos import faults, trials

    begun = time.monotonic()
    try:
        trial = faults.ALL[name](on)
    except Exception as error:  # noqa: BLE001 (shown in the table)
        traceback.print_exc(limit=-4, chain=False)
        trial = trials.counted(name, "broke off", tried=0, bound="")
        trial.wrong.append(f"{type(error).__name__}: {error}"[:200])
    print(f"  {name}: {trial.done} ({time.monotonic() - begun:.0f} s)", flush=True)
    return trial


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
