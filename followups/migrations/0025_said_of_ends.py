"""Facts of ends tell what the customer said of each; a release that still runs beside this one writes them without."""

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
        migrations.AddField("endfact", "claimed", models.BooleanField(db_default=False)),
        migrations.AddField("endfact", "said_at", models.DateTimeField(null=True)),
        migrations.AddField("endfact", "confirmed", models.BooleanField(null=True)),
        migrations.RunSQL(MARKS, NO_MARKS),
        migrations.RunSQL(ANEW, migrations.RunSQL.noop),
    ]
