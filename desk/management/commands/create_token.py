"""Make an API token and print it, alone and once: `manage.py create_token NAME --scopes tickets:read,tickets:write`."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from followups.actions import people
from followups.errors import Refused
from followups.models import Agent, Scope, Team

WRONG = 2


class Command(BaseCommand):
    help = "Make an API token and print it. It is shown this once and kept as a digest alone."

    def add_arguments(self, parser):
        parser.add_argument("name", help="What the token is for; names may repeat.")
        parser.add_argument("--scopes", required=True, help=f"Comma-separated: {', '.join(Scope.values)}, or all.")
        parser.add_argument("--team", help="The one team that it sees; without, every team.")
        parser.add_argument("--agent", help="The username of the person for whom it acts, and whose limits it shares.")
        parser.add_argument("--expires-days", type=int, help="How many days it lives; without, until it is revoked.")

    def handle(self, *args, name, scopes, team, agent, expires_days, **options):
        try:
            _, secret = people.make_token(
                name=self._name(name),
                scopes=[scope.strip() for scope in scopes.split(",") if scope.strip()],
                team=self._named(Team, "name", team, "team"),
                agent=self._named(Agent, "username", agent, "active agent", is_active=True),
                lives=self._lives(expires_days),
                now=timezone.now(),
            )
        except Refused as refusal:
            raise CommandError(f"{refusal.field}: {refusal.message}", returncode=WRONG) from refusal
        self.stdout.write(secret)

    def _name(self, name):
        if not name.strip() or len(name) > 120:
            raise CommandError("A token needs a name of at most 120 characters.", returncode=WRONG)
        return name.strip()

    def _named(self, model, field, value, word, **more):
        if value is None:
            return None
        found = model.objects.filter(**{field: value}, **more).first()
        if found is None:
            raise CommandError(f"There is no {word} {value!r}.", returncode=WRONG)
        return found

    def _lives(self, days):
        if days is None:
            return None
        if not 1 <= days <= 36_500:
            raise CommandError("--expires-days is at least 1.", returncode=WRONG)
        return timedelta(days=days)
