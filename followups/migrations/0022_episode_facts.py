"""Facts of problems, for what was solved at the first contact and what it cost her. All facts are made anew once, so that these
are there; until then the reports read the rows.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

ANEW = "UPDATE followups_keeping SET built_at = NULL"
NO_DAYS = "DELETE FROM followups_daycount WHERE of = 'episodes'"


class Migration(migrations.Migration):
    dependencies = [("followups", "0021_closure_facts")]
    operations = [
        migrations.CreateModel(
            name="EpisodeFact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ticket_id", models.BigIntegerField()),
                ("customer_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("team_id", models.BigIntegerField(null=True)),
                ("agent_id", models.BigIntegerField(null=True)),
                ("category_id", models.BigIntegerField()),
                ("channel", models.CharField(max_length=40)),
                ("priority", models.CharField(blank=True, max_length=60)),
                ("left_out", models.CharField(max_length=20, null=True)),
                ("is_first", models.BooleanField()),
                (
                    "heard",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), null=True, size=None),
                ),
                (
                    "transferred",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
                (
                    "switched",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
                (
                    "told_again",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), null=True, size=None),
                ),
                ("solved_at", models.DateTimeField(null=True)),
                (
                    "changed_at",
                    django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), null=True, size=None),
                ),
                ("turned_until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="episode_fact_at"),
                    models.Index(fields=["ticket_id"], name="episode_fact_ticket"),
                    models.Index(fields=["customer_id"], name="episode_fact_customer"),
                ]
            },
        ),
        migrations.RunSQL(ANEW, NO_DAYS),
    ]
