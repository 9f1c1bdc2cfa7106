"""Which tickets may break the gate's rule, by index: all others are closed, by a word or an import that stands."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("followups", "0022_episode_facts")]
    operations = [
        migrations.AddIndex(
            "ticketfact",
            models.Index(fields=["ticket_id"], name="ticket_fact_open", condition=Q(ended_at__isnull=True)),
        ),
        migrations.AddIndex(
            "closure", models.Index(fields=["ticket"], name="closure_replaced", condition=Q(closed=False))
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                fields=["id"],
                name="ticket_end_unmarked",
                condition=Q(state="closed", imported=False, imported_reopened_at__isnull=True)
                & (Q(imported_resolved_at__isnull=False) | Q(imported_closed_at__isnull=False)),
            ),
        ),
    ]
