"""Facts of promises. What bears on one marks its ticket; the stage that a reminder writes on thousands at once costs nothing."""

from django.db import migrations, models

STEP = (
    "ticket_id, owner_id, team_id, promiser_id, told_at, told_contact_id, promised_at, promised_from, promised_by, channel, "
    "voicemail_ok, state, called_off_by, ended_at, brought"
).split(", ")
CHANGED = f"({', '.join(f'OLD.{name}' for name in STEP)}) IS DISTINCT FROM ({', '.join(f'NEW.{name}' for name in STEP)})"

# One trigger for all that a follow-up's change bears on: its own tickets, and those of the closures in whose place it stands.
FOLLOW_UP = f"""
DROP TRIGGER touch_told ON followups_followup;
DROP FUNCTION followups_touch_told();
CREATE FUNCTION followups_touch_follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (ticket_id)
    SELECT OLD.ticket_id UNION SELECT NEW.ticket_id
    UNION SELECT ticket_id FROM followups_closure
        WHERE OLD.told_at IS DISTINCT FROM NEW.told_at AND replaced_by_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_made AFTER INSERT ON followups_followup
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_ticket();
CREATE TRIGGER touch_changed AFTER UPDATE ON followups_followup
    FOR EACH ROW WHEN ({CHANGED}) EXECUTE FUNCTION followups_touch_follow_up();

CREATE FUNCTION followups_touch_of_follow_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (ticket_id)
    SELECT DISTINCT f.ticket_id FROM new_rows n JOIN followups_followup f ON f.id = n.follow_up_id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_made AFTER INSERT ON followups_move
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_follow_up();
CREATE TRIGGER touch_made AFTER INSERT ON followups_handover
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION followups_touch_of_follow_up();
"""
NO_FOLLOW_UP = """
DROP TRIGGER touch_made ON followups_handover;
DROP TRIGGER touch_made ON followups_move;
DROP TRIGGER touch_changed ON followups_followup;
DROP TRIGGER touch_made ON followups_followup;
DROP FUNCTION followups_touch_of_follow_up(), followups_touch_follow_up();
CREATE FUNCTION followups_touch_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (ticket_id)
    SELECT DISTINCT ticket_id FROM followups_closure WHERE replaced_by_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER touch_told AFTER UPDATE ON followups_followup FOR EACH ROW
    WHEN (OLD.told_at IS DISTINCT FROM NEW.told_at) EXECUTE FUNCTION followups_touch_told();
"""

# A contact bears on the ticket that it names, one of ours also on the follow-up that it was made for.
CONTACT = """
CREATE OR REPLACE FUNCTION followups_touch_contact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO followups_touched (customer_id, ticket_id)
    SELECT customer_id, ticket_id FROM new_rows WHERE {which};{made}
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO followups_touched (customer_id, ticket_id)
        SELECT customer_id, ticket_id FROM old_rows WHERE {which};{changed}
    END IF;
    RETURN NULL;
END $$;
"""
HERS = "(direction = 'inbound' AND num_nonnulls(customer_id, ticket_id) > 0)"
REACHED = "(direction = 'outbound' AND reached IN ('reached', 'written', 'voicemail') AND ticket_id IS NOT NULL)"
TRIED = """
    INSERT INTO followups_touched (ticket_id)
    SELECT DISTINCT f.ticket_id FROM {rows} c JOIN followups_followup f ON f.id = c.follow_up_id
    WHERE c.direction = 'outbound'
        AND (c.ticket_id IS DISTINCT FROM f.ticket_id OR c.reached NOT IN ('reached', 'written', 'voicemail'));"""
WHICH = f"{HERS} OR {REACHED}"
TRIES = CONTACT.format(which=WHICH, made=TRIED.format(rows="new_rows"), changed=TRIED.format(rows="old_rows"))
NO_TRIES = CONTACT.format(which=WHICH, made="", changed="")
ANEW = "UPDATE followups_keeping SET built_at = NULL"
NO_DAYS = "DELETE FROM followups_daycount WHERE of = 'promises'"


class Migration(migrations.Migration):
    dependencies = [("followups", "0026_logged_resolutions")]

    operations = [
        migrations.CreateModel(
            name="PromiseFact",
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
                ("follow_up_id", models.UUIDField()),
                ("told_at", models.DateTimeField(null=True)),
                ("left_out", models.CharField(max_length=20, null=True)),
                ("moved_alone", models.BooleanField()),
                ("message", models.BooleanField()),
                ("connected_at", models.DateTimeField(null=True)),
                ("empty_handed", models.BooleanField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="promise_fact_at"),
                    models.Index(fields=["ticket_id"], name="promise_fact_ticket"),
                    models.Index(fields=["customer_id"], name="promise_fact_customer"),
                ]
            },
        ),
        migrations.RunSQL(FOLLOW_UP + TRIES, NO_FOLLOW_UP + NO_TRIES),
        migrations.RunSQL(ANEW, NO_DAYS),
    ]
