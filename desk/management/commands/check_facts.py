from django.core.management.base import BaseCommand, CommandError

from followups import tasks
from followups.clock import facts


class Command(BaseCommand):
    """Reads all of history: minutes on a large desk."""

    help = "Count the facts of the reports anew from the rows and compare: every difference is an error."

    def add_arguments(self, parser):
        parser.add_argument("--anew", action="store_true", help="first make all facts anew")

    def handle(self, *args, anew=False, **options):
        if anew:
            facts.build(now=tasks.database_now())
        while facts.follow():
            pass
        found = facts.differing()
        for name, count in found.items():
            self.stdout.write(f"{name}: {count or 'all'} {'differ' if count else 'as the rows say'}")
        if any(found.values()):
            raise CommandError("The facts are not what the rows say. Make them anew: check_facts --anew")
