from django.core.management.base import BaseCommand

from desk.local import up


class Command(BaseCommand):
    """Only its help is used: manage.py runs `up` before Django is imported."""

    help = "Run everything on this machine: PostgreSQL, Valkey, web, worker and beat."

    def add_arguments(self, parser):
        up.add_arguments(parser)

    def handle(self, *args, **options):
        self.stderr.write("Call it through manage.py: python3 manage.py up")
