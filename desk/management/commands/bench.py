import os
import sys

from django.core.management.base import BaseCommand

from desk.local import places


class Command(BaseCommand):
    """The benches live beside the tests, since they need what the tests need."""

    help = "Measure what the desk costs on throwaway servers, beside what else could do the same: reminders, reports."

    def add_arguments(self, parser):
        parser.add_argument("name", help="reminders, reports")
        parser.add_argument("--quick", action="store_true", help="smaller sizes, a few minutes")

    def handle(self, *args, **options):
        given = [options["name"], *(["--quick"] if options["quick"] else [])]
        os.chdir(places.ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "tests.bench", *given])
