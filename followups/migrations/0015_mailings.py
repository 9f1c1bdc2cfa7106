import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("followups", "0014_facts")]

    operations = [
        migrations.CreateModel(
            name="Mailing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("report", models.CharField(max_length=40)),
                ("asked", models.JSONField(blank=True, default=dict)),
                (
                    "period",
                    models.CharField(
                        choices=[
                            ("days_7", "the last 7 days"),
                            ("days_30", "the last 30 days"),
                            ("days_90", "the last 90 days"),
                            ("week", "the last week, Monday to Sunday"),
                            ("month", "the last month"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("working_day", "Each working day"),
                            ("week", "Each week"),
                            ("month", "Each month"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        default=0, validators=[django.core.validators.MaxValueValidator(6)]
                    ),
                ),
                (
                    "day",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(31),
                        ],
                    ),
                ),
                ("at", models.TimeField()),
                ("zone", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField()),
                ("look_at", models.DateTimeField()),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("why", models.CharField(blank=True, max_length=300)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mailings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("made_at", "id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("paused_at__isnull", True)), fields=["look_at"], name="mailing_look_at"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agent", "report", "asked", "period", "rhythm", "weekday", "day", "at", "zone"),
                        name="mailing_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("rhythm__in", ["working_day", "week", "month"])),
                        name="mailing_rhythm_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period__in", ["days_7", "days_30", "days_90", "week", "month"])),
                        name="mailing_period_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("day__gte", 1), ("day__lte", 31), ("weekday__lte", 6)),
                        name="mailing_days_of_the_calendar",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("why", ""), ("paused_at__isnull", False), _connector="OR"),
                        name="mailing_why_it_rests",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Export",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by_name", models.CharField(max_length=200)),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("file", "as a file"),
                            ("mail", "by mail, as a file"),
                            ("page", "on a page"),
                            ("rows", "row by row, on a page"),
                            ("api", "through the API"),
                        ],
                        max_length=4,
                    ),
                ),
                ("report", models.CharField(max_length=40)),
                ("asked", models.JSONField(default=dict)),
                ("count", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "token",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="followups.apitoken",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-at", "-id"], name="export_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("way__in", ["file", "mail", "page", "rows", "api"])),
                        name="export_way_known",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="export",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="727fb9fde110a438d13d93b8006d7093a3cb16ce",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_5fa21",
                    table="followups_export",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("told", "Promise told"),
                    ("moved", "Promise moved"),
                    ("kept", "Promise kept"),
                    ("closed", "Ticket closed"),
                    ("digest", "Digest of overdue promises"),
                    ("notice", "Notice"),
                    ("your_day", "Your day"),
                    ("test", "Test of a channel"),
                    ("report", "Report by mail"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="mailing",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="deliveries",
                to="followups.mailing",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("mailing__isnull", False)),
                fields=["mailing", "-made_at"],
                name="delivery_mailing",
            ),
        ),
    ]
