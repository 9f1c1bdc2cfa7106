from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from desk.local import dumping, places


class Command(BaseCommand):
    help = "Write the whole database to a file (PostgreSQL's custom format, readable by its owner alone)."

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", help="default: backups/desk-DATE-TIME.dump in the run-time folder")

    def handle(self, *args, **options):
        target = Path(options["file"]).absolute() if options["file"] else named("desk")
        dumping.dump(target, at=dumping.connection(connection.settings_dict))
        self.stdout.write(f"{target} ({target.stat().st_size:,} bytes)")


def named(stem: str) -> Path:
    """A name of this instant in the run-time folder."""
    folder = places.folder_within(places.var() / "backups")
    return folder / f"{stem}-{timezone.now():%Y%m%d-%H%M%S}.dump"
