import sys

from django.core.management.base import BaseCommand

from followups.clock import bounces
from followups.tasks import database_now


class Command(BaseCommand):
    help = "Reads a delivery report from standard input: a promise that it told is not told any more."

    def handle(self, *args, **options) -> None:
        raw = sys.stdin.buffer.read(bounces.LARGEST + 1)
        count = bounces.take(raw, now=database_now())
        words = "1 message came back." if count == 1 else f"{count} messages came back."
        self.stdout.write(words if count else "Nothing of ours came back.")
