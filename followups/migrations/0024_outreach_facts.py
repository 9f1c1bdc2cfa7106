"""When each customer was first left for 90 days, and what finds those left in a span of time.

That we reached somebody now bears on a fact, so it leaves a mark. The facts are made anew, with the draws.
"""

from django.db import migrations, models

TOUCH = """
CREATE OR REPLACE FUNCTION followups_touch_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (customer_id, ticket_id)
    SELECT customer_id, ticket_id FROM new_rows WHERE {which};
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO followups_touched (customer_id, ticket_id)
        SELECT customer_id, ticket_id FROM old_rows WHERE {which};
    END IF;
    RETURN NULL;
END $$;
"""
HERS = "(direction = 'inbound' AND num_nonnulls(customer_id, ticket_id) > 0)"
REACHED = "(direction = 'outbound' AND reached IN ('reached', 'written', 'voicemail') AND ticket_id IS NOT NULL)"
ANEW = "UPDATE followups_keeping SET built_at = NULL;"


class Migration(migrations.Migration):
    dependencies = [("followups", "0023_suspects")]

    operations = [
        migrations.CreateModel(
            name="DrawFact",
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
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="draw_fact_at"),
                    models.Index(fields=["ticket_id"], name="draw_fact_ticket"),
                    models.Index(fields=["customer_id"], name="draw_fact_customer"),
                ]
            },
        ),
        migrations.AddIndex(
            "ticketfact",
            models.Index(
                condition=models.Q(("left_out__isnull", True), ("resolved", False)),
                fields=["ended_at"],
                name="ticket_fact_unsolved",
            ),
        ),
        migrations.AddIndex(
            "contact",
            models.Index(
                condition=models.Q(("customer__isnull", True), ("ticket__isnull", False)),
                fields=["at"],
                name="contact_of_ticket",
            ),
        ),
        migrations.RunSQL(TOUCH.format(which=f"{HERS} OR {REACHED}") + ANEW, TOUCH.format(which=HERS)),
    ]
