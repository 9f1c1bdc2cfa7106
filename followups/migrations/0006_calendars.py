"""Calendars of several periods a day, shifts, and what is known of the rules of zones.

The old columns of the hours, and until when somebody is away, are copied over and leave the models, not the tables: the release that may still run
beside this one reads them. They keep a default, so that rows can be written without them; a later release drops them.
"""

import followups.models.policies
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

OLD = ("workdays", "opens", "closes", "closed_on")
COPIED = """
UPDATE {table} SET
    week = (
        SELECT jsonb_agg(
            CASE WHEN day = ANY (workdays)
                THEN jsonb_build_array(jsonb_build_array(to_char(opens, 'HH24:MI'), to_char(closes, 'HH24:MI')))
                ELSE '[]'::jsonb END ORDER BY day
        ) FROM generate_series(0, 6) AS day
    ),
    special_days = (
        SELECT coalesce(
            jsonb_agg(jsonb_build_object('on', shut::text, 'name', '', 'hours', '[]'::jsonb) ORDER BY shut), '[]'
        ) FROM (SELECT DISTINCT unnest(closed_on) AS shut) AS days
    )
"""
DEFAULTS = """
ALTER TABLE {table} ALTER COLUMN workdays SET DEFAULT '{{0,1,2,3,4}}', ALTER COLUMN opens SET DEFAULT '09:00',
    ALTER COLUMN closes SET DEFAULT '17:00', ALTER COLUMN closed_on SET DEFAULT '{{}}'
"""
AWAY = """
INSERT INTO followups_absence (agent_id, from_at, until_at, reason)
SELECT id, now(), away_until, '' FROM followups_agent WHERE away_until > now()
"""
TABLES = ("followups_policy", "followups_policyevent")


