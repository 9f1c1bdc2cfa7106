"""When an imported event log first called a ticket resolved.

Of the logs that were imported before only the usual words are known, not those of a map.
"""

from django.db import migrations, models

KNOWN = """
INSERT INTO followups_loggedresolution (ticket_id, at)
SELECT ticket_id, min(at) FROM followups_event
WHERE kind = 'imported.state' AND (data->>'ended')::boolean
    AND lower(data->>'state') IN ('resolved', 'solved', 'completed', 'fixed')
GROUP BY ticket_id
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0025_said_of_ends")]

    operations = [
        migrations.CreateModel(
            name="LoggedResolution",
            fields=[
                (
                    "ticket",
                    models.OneToOneField(
                        on_delete=models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="followups.ticket",
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["at"], include=["ticket"], name="logged_resolution_at")],
            },
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
