"""A reminder that cannot be sent is set aside, and a loop that rests is woken by whoever writes one due earlier."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Rows whose stage or state changes find room beside them: no index is written for a change that none of them names.
ROOM = """
ALTER TABLE followups_followup SET (fillfactor = 85);
ALTER TABLE followups_reminder SET (fillfactor = 85);
"""
NO_ROOM = """
ALTER TABLE followups_followup RESET (fillfactor);
ALTER TABLE followups_reminder RESET (fillfactor);
"""

# One look at a table of a few rows for each statement, whatever it writes; nothing where no loop rests.
WAKE = """
CREATE FUNCTION followups_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM followups_sleeper WHERE wakes_at > now()) AND EXISTS (
        SELECT 1 FROM written WHERE state = 'waiting' AND due_at < (SELECT max(wakes_at) FROM followups_sleeper)
    ) THEN
        PERFORM pg_notify('followups_due', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER wake_made AFTER INSERT ON followups_reminder
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION followups_wake();
CREATE TRIGGER wake_changed AFTER UPDATE ON followups_reminder
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION followups_wake();
"""
NO_WAKE = """
DROP TRIGGER wake_changed ON followups_reminder;
DROP TRIGGER wake_made ON followups_reminder;
DROP FUNCTION followups_wake();
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0004_time")]
    operations = [
        migrations.CreateModel(
            name="Sleeper",
            fields=[
                ("name", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("wakes_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="reminder",
            name="attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("sent", "Sent"),
                    ("passed_over", "Passed over"),
                    ("dropped", "Dropped"),
                    ("dead", "Given up"),
                ],
                default="waiting",
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(model_name="reminder", name="reminder_state_known"),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "sent", "passed_over", "dropped", "dead"])),
                name="reminder_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="reminder",
            index=models.Index(condition=models.Q(("attempts__gt", 0)), fields=["id"], name="reminder_set_aside"),
        ),
        # Where another index begins with the same column, or nearly all rows have none, a row costs one less.
        migrations.AlterField(
            model_name="reminder",
            name="follow_up",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="reminders",
                to="followups.followup",
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="recipient",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="ticket",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="followups.ticket",
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(condition=models.Q(("by__isnull", False)), fields=["by"], name="event_by"),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
        migrations.RunSQL(WAKE, NO_WAKE),
    ]
