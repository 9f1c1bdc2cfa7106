import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('followups', '0003_find_at_once'),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, max_length=120)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absences', to=settings.AUTH_USER_MODEL)),
                ('stand_in', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('from_at', 'id'),
                'indexes': [models.Index(fields=['agent', 'until_at'], name='absence_agent')],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_at__lt', models.F('until_at'))), name='absence_from_before_until'), models.CheckConstraint(condition=models.Q(('stand_in__isnull', True), models.Q(('stand_in', models.F('agent')), _negated=True), _connector='OR'), name='absence_stand_in_other')],
            },
        ),
        migrations.CreateModel(
            name='Ladder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('families', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('priorities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('holds_minutes', models.PositiveIntegerField(default=240)),
                ('acknowledging', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('made_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField(blank=True, null=True)),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='ladders', to='followups.team')),
            ],
            options={
                'ordering': ('position', 'id'),
                'indexes': [models.Index(condition=models.Q(('replaced_at', None)), fields=['team', 'position'], name='ladder_in_force')],
            },
        ),
        migrations.CreateModel(
            name='Rota',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('zone', models.CharField(blank=True, help_text="IANA zone; empty: the desk's own.", max_length=64)),
                ('starts_on', models.DateField()),
                ('hands_over_at', models.TimeField()),
                ('turn_days', models.PositiveSmallIntegerField(default=7)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rotas', to='followups.team')),
            ],
            options={
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('team', 'name'), name='rota_name', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('turn_days__gte', 1)), name='rota_turn_positive')],
            },
        ),
        migrations.CreateModel(
            name='LadderStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('audience', models.CharField(choices=[('owner', 'The owner, or who promised it'), ('team', 'Everybody of the team at work'), ('stand_in', "The owner's stand-in"), ('supervisors', "The team's supervisors"), ('lead', "The team's lead"), ('manager', "The team's manager"), ('rota', 'Who is on duty'), ('person', 'A named person')], max_length=12)),
                ('after_minutes', models.PositiveIntegerField()),
                ('elapsing', models.CharField(choices=[('working', 'Working time'), ('elapsed', 'Any time')], default='working', max_length=8)),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, size=None)),
                ('repeat_minutes', models.PositiveIntegerField(default=0)),
                ('repeats', models.PositiveSmallIntegerField(default=0)),
                ('ladder', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='followups.ladder')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rota', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='followups.rota')),
            ],
            options={
                'ordering': ('position',),
                'constraints': [models.UniqueConstraint(fields=('ladder', 'position'), name='ladder_step_position_once'), models.CheckConstraint(condition=models.Q(('audience__in', ['owner', 'team', 'stand_in', 'supervisors', 'lead', 'manager', 'rota', 'person'])), name='ladder_step_audience_known'), models.CheckConstraint(condition=models.Q(('elapsing__in', ['working', 'elapsed'])), name='ladder_step_elapsing_known'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'person'), ('person__isnull', False)), models.Q(('audience', 'person'), _negated=True), _connector='OR'), name='ladder_step_names_person'), models.CheckConstraint(condition=models.Q(models.Q(('audience', 'rota'), ('rota__isnull', False)), models.Q(('audience', 'rota'), _negated=True), _connector='OR'), name='ladder_step_names_rota')],
            },
        ),
        migrations.CreateModel(
            name='RotaMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rota', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='followups.rota')),
            ],
            options={
                'ordering': ('position',),
                'constraints': [models.UniqueConstraint(fields=('rota', 'position'), name='rota_position_once')],
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='agent',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='agent',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='team',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='team',
            name='update_update',
        ),
        migrations.AddField(
            model_name='agent',
            name='pushes',
            field=models.BooleanField(db_default=False, default=False, help_text='Has set up a channel outside the app.'),
        ),
        migrations.AddField(
            model_name='agentevent',
            name='pushes',
            field=models.BooleanField(db_default=False, default=False, help_text='Has set up a channel outside the app.'),
        ),
        migrations.AddField(
            model_name='notice',
            name='to_route',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='team',
            name='lead',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='team',
            name='manager',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='teamevent',
            name='lead',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='teamevent',
            name='manager',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agent',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "followups_agentevent" ("away_until", "credit_limit", "date_joined", "email", "first_name", "id", "is_active", "is_demo", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pushes", "role", "started_on", "username", "zone") VALUES (NEW."away_until", NEW."credit_limit", NEW."date_joined", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_demo", NEW."is_staff", NEW."is_superuser", NEW."last_name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."pushes", NEW."role", NEW."started_on", NEW."username", NEW."zone"); RETURN NULL;', hash='b00ed3b452e3970256a29dbeebe17bdb61e708d2', operation='INSERT', pgid='pgtrigger_insert_insert_175fb', table='followups_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='agent',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."away_until" IS DISTINCT FROM (NEW."away_until") OR OLD."credit_limit" IS DISTINCT FROM (NEW."credit_limit") OR OLD."date_joined" IS DISTINCT FROM (NEW."date_joined") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."first_name" IS DISTINCT FROM (NEW."first_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_demo" IS DISTINCT FROM (NEW."is_demo") OR OLD."is_staff" IS DISTINCT FROM (NEW."is_staff") OR OLD."is_superuser" IS DISTINCT FROM (NEW."is_superuser") OR OLD."last_name" IS DISTINCT FROM (NEW."last_name") OR OLD."pushes" IS DISTINCT FROM (NEW."pushes") OR OLD."role" IS DISTINCT FROM (NEW."role") OR OLD."started_on" IS DISTINCT FROM (NEW."started_on") OR OLD."username" IS DISTINCT FROM (NEW."username") OR OLD."zone" IS DISTINCT FROM (NEW."zone"))', func='INSERT INTO "followups_agentevent" ("away_until", "credit_limit", "date_joined", "email", "first_name", "id", "is_active", "is_demo", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pushes", "role", "started_on", "username", "zone") VALUES (NEW."away_until", NEW."credit_limit", NEW."date_joined", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_demo", NEW."is_staff", NEW."is_superuser", NEW."last_name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."pushes", NEW."role", NEW."started_on", NEW."username", NEW."zone"); RETURN NULL;', hash='36dcf76809980720bdf992094c85c32dcc6c2205', operation='UPDATE', pgid='pgtrigger_update_update_8240a', table='followups_agent', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "followups_teamevent" ("id", "is_demo", "kind", "lead_id", "manager_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "separate") VALUES (NEW."id", NEW."is_demo", NEW."kind", NEW."lead_id", NEW."manager_id", NEW."name", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."separate"); RETURN NULL;', hash='de1b6da8fcde542eb03d9173c3634936b0299e32', operation='INSERT', pgid='pgtrigger_insert_insert_a642e', table='followups_team', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "followups_teamevent" ("id", "is_demo", "kind", "lead_id", "manager_id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "separate") VALUES (NEW."id", NEW."is_demo", NEW."kind", NEW."lead_id", NEW."manager_id", NEW."name", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."separate"); RETURN NULL;', hash='59dc0be2a5156b23f57b0530e729ecf94e96c8b7', operation='UPDATE', pgid='pgtrigger_update_update_88a82', table='followups_team', when='AFTER')),
        ),
        migrations.AddField(
            model_name='notice',
            name='ladder_step',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='followups.ladderstep'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='ladder_step',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='followups.ladderstep'),
        ),
        migrations.AddIndex(
            model_name='notice',
            index=models.Index(condition=models.Q(('to_route', True)), fields=['at', 'id'], name='notice_to_route'),
        ),
    ]