def on_both(statement: str) -> migrations.RunSQL:
    return migrations.RunSQL([statement.format(table=table) for table in TABLES], migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("followups", "0005_engine")]
    operations = [
        pgtrigger.migrations.RemoveTrigger(model_name="agent", name="insert_insert"),
        pgtrigger.migrations.RemoveTrigger(model_name="agent", name="update_update"),
        pgtrigger.migrations.RemoveTrigger(model_name="policy", name="insert_insert"),
        pgtrigger.migrations.RemoveTrigger(model_name="policy", name="update_update"),
        migrations.AddField(
            model_name="agent",
            name="week",
            field=models.JSONField(
                blank=True, help_text="Own shifts, as in a policy; null: the team's hours.", null=True
            ),
        ),
        migrations.AddField(
            model_name="agentevent",
            name="week",
            field=models.JSONField(
                blank=True, help_text="Own shifts, as in a policy; null: the team's hours.", null=True
            ),
        ),
        migrations.AddField(
            model_name="policy", name="special_days", field=models.JSONField(blank=True, db_default=[], default=list)
        ),
        migrations.AddField(
            model_name="policy",
            name="week",
            field=models.JSONField(
                db_default=followups.models.policies.office_week(), default=followups.models.policies.office_week
            ),
        ),
        migrations.AddField(
            model_name="policyevent",
            name="special_days",
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="policyevent",
            name="week",
            field=models.JSONField(
                db_default=followups.models.policies.office_week(), default=followups.models.policies.office_week
            ),
        ),
        migrations.AddField(
            model_name="site",
            name="zone_rules",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="What the rules of each zone in use were when last looked at.",
            ),
        ),
        migrations.RemoveConstraint(model_name="policy", name="policy_opens_before_closes"),
        on_both(COPIED),
        migrations.RunSQL(AWAY, migrations.RunSQL.noop),
        on_both(DEFAULTS),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name=model, name=name)
                for model in ("policy", "policyevent")
                for name in OLD
            ]
            + [migrations.RemoveField(model_name=model, name="away_until") for model in ("agent", "agentevent")]
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agent",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "followups_agentevent" ("credit_limit", "date_joined", "email", "first_name", "id", "is_active", "is_demo", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pushes", "role", "started_on", "username", "week", "zone") VALUES (NEW."credit_limit", NEW."date_joined", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_demo", NEW."is_staff", NEW."is_superuser", NEW."last_name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pushes", NEW."role", NEW."started_on", NEW."username", NEW."week", NEW."zone"); RETURN NULL;',
                    hash="04468293c210711cfed3d08b6696538292ea6282",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_175fb",
                    table="followups_agent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="agent",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."credit_limit" IS DISTINCT FROM (NEW."credit_limit") OR OLD."date_joined" IS DISTINCT FROM (NEW."date_joined") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."first_name" IS DISTINCT FROM (NEW."first_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_demo" IS DISTINCT FROM (NEW."is_demo") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."last_name" IS DISTINCT FROM (NEW."last_name") OR OLD."pushes" IS DISTINCT FROM (NEW."pushes") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."started_on" IS DISTINCT FROM (NEW."started_on") OR OLD."username" IS DISTINCT FROM (NEW."username") OR OLD."week" IS DISTINCT FROM (NEW."week") OR OLD."zone" IS DISTINCT FROM (NEW."zone"))',
                    func='INSERT INTO "followups_agentevent" ("credit_limit", "date_joined", "email", "first_name", "id", "is_active", "is_demo", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pushes", "role", "started_on", "username", "week", "zone") VALUES (NEW."credit_limit", NEW."date_joined", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_demo", NEW."is_staff", NEW."is_superuser", NEW."last_name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pushes", NEW."role", NEW."started_on", NEW."username", NEW."week", NEW."zone"); RETURN NULL;',
                    hash="0b5298b77d14c041bc7c1bce1a8416a4db4468ea",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8240a",
                    table="followups_agent",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policy",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "followups_policyevent" ("calls_a_day", "calls_a_week", "contact_days", "contact_from", "contact_until", "daily_minutes", "first_update_days", "high_priorities", "high_proposal_days", "horizon_days", "id", "longest_days", "minutes_each", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposal_days", "review_days", "review_follow_ups", "review_no_news", "sentence", "special_days", "team_id", "week", "window_minutes", "zone") VALUES (NEW."calls_a_day", NEW."calls_a_week", NEW."contact_days", NEW."contact_from", NEW."contact_until", NEW."daily_minutes", NEW."first_update_days", NEW."high_priorities", NEW."high_proposal_days", NEW."horizon_days", NEW."id", NEW."longest_days", NEW."minutes_each", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."proposal_days", NEW."review_days", NEW."review_follow_ups", NEW."review_no_news", NEW."sentence", NEW."special_days", NEW."team_id", NEW."week", NEW."window_minutes", NEW."zone"); RETURN NULL;',
                    hash="15b0f573729c30d564ef759e25305f99e5760292",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_a97f5",
                    table="followups_policy",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policy",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func='INSERT INTO "followups_policyevent" ("calls_a_day", "calls_a_week", "contact_days", "contact_from", "contact_until", "daily_minutes", "first_update_days", "high_priorities", "high_proposal_days", "horizon_days", "id", "longest_days", "minutes_each", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposal_days", "review_days", "review_follow_ups", "review_no_news", "sentence", "special_days", "team_id", "week", "window_minutes", "zone") VALUES (NEW."calls_a_day", NEW."calls_a_week", NEW."contact_days", NEW."contact_from", NEW."contact_until", NEW."daily_minutes", NEW."first_update_days", NEW."high_priorities", NEW."high_proposal_days", NEW."horizon_days", NEW."id", NEW."longest_days", NEW."minutes_each", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."proposal_days", NEW."review_days", NEW."review_follow_ups", NEW."review_no_news", NEW."sentence", NEW."special_days", NEW."team_id", NEW."week", NEW."window_minutes", NEW."zone"); RETURN NULL;',
                    hash="2afafaa8d6bb4ae1b471d50fe1c35c36a2bea88c",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d2abe",
                    table="followups_policy",
                    when="AFTER",
                ),
            ),
        ),
    ]
