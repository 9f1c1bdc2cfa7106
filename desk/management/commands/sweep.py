from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from followups import tasks


class Command(BaseCommand):
    """For a site without workers (call it from cron), and to see what the clock does."""

    help = "Run every sweep once, now: reminders, targets, deliveries, digests, watch, imports, retention."

    def handle(self, *args, **options):
        failed = [name for name in tasks.SWEEPS if not self.done(name)]
        if failed:
            raise CommandError(f"Failed: {', '.join(failed)}")

    def done(self, name: str) -> bool:
        try:
            handled = tasks.sweep(name)
        except DatabaseError as error:
            self.stderr.write(f"{name}: {error}")
            return False
        self.stdout.write(f"{name}: {'done a moment ago' if handled is None else handled}")
        return True
