from django.core.management.base import BaseCommand

from followups.models import Site


class Command(BaseCommand):
    help = "Let messages go out again after a restore."

    def handle(self, *args, **options):
        held = Site.objects.filter(sending_held=True).update(sending_held=False)
        self.stdout.write("Sending goes on." if held else "Sending was not held.")
