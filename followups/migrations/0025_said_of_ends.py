"""Facts of ends tell what the customer said of each. The table is made anew, so that what is asked of every end lies close."""

from django.db import migrations, models

MARKS = """
CREATE TRIGGER touch_made AFTER INSERT ON followups_confirmation
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_confirmation
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
CREATE TRIGGER touch_gone AFTER DELETE ON followups_confirmation
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
"""
NO_MARKS = "".join(
    f"DROP TRIGGER {name} ON followups_confirmation;" for name in ("touch_made", "touch_changed", "touch_gone")
)
ANEW = "UPDATE followups_keeping SET built_at = NULL"


class Migration(migrations.Migration):
    dependencies = [("followups", "0024_outreach_facts")]

    operations = [
        migrations.DeleteModel("EndFact"),
        migrations.CreateModel(
            name="EndFact",
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
                ("resolved", models.BooleanField()),
                ("claimed", models.BooleanField()),
                ("left_out", models.CharField(max_length=20, null=True)),
                ("next_any", models.DateTimeField(null=True)),
                ("next_same", models.DateTimeField(null=True)),
                ("said_at", models.DateTimeField(null=True)),
                ("confirmed", models.BooleanField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="end_fact_at"),
                    models.Index(fields=["ticket_id"], name="end_fact_ticket"),
                    models.Index(fields=["customer_id"], name="end_fact_customer"),
                ]
            },
        ),
        migrations.RunSQL(MARKS, NO_MARKS),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
