"""Facts for the reports. The database marks whose history changed, at one place for every path that writes it.

The marks are appended by statement: one row a ticket, nothing that two writers would wait for. What has no bearing on
any figure (an owner's lease, a note) marks nothing.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

PLACED = [
    ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
    ("ticket_id", models.BigIntegerField()),
    ("customer_id", models.UUIDField(null=True)),
    ("at", models.DateTimeField()),
    ("team_id", models.BigIntegerField(null=True)),
    ("agent_id", models.BigIntegerField(null=True)),
    ("category_id", models.BigIntegerField()),
    ("channel", models.CharField(max_length=40)),
    ("priority", models.CharField(blank=True, max_length=60)),
]

TOUCH = """
CREATE FUNCTION followups_touch_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO followups_touched (customer_id, ticket_id) SELECT customer_id, id FROM new_rows WHERE NOT is_demo;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO followups_touched (customer_id, ticket_id) SELECT customer_id, id FROM old_rows WHERE NOT is_demo;
    ELSE
        INSERT INTO followups_touched (customer_id, ticket_id)
        SELECT side.customer_id, n.id
        FROM new_rows n JOIN old_rows o ON o.id = n.id
        CROSS JOIN LATERAL (SELECT n.customer_id UNION SELECT o.customer_id) AS side
        WHERE (n.customer_id, n.category_id, n.channel, n.priority, n.team_id, n.agent_id, n.opened_team_id,
            n.opened_agent_id, n.opened_at, n.reference, n.is_demo, n.import_digest, n.imported_resolved_at,
            n.imported_closed_at, n.imported_reopened_at)
            IS DISTINCT FROM (o.customer_id, o.category_id, o.channel, o.priority, o.team_id, o.agent_id,
            o.opened_team_id, o.opened_agent_id, o.opened_at, o.reference, o.is_demo, o.import_digest,
            o.imported_resolved_at, o.imported_closed_at, o.imported_reopened_at);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_made AFTER INSERT ON followups_ticket
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_ticket();
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_ticket
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_ticket();
CREATE TRIGGER touch_gone AFTER DELETE ON followups_ticket
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_ticket();

CREATE FUNCTION followups_touch_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (customer_id, ticket_id)
    SELECT customer_id, ticket_id FROM new_rows
    WHERE direction = 'inbound' AND num_nonnulls(customer_id, ticket_id) > 0;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO followups_touched (customer_id, ticket_id)
        SELECT customer_id, ticket_id FROM old_rows
        WHERE direction = 'inbound' AND num_nonnulls(customer_id, ticket_id) > 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_made AFTER INSERT ON followups_contact
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_contact();
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_contact
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_contact();

CREATE FUNCTION followups_touch_of_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO followups_touched (ticket_id) SELECT DISTINCT ticket_id FROM old_rows;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO followups_touched (ticket_id) SELECT DISTINCT ticket_id FROM new_rows;
    END IF;
    RETURN NULL;
END $$;
"""
OF_TICKET = """
CREATE TRIGGER touch_made AFTER INSERT ON followups_{table}
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_{table}
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
CREATE TRIGGER touch_gone AFTER DELETE ON followups_{table}
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
"""
NAMED = """
CREATE FUNCTION followups_touch_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (customer_id)
    SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.shared_account <> o.shared_account;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_customer
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_customer();

-- Another family for many tickets at once: a mark of nobody stands for everybody.
CREATE FUNCTION followups_touch_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (customer_id)
    SELECT NULL FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.family <> o.family LIMIT 1;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_category
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_category();
"""
SAID = ("closure", "waiver", "reopening")
MARKS = TOUCH + "".join(OF_TICKET.format(table=table) for table in SAID) + NAMED
NO_MARKS = (
    "".join(
        f"DROP TRIGGER {name} ON followups_{table};"
        for table, names in {
            "ticket": ("touch_made", "touch_changed", "touch_gone"),
            "contact": ("touch_made", "touch_changed"),
            "closure": ("touch_made", "touch_changed", "touch_gone"),
            "waiver": ("touch_made", "touch_changed", "touch_gone"),
            "reopening": ("touch_made", "touch_changed", "touch_gone"),
            "customer": ("touch_changed",),
            "category": ("touch_changed",),
        }.items()
        for name in names
    )
    + "DROP FUNCTION followups_touch_ticket(), followups_touch_contact(), followups_touch_of_ticket(),"
    " followups_touch_customer(), followups_touch_category();"
)


class Migration(migrations.Migration):
    dependencies = [("followups", "0011_watch")]
    operations = [
        migrations.CreateModel(
            name="DayCount",
            fields=[
                PLACED[0],
                ("of", models.CharField(max_length=8)),
                ("cut", models.CharField(max_length=8)),
                ("key", models.CharField(max_length=60)),
                ("day", models.DateField()),
                (
                    "counts",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("of", "cut", "day", "key"), name="day_count_once")]
            },
        ),
        migrations.CreateModel(
            name="EndFact",
            fields=[
                *PLACED,
                ("resolved", models.BooleanField()),
                ("left_out", models.CharField(max_length=20, null=True)),
                ("next_any", models.DateTimeField(null=True)),
                ("next_same", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="end_fact_at"),
                    models.Index(fields=["ticket_id"], name="end_fact_ticket"),
                    models.Index(fields=["customer_id"], name="end_fact_customer"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Keeping",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("built_at", models.DateTimeField(blank=True, null=True)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("latest", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="keeping_one_row")]
            },
        ),
        migrations.CreateModel(
            name="TicketFact",
            fields=[
                *PLACED,
                ("ended_at", models.DateTimeField(null=True)),
                ("resolved", models.BooleanField(null=True)),
                ("left_out", models.CharField(max_length=20, null=True)),
                ("is_first", models.BooleanField()),
                ("by_1", models.BooleanField(null=True)),
                ("by_3", models.BooleanField(null=True)),
                ("by_7", models.BooleanField(null=True)),
                ("by_30", models.BooleanField(null=True)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("turned_until", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="ticket_fact_at"),
                    models.Index(fields=["ticket_id"], name="ticket_fact_ticket"),
                    models.Index(fields=["customer_id"], name="ticket_fact_customer"),
                    models.Index(
                        condition=models.Q(("turned_until__isnull", False)),
                        fields=["turned_until"],
                        name="ticket_fact_turned",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            name="Touched",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("customer_id", models.UUIDField(null=True)),
                ("ticket_id", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.AddIndex(
            "contact",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["entered_at"], name="contact_entered"
            ),
        ),
        migrations.AddIndex(
            "closure",
            django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["entered_at"], name="closure_entered"
            ),
        ),
        migrations.AddIndex(
            "ticket",
            django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=["created_at"], name="ticket_created"),
        ),
        migrations.RunSQL(MARKS, NO_MARKS),
    ]
