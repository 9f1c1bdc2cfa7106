"""Facts of closings; and the dead ones of them by index.

Whether she was told of the follow-up in a closing's place hangs on the follow-up: it marks that ticket when this changes, and
costs nothing where anything else of a follow-up does.
"""

from django.db import migrations, models

TOLD = """
CREATE FUNCTION followups_touch_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (ticket_id)
    SELECT DISTINCT ticket_id FROM followups_closure WHERE replaced_by_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_told AFTER UPDATE ON followups_followup FOR EACH ROW
    WHEN (OLD.told_at IS DISTINCT FROM NEW.told_at) EXECUTE FUNCTION followups_touch_told();
"""
NOT_TOLD = "DROP TRIGGER touch_told ON followups_followup; DROP FUNCTION followups_touch_told();"
ANEW = "UPDATE followups_keeping SET built_at = NULL"


class Migration(migrations.Migration):
    dependencies = [("followups", "0020_dates_and_owners")]

    operations = [
        migrations.CreateModel(
            name="ClosureFact",
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
                ("outcome", models.CharField(max_length=12)),
                ("dead", models.BooleanField()),
                ("closed", models.BooleanField()),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="closure_fact_at"),
                    models.Index(fields=["ticket_id"], name="closure_fact_ticket"),
                    models.Index(fields=["customer_id"], name="closure_fact_customer"),
                ]
            },
        ),
        migrations.AddIndex(
            "closure",
            models.Index(
                condition=models.Q(
                    ("undone_at__isnull", True),
                    models.Q(("outcome__in", ["no_remedy", "unreachable"]), ("why", "gave_up"), _connector="OR"),
                ),
                fields=["at"],
                name="closure_dead",
            ),
        ),
        migrations.RunSQL(TOLD, NOT_TOLD),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
