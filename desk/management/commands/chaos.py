import os
import sys

from django.core.management.base import BaseCommand

from desk.local import places


class Command(BaseCommand):
    """The faults live beside the tests, since they need what the tests need."""

    help = "Kill workers, beats, broker and database of a throwaway desk, and count what was lost, doubled or late."

    def add_arguments(self, parser):
        parser.add_argument("--quick", action="store_true", help="some faults, with scaled times, at most 90 s")
        parser.add_argument("--seed", help="repeat the dice of an earlier run")
        parser.add_argument("--only", help="names of faults, with commas")
        parser.add_argument("--markdown", type=os.path.abspath, help="write the table to this file too")

    def handle(self, *args, **options):
        given = [f"--{name}={options[name]}" for name in ("seed", "only", "markdown") if options[name]]
        given += ["--quick"] if options["quick"] else []
        os.chdir(places.ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "tests.chaos", *given])
