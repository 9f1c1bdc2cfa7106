from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from desk.demo import removal, story
from desk.local import keys
from followups.actions import people
from followups.models import Ticket


class Command(BaseCommand):
    """The practice desk: a month of made-up calls in teams of its own."""

    help = "Load the practice desk (--load), or take it out whole (--remove)."

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--load", action="store_true", help="play a month of a desk, ending now")
        which.add_argument(
            "--remove", action="store_true", help="delete the demo's tickets, customers, people and teams"
        )

    def handle(self, *args, **options):
        if options["load"]:
            self.load()
        else:
            self.remove()

    def load(self):
        if Ticket.objects.filter(is_demo=True).exists():
            self.stdout.write("The demo was cut short; starting it again ...")
            removal.remove()
        self.stdout.write("Playing a month of a desk ...")
        count = story.load(now=timezone.now(), passwords=keys.demo_passwords(), said=self.say)
        self.stdout.write(f"\r{count} tickets are in.{' ' * 20}")

    def say(self, day):
        self.stdout.write(f"\r  {day}  ", ending="")
        self.stdout.flush()

    def remove(self):
        try:
            count = removal.remove()
        except removal.StillUsed as why:
            raise CommandError(str(why)) from why
        keys.forget_demo()
        self.stdout.write(f"The demo is gone ({count} tickets).")
        path = people.invite_first_admin(now=timezone.now())
        if path:
            self.stdout.write(f"No administrator is left. Open once, to set a password: {path}")
