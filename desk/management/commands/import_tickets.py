import json
from contextlib import ExitStack
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from followups import errors
from followups.actions import importing
from followups.models import Actor, ImportState

COUNTED = (
    ("Tickets", ("made", "updated", "unchanged", "kept", "skipped", "refused")),
    ("Events", ("events_made", "events_unchanged", "events_kept", "events_refused", "reopenings")),
    ("New", ("teams", "agents", "categories", "customers")),
)


class Command(BaseCommand):
    """Bad rows are printed and the others load. It fails where the file is refused, or with --strict on any bad row."""

    help = "Import tickets, and the log of their states, from a CSV file (plain or gzip). Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help=f"one of: {', '.join(importing.SOURCES)}")
        parser.add_argument("--events", type=Path, help="the log of the tickets' states")
        parser.add_argument("--map", help="a JSON file, or the name of a saved map")
        parser.add_argument("--zone", default="", help="IANA zone of times without an offset (default: the desk's)")
        parser.add_argument("--dry-run", action="store_true", help="check everything and store nothing")
        parser.add_argument("--strict", action="store_true", help="fail where any row was refused")

    def handle(self, *args, **options):
        try:
            run = self.work(options)
        except errors.Refused as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        self.report(run)
        if run.state == ImportState.FAILED:
            raise CommandError(f"Nothing more was read: {run.errors[0]['message']}")
        if options["strict"] and run.error_count:
            raise CommandError(f"{run.error_count} faults, see above.")

    def work(self, options):
        """The run, done from the files where they lie."""
        now, file, events = timezone.now(), options["file"], options["events"]
        run = importing.prepare(
            file_name=file.name,
            source=options["source"],
            by=Actor(door="import"),
            now=now,
            events_name=events.name if events else "",
            map=read_map(options["map"]),
            zone=options["zone"],
            dry_run=options["dry_run"],
        )
        with ExitStack() as stack:
            opened = stack.enter_context(file.open("rb"))
            opened_events = stack.enter_context(events.open("rb")) if events else None
            return importing.run_here(run=run, file=opened, events=opened_events, now=now, progress=self.progress)

    def progress(self, run):
        said = f"{run.progress.get('stage', 'tickets')} {run.progress.get('share', 0):.0%}"
        end = "" if self.stderr.isatty() else "\n"
        self.stderr.write(f"\r{said:<20}" if not end else said, ending=end)

    def report(self, run):
        if self.stderr.isatty():
            self.stderr.write("")
        for bad in run.errors:
            where = f"{bad['file']} line {bad['line']}, {bad['column'] or 'row'}"
            self.stdout.write(f"{where}: {bad['message']} ({bad['code']})")
        if run.error_count > len(run.errors):
            self.stdout.write(f"... and {run.error_count - len(run.errors)} faults more.")
        if ignored := run.counts.get("ignored_columns"):
            self.stdout.write(f"Columns not used: {', '.join(ignored)}")
        for title, names in COUNTED:
            figures = ", ".join(f"{run.counts.get(name, 0):,} {name.removeprefix('events_')}" for name in names)
            self.stdout.write(f"{title}: {figures}")
        if run.dry_run:
            self.stdout.write("A dry run: nothing of the file was stored.")


def read_map(said):
    """The map in a JSON file, else the name of a saved one."""
    if not said or not Path(said).is_file():
        return said
    try:
        return json.loads(Path(said).read_text(encoding="utf-8"))
    except ValueError as error:
        raise CommandError(f"{said} is not JSON: {error}") from error
