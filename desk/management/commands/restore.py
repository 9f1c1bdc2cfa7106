from pathlib import Path

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from desk.local import dumping
from desk.management.commands import backup

HOLD = b"""
ANALYZE;
INSERT INTO public.followups_site (id, sending_held) VALUES (1, true)
    ON CONFLICT (id) DO UPDATE SET sending_held = true;
ALTER SCHEMA public OWNER TO pg_database_owner;
"""


class Command(BaseCommand):
    """In one transaction with the rows comes the switch that holds back every message: who was told since the backup
    must not be told again unseen."""

    help = "Put a backup in place of the present database. Sending is held until `manage.py release_sending`."

    def add_arguments(self, parser):
        parser.add_argument("file")

    def handle(self, *args, **options):
        source = Path(options["file"]).absolute()
        if not source.exists():
            raise CommandError(f"There is no file {source}.")
        if "TABLE DATA public followups_site" not in dumping.contents(source):
            raise CommandError(f"{source} is a dump, but not of Agent Desk.")
        at = dumping.connection(connection.settings_dict)
        before = backup.named("before-restore")
        dumping.dump(before, at=at)
        self.stdout.write(f"What was here is kept in {before}")
        connection.close()
        dumping.load(source, at=at, last=HOLD)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        self.stdout.write("Restored. Nothing is sent until you call: python3 manage.py release_sending")
