"""What was open at an instant: the tickets that had no end yet or ended later, and those that turned later."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("followups", "0018_promise_owner")]
    operations = [
        migrations.AddIndex(
            "ticketfact", models.Index(fields=["ended_at", "at"], name="ticket_fact_ended")
        ),
        migrations.AddIndex(
            "ticketfact",
            models.Index(
                fields=["turned_until", "at"],
                name="ticket_fact_turns",
                condition=models.Q(turned_until__isnull=False),
            ),
        ),
    ]
