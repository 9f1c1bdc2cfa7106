from django.core.management.base import BaseCommand

from followups import tasks
from followups.clock import deliveries, drift, due, mailings
from followups.models import Delivery, Site


class Command(BaseCommand):
    """After a restore, what went out since the backup is written down nowhere: the list says what would go out again."""

    help = "Let messages go out again after a restore, or after the database's clock leapt."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="only list what would go out, with its key")

    def handle(self, *args, **options):
        if options["dry_run"]:
            self.list()
            return
        held = Site.objects.filter(sending_held=True).update(sending_held=False)
        held += drift.believe(now=tasks.database_now())
        self.stdout.write("Sending goes on." if held else "Sending was not held.")

    def list(self) -> None:
        """A mailbox or channel that has a message of the same key already shows it once."""
        now = tasks.database_now()
        rows = Delivery.objects.filter(state="waiting").order_by("due_at", "id")
        for key, kind, at in rows.values_list("key", "kind", "due_at").iterator():
            self.stdout.write(f"{at:%F %T}Z {kind} {key}")
        for at, key in mailings.waiting(now=now):
            self.stdout.write(f"{at:%F %T}Z report {key}")
        self.stdout.write(f"{rows.count()} messages wait; {deliveries.due(now).count()} would go out at once.")
        self.stdout.write(f"{due.waiting(now=now).count()} reminders are due; they are told in the desk in any case.")
