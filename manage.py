#!/usr/bin/env python3
"""The one door for every command: `python3 manage.py up`, `python3 manage.py test`, `python3 manage.py help`.

Needs nothing but Python 3.11: the environment in `.venv` is made from the lock files on the first call.
"""

import os
import sys


def main():
    if sys.version_info < (3, 11):  # noqa: UP036 (this file is the one that an older Python reads)
        sys.exit("Agent Desk needs Python 3.11 or newer, this is {}.{}.".format(*sys.version_info[:2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "desk.settings")
    from desk.local import places

    try:
        run(sys.argv)
    except places.CannotRun as trouble:
        sys.exit(str(trouble))


def run(argv):
    from desk.local import bootstrap

    command, rest = (argv[1:2] or ["help"])[0], argv[2:]
    bootstrap.enter(command=command, argv=argv)
    if command == "up":
        from desk.local import up

        sys.exit(up.main(rest))
    if command == "test":
        from desk.local import testing

        sys.exit(testing.main(rest))
    run_django(command, argv)


def run_django(command, argv):
    from desk.local import servers

    with servers.lent(command=command):
        from django.core.management import execute_from_command_line

        execute_from_command_line(argv)


if __name__ == "__main__":
    main()
