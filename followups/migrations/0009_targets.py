import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('followups', '0008_channels'),
    ]

    operations = [
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('customer', 'For her answer'), ('third_party', 'For somebody else')], max_length=12)),
                ('question', models.CharField(max_length=500)),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('by_name', models.CharField(max_length=200)),
                ('ended_by_name', models.CharField(blank=True, max_length=200)),
                ('why_ended', models.CharField(blank=True, max_length=12)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='followups.ticket')),
            ],
            options={
                'ordering': ('from_at', 'id'),
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['until_at'], name='pause_running')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('ticket',), name='pause_one_runs'), models.CheckConstraint(condition=models.Q(('from_at__lt', models.F('until_at'))), name='pause_from_before_until'), models.CheckConstraint(condition=models.Q(('reason__in', ['customer', 'third_party'])), name='pause_reason_known'), models.CheckConstraint(condition=models.Q(('question', ''), _negated=True), name='pause_has_question')],
            },
        ),
        migrations.CreateModel(
            name='Target',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'First response'), ('next_update', 'Next update'), ('resolution', 'Resolution'), ('acknowledgement', 'Acknowledgement'), ('final_answer', 'Final answer')], max_length=16)),
                ('amount', models.PositiveIntegerField()),
                ('unit', models.CharField(choices=[('minutes', 'Minutes'), ('days', 'Days'), ('working_days', 'Working days'), ('months', 'Months')], default='minutes', max_length=12)),
                ('elapsing', models.CharField(choices=[('working', 'Working time'), ('elapsed', 'Any time')], default='working', max_length=8)),
                ('warn_before', models.PositiveIntegerField(default=60)),
                ('families', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('priorities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('channels', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('is_on', models.BooleanField(default=True)),
                ('template', models.CharField(blank=True, max_length=40)),
                ('made_at', models.DateTimeField()),
                ('replaced_at', models.DateTimeField(blank=True, null=True)),
                ('made_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='followups.team')),
            ],
            options={
                'ordering': ('id',),
                'indexes': [models.Index(condition=models.Q(('replaced_at', None)), fields=['team'], name='target_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['first_response', 'next_update', 'resolution', 'acknowledgement', 'final_answer'])), name='target_kind_known'), models.CheckConstraint(condition=models.Q(('unit__in', ['minutes', 'days', 'working_days', 'months'])), name='target_unit_known'), models.CheckConstraint(condition=models.Q(('elapsing__in', ['working', 'elapsed'])), name='target_elapsing_known'), models.CheckConstraint(condition=models.Q(('amount__gte', 1)), name='target_amount_positive'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('first_response', 'next_update', 'resolution')), ('template', '')), models.Q(models.Q(('template', ''), _negated=True), ('kind__in', ['acknowledgement', 'final_answer'])), _connector='OR'), name='target_template_has_its_kinds')],
            },
        ),
        migrations.CreateModel(
            name='TargetClock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'First response'), ('next_update', 'Next update'), ('resolution', 'Resolution'), ('acknowledgement', 'Acknowledgement'), ('final_answer', 'Final answer')], max_length=16)),
                ('started_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('next_at', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
                ('warned_at', models.DateTimeField(blank=True, null=True)),
                ('breached_at', models.DateTimeField(blank=True, null=True)),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('ended', models.CharField(blank=True, choices=[('done', 'Done'), ('called_off', 'Called off')], max_length=10)),
                ('by_closing', models.BooleanField(default=False)),
                ('letter', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='target_clocks', to='followups.followup')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clocks', to='followups.target')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='target_clocks', to='followups.ticket')),
            ],
            options={
                'ordering': ('due_at', 'id'),
                'indexes': [models.Index(condition=models.Q(('next_at__isnull', False)), fields=['next_at', 'id'], name='target_clock_next'), models.Index(fields=['due_at'], name='target_clock_due'), models.Index(condition=models.Q(('version__gt', 1)), fields=['changed_at'], name='target_clock_changed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind__in', ('first_response', 'next_update', 'resolution')), ('stopped_at__isnull', True)), fields=('ticket', 'kind'), name='target_clock_one_runs'), models.CheckConstraint(condition=models.Q(models.Q(('ended', ''), ('stopped_at__isnull', True)), models.Q(('stopped_at__isnull', False), models.Q(('ended', ''), _negated=True)), _connector='OR'), name='target_clock_stopped_says_how')],
            },
        ),
        migrations.CreateModel(
            name='Rest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField()),
                ('ended', models.CharField(choices=[('done', 'Done'), ('called_off', 'Called off')], max_length=10)),
                ('clock', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rests', to='followups.targetclock')),
            ],
            options={
                'ordering': ('from_at', 'id'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='notice',
            name='notice_kind_known',
        ),
        migrations.AlterField(
            model_name='notice',
            name='kind',
            field=models.CharField(choices=[('reminder', 'Reminder'), ('assigned', 'Assigned to you'), ('asked', 'Asked of you'), ('answered', 'Answered'), ('customer', 'From the customer'), ('review', 'For review'), ('target', 'About a target'), ('desk', 'About the desk')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reminder', 'assigned', 'asked', 'answered', 'customer', 'review', 'target', 'desk'])), name='notice_kind_known'),
        ),
    ]
