"""`manage.py test`: pytest on two workers in this environment. The servers come from the plugin in `tests`."""

import os
import sys

from desk.local import places

PARALLEL = ("-n", "2", "--dist", "worksteal")


def main(arguments: list[str]) -> int:
    """Hand over to pytest for good; everything after `test` is pytest's."""
    os.chdir(places.ROOT)
    chosen = any(word.startswith(("-n", "--numprocesses", "--pdb")) for word in arguments)
    command = [sys.executable, "-m", "pytest", *(() if chosen else PARALLEL), *arguments]
    sys.stdout.flush()
    os.execv(sys.executable, command)
