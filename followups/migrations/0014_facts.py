"""What a look back to a past instant needs: who turned after it, by customer, and what was entered later than it happened;
and the ends that imports brought, which every report of ends reads, without all tickets that none did.
"""

from django.db import migrations, models

LATE = """
CREATE INDEX ticket_late ON followups_ticket (created_at, opened_at) WHERE created_at - opened_at > interval '1 day';
CREATE INDEX contact_late ON followups_contact (entered_at, at)
    WHERE entered_at - at > interval '1 day' AND NOT is_opening;
CREATE INDEX closure_late ON followups_closure (entered_at, at) WHERE entered_at - at > interval '1 day';
CREATE INDEX ticket_ended_before ON followups_ticket (coalesce(imported_resolved_at, imported_closed_at))
    WHERE coalesce(imported_resolved_at, imported_closed_at) IS NOT NULL;
"""
NOT_LATE = "DROP INDEX ticket_late, contact_late, closure_late, ticket_ended_before;"


class Migration(migrations.Migration):
    dependencies = [("followups", "0013_disclosures")]
    operations = [
        migrations.RemoveIndex("ticketfact", name="ticket_fact_turned"),
        migrations.AddIndex(
            "ticketfact",
            models.Index(
                condition=models.Q(("turned_until__isnull", False)),
                fields=["customer_id", "turned_until", "ticket_id"],
                name="ticket_fact_turned",
            ),
        ),
        migrations.RunSQL(LATE, NOT_LATE),
    ]
