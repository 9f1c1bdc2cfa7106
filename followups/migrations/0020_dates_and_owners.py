"""Follow-ups by any date they had, told or not; which stood at an instant, and what was moved or handed over after it."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("followups", "0019_open_by_fact")]
    operations = [
        migrations.AddIndex(
            "followup",
            models.Index(
                fields=["promised_by"],
                name="follow_up_promised",
                condition=Q(promised_at__isnull=False, promised_by__isnull=False),
            ),
        ),
        migrations.RemoveIndex("followup", name="follow_up_told"),
        migrations.AddIndex(
            "followup",
            models.Index(
                fields=["ended_at", "promised_at"], name="follow_up_over", condition=Q(ended_at__isnull=False)
            ),
        ),
        migrations.AddIndex("move", models.Index(fields=["from_by"], name="move_from")),
        migrations.AddIndex("move", models.Index(fields=["at"], name="move_at")),
        migrations.AddIndex("handover", models.Index(fields=["at"], name="handover_at")),
        migrations.AddIndex(
            "closure",
            models.Index(fields=["ticket"], name="closure_left_out", condition=Q(outcome__in=["duplicate", "spam"])),
        ),
        migrations.RemoveIndex("targetclock", name="target_clock_changed"),
        migrations.AddIndex(
            "targetclock",
            models.Index(fields=["changed_at", "started_at"], name="target_clock_changed", condition=Q(version__gt=1)),
        ),
    ]
