"""`manage.py bench NAME [--quick]`: what the desk costs, beside what else could do the same, in one run."""

import argparse
import importlib
import logging
import os
import sys
import time

from tests.chaos import ground

BENCHES = ("reminders", "reports")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py bench", description=__doc__)
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, a few minutes")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    with ground.made(seed=0) as on:
        os.environ.update(on.environment)
        import django

        django.setup()
        logging.disable(logging.CRITICAL)
        bench = importlib.import_module(f"tests.bench.{options.name}")
        bench.run(on, quick=options.quick)
    print(f"{time.monotonic() - begun:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
