import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("followups", "0016_marks"),
    ]

    operations = [
        migrations.CreateModel(
            name="HoursChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("climbing", models.BooleanField(default=True)),
                ("boundary", models.BigIntegerField(blank=True, null=True)),
                ("settled", models.BooleanField(default=False)),
                ("passed", models.BooleanField(default=False)),
                ("step_at", models.DateTimeField(blank=True, null=True)),
                ("step_id", models.UUIDField(blank=True, null=True)),
                ("clock_at", models.DateTimeField(blank=True, null=True)),
                ("clock_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "team",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="followups.team",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("team",), name="hours_change_one_a_team", nulls_distinct=False)
                ],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="policy",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="policy",
            name="update_update",
        ),
        migrations.AddField(
            model_name="policy",
            name="own_hours",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="policy",
            name="own_rules",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="policyevent",
            name="own_hours",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="policyevent",
            name="own_rules",
            field=models.BooleanField(db_default=True, default=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="policy",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='INSERT INTO "followups_policyevent" ("calls_a_day", "calls_a_week", "contact_days", "contact_from", "contact_until", "daily_minutes", "first_update_days", "high_priorities", "high_proposal_days", "horizon_days", "id", "longest_days", "minutes_each", "own_hours", "own_rules", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposal_days", "review_days", "review_follow_ups", "review_no_news", "sentence", "special_days", "team_id", "week", "window_minutes", "zone") VALUES (NEW."calls_a_day", NEW."calls_a_week", NEW."contact_days", NEW."contact_from", NEW."contact_until", NEW."daily_minutes", NEW."first_update_days", NEW."high_priorities", NEW."high_proposal_days", NEW."horizon_days", NEW."id", NEW."longest_days", NEW."minutes_each", NEW."own_hours", NEW."own_rules", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."proposal_days", NEW."review_days", NEW."review_follow_ups", NEW."review_no_news", NEW."sentence", NEW."special_days", NEW."team_id", NEW."week", NEW."window_minutes", NEW."zone"); RETURN NULL;',
                    hash="0132574490851f3fcd3a9d00897df1a010e96483",
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
                    func='INSERT INTO "followups_policyevent" ("calls_a_day", "calls_a_week", "contact_days", "contact_from", "contact_until", "daily_minutes", "first_update_days", "high_priorities", "high_proposal_days", "horizon_days", "id", "longest_days", "minutes_each", "own_hours", "own_rules", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "proposal_days", "review_days", "review_follow_ups", "review_no_news", "sentence", "special_days", "team_id", "week", "window_minutes", "zone") VALUES (NEW."calls_a_day", NEW."calls_a_week", NEW."contact_days", NEW."contact_from", NEW."contact_until", NEW."daily_minutes", NEW."first_update_days", NEW."high_priorities", NEW."high_proposal_days", NEW."horizon_days", NEW."id", NEW."longest_days", NEW."minutes_each", NEW."own_hours", NEW."own_rules", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."proposal_days", NEW."review_days", NEW."review_follow_ups", NEW."review_no_news", NEW."sentence", NEW."special_days", NEW."team_id", NEW."week", NEW."window_minutes", NEW."zone"); RETURN NULL;',
                    hash="db05ab610d1beeb8e7c962712247761e246c0aed",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_d2abe",
                    table="followups_policy",
                    when="AFTER",
                ),
            ),
        ),
    ]
