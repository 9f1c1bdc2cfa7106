from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Only its help is used: manage.py hands `test` to pytest before Django is imported."""

    help = "Run the tests with pytest on two workers; --full adds the heavy sizes, the rest goes to pytest."

    def handle(self, *args, **options):
        self.stderr.write("Call it through manage.py: python3 manage.py test")
