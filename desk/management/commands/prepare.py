import hashlib
import os
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone

from desk.local import settings as remembered
from followups.actions import people


class Command(BaseCommand):
    """What `up` does before it serves; safe to repeat, and to be killed at any point."""

    help = "Bring the database and the static files up to date; on a first start load the demo or invite an admin."

    def add_arguments(self, parser):
        parser.add_argument("--no-demo", action="store_true")

    def handle(self, *args, **options):
        self.stdout.write("Bringing the database up to date ...")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        self.collect_static()
        if options["no_demo"]:
            self.invite_first_admin()
        else:
            self.load_demo()

    def collect_static(self):
        """Only where a file changed since the last time: compressing them is half of a start."""
        state = digest_of_static_files()
        if remembered.remembered().get("static") != state or not Path(settings.STATIC_ROOT).exists():
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            remembered.remember(static=state)

    def load_demo(self):
        """Only into an empty desk, or again where its loading was cut short."""
        half_loaded = remembered.remembered().get("demo_loading", False)
        if get_user_model().objects.exists() and not half_loaded:
            return
        remembered.remember(demo_loading=True)
        call_command("demo", "--load", stdout=self.stdout, stderr=self.stderr)
        remembered.remember(demo_loading=False)

    def invite_first_admin(self):
        path = people.invite_first_admin(now=timezone.now())
        if path:
            self.stdout.write(f"First admin, open once: {settings.SITE_URL}{path}")


def digest_of_static_files() -> str:
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
