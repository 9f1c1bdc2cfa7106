import signal

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from desk.management import looping
from followups import tasks


class Command(BaseCommand):
    """For a site without workers (call it from cron, or let it loop), and to see what the clock does."""

    help = f"Run every sweep once, now: {', '.join(tasks.SWEEPS)}."

    def add_arguments(self, parser):
        parser.add_argument("--loop", action="store_true", help="run the desk's clock without a broker, until stopped")

    def handle(self, *args, **options):
        if options["loop"]:
            self.loop()
            return
        failed = [name for name in tasks.SWEEPS if not self.done(name)]
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")

    def loop(self):
        stop = looping.Stop()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop.set)
        self.stdout.write("The clock runs. Ctrl-C stops it.")
        self.stdout.flush()
        looping.run(stop)

    def done(self, name: str) -> bool:
        try:
            handled = tasks.sweep(name)
        except DatabaseError as error:
            self.stderr.write(f"{name}: {error}")
            return False
        self.stdout.write(f"{name}: {'done a moment ago' if handled is None else handled}")
        return True
