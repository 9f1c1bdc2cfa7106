import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('followups', '0006_calendars'),
    ]

    operations = [
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mail', 'Mail'), ('chat', 'Chat'), ('sms', 'SMS')], max_length=8)),
                ('name', models.CharField(max_length=60)),
                ('address', models.CharField(max_length=500)),
                ('hears', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=list, size=None)),
                ('made_at', models.DateTimeField()),
                ('tested_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='channels', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('made_at', 'id'),
                'constraints': [models.UniqueConstraint(fields=('agent', 'kind', 'address'), name='channel_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['mail', 'chat', 'sms'])), name='channel_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='Listening',
            fields=[
                ('agent', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='listening', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('quiet_from', models.TimeField(default=datetime.time(20, 0))),
                ('quiet_until', models.TimeField(default=datetime.time(7, 0))),
                ('quiet_days_off', models.BooleanField(default=True)),
                ('your_day', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Messaging',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('told', models.BooleanField(default=False)),
                ('moved', models.BooleanField(default=True)),
                ('kept', models.BooleanField(default=False)),
                ('closed', models.BooleanField(default=True)),
                ('language', models.CharField(default='en', max_length=2)),
                ('team', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='messaging', to='followups.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team',), name='messaging_one_a_team', nulls_distinct=False)],
            },
        ),
        migrations.AddField(
            model_name='site',
            name='channels_off',
            field=models.BooleanField(db_default=False, default=False, help_text='Nobody is told anything outside the app but by mail of the desk.'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='channel',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deliveries', to='followups.channel'),
        ),
        migrations.AddField(
            model_name='delivery',
            name='gathered',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='delivery',
            name='route',
            field=models.CharField(db_default='mail', default='mail', max_length=60),
        ),
        migrations.AddField(
            model_name='delivery',
            name='message_id',
            field=models.CharField(blank=True, db_default='', default='', max_length=120),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='kind',
            field=models.CharField(choices=[('told', 'Promise told'), ('moved', 'Promise moved'), ('kept', 'Promise kept'), ('closed', 'Ticket closed'), ('digest', 'Digest of overdue promises'), ('notice', 'Notice'), ('your_day', 'Your day'), ('test', 'Test of a channel')], max_length=10),
        ),
        migrations.AlterField(
            model_name='delivery',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('dropped', 'Dropped'), ('dead', 'Given up'), ('bounced', 'Came back')], default='waiting', max_length=8),
        ),
        migrations.RemoveConstraint(
            model_name='delivery',
            name='delivery_state_known',
        ),
        migrations.AddConstraint(
            model_name='delivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sent', 'dropped', 'dead', 'bounced'])), name='delivery_state_known'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'waiting'), models.Q(('route', 'mail'), _negated=True)), fields=['due_at', 'id'], name='delivery_waiting_push'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('message_id', ''), _negated=True), fields=['message_id'], name='delivery_message_id'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state__in', ['dead', 'bounced'])), fields=['-made_at', '-id'], name='delivery_undelivered'),
        ),
    ]
