"""The gate in the database: no ticket ends without a word for it, and none that was promised something is left without a step.

It reads the rows as they stand at commit, after taking the ticket's row, so that two transactions that each end one of two
follow-ups cannot both pass. It takes the row without its key: a plain foreign key check of another transaction must not wait.
"""

from django.db import migrations

GATE = """
CREATE FUNCTION followups_gate_check(which bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    t followups_ticket%ROWTYPE;
    has_step boolean;
BEGIN
    SELECT * INTO t FROM followups_ticket WHERE id = which FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    has_step := EXISTS (SELECT 1 FROM followups_followup WHERE ticket_id = which AND state = 'scheduled');
    IF t.state = 'closed' THEN
        IF has_step THEN
            RAISE EXCEPTION 'gate: ticket % is closed and has an open follow-up', t.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'gate_closed_has_no_step';
        END IF;
        IF NOT (
            t.imported
            OR EXISTS (
                SELECT 1 FROM followups_closure
                WHERE ticket_id = which AND closed AND reopened_at IS NULL AND undone_at IS NULL
                    AND outcome IN ('resolved', 'withdrawn', 'duplicate', 'spam')
            )
            OR EXISTS (SELECT 1 FROM followups_waiver WHERE ticket_id = which AND reopened_at IS NULL)
        ) THEN
            RAISE EXCEPTION 'gate: ticket % is closed without a closure or a waiver', t.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'gate_closed_has_reason';
        END IF;
    ELSIF NOT has_step AND (
        t.ever_followed
        OR EXISTS (SELECT 1 FROM followups_followup WHERE ticket_id = which)
        OR EXISTS (SELECT 1 FROM followups_closure WHERE ticket_id = which AND NOT closed)
    ) THEN
        RAISE EXCEPTION 'gate: ticket % is open without a next step', t.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'gate_open_has_step';
    END IF;
END $$;

CREATE FUNCTION followups_gate_ticket() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM followups_gate_check(NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION followups_gate_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM followups_gate_check(OLD.ticket_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.ticket_id IS DISTINCT FROM OLD.ticket_id) THEN
        PERFORM followups_gate_check(NEW.ticket_id);
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER gate_ticket_made AFTER INSERT ON followups_ticket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_gate_ticket();
CREATE CONSTRAINT TRIGGER gate_ticket_changed AFTER UPDATE ON followups_ticket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.imported IS DISTINCT FROM NEW.imported)
    EXECUTE FUNCTION followups_gate_ticket();
CREATE CONSTRAINT TRIGGER gate_follow_up AFTER INSERT OR DELETE ON followups_followup
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_gate_row();
CREATE CONSTRAINT TRIGGER gate_follow_up_changed AFTER UPDATE ON followups_followup
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.ticket_id IS DISTINCT FROM NEW.ticket_id)
    EXECUTE FUNCTION followups_gate_row();
CREATE CONSTRAINT TRIGGER gate_closure AFTER INSERT OR UPDATE OR DELETE ON followups_closure
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_gate_row();
CREATE CONSTRAINT TRIGGER gate_waiver AFTER INSERT OR UPDATE OR DELETE ON followups_waiver
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_gate_row();

-- A deleted follow-up leaves no trace in the rows: the ticket remembers that it had one.
CREATE FUNCTION followups_remember_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE followups_ticket SET ever_followed = true WHERE id = NEW.ticket_id AND NOT ever_followed;
    RETURN NULL;
END $$;
CREATE TRIGGER remember_step AFTER INSERT ON followups_followup
    FOR EACH ROW EXECUTE FUNCTION followups_remember_step();

-- The marks that open the gate are not for writing by hand.
CREATE FUNCTION followups_keep_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.imported AND (TG_OP = 'INSERT' OR NOT OLD.imported)
        AND coalesce(current_setting('followups.importing', true), '') <> 'on' THEN
        RAISE EXCEPTION 'gate: only an import marks a ticket as imported'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'gate_imported_by_import';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.ever_followed := NEW.ever_followed OR OLD.ever_followed;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_marks BEFORE INSERT OR UPDATE ON followups_ticket
    FOR EACH ROW EXECUTE FUNCTION followups_keep_marks();
"""

NO_GATE = """
DROP TRIGGER keep_marks ON followups_ticket;
DROP TRIGGER remember_step ON followups_followup;
DROP TRIGGER gate_waiver ON followups_waiver;
DROP TRIGGER gate_closure ON followups_closure;
DROP TRIGGER gate_follow_up_changed ON followups_followup;
DROP TRIGGER gate_follow_up ON followups_followup;
DROP TRIGGER gate_ticket_changed ON followups_ticket;
DROP TRIGGER gate_ticket_made ON followups_ticket;
DROP FUNCTION followups_keep_marks(), followups_remember_step(), followups_gate_row(), followups_gate_ticket(),
    followups_gate_check(bigint);
"""

NUMBERS = "CREATE SEQUENCE followups_ticket_serial START 1000;"
CACHE = """
CREATE TABLE desk_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX desk_cache_expires ON desk_cache (expires);
"""


def first_rows(apps, schema_editor):
    apps.get_model("followups", "Site").objects.get_or_create(id=1)
    apps.get_model("followups", "Policy").objects.get_or_create(team=None)


class Migration(migrations.Migration):
    dependencies = [("followups", "0001_first")]

    operations = [
        migrations.RunSQL(NUMBERS, "DROP SEQUENCE followups_ticket_serial;"),
        migrations.RunSQL(CACHE, "DROP TABLE desk_cache;"),
        migrations.RunPython(first_rows, migrations.RunPython.noop),
        migrations.RunSQL(GATE, NO_GATE),
    ]
