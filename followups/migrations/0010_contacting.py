import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def text_array(length):
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.CharField(max_length=length), blank=True, default=list, size=None
    )


class Migration(migrations.Migration):
    dependencies = [("followups", "0009_targets")]
    operations = [
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("families", text_array(120)),
                ("priorities", text_array(60)),
                ("made_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField(blank=True, null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plans",
                        to="followups.team",
                    ),
                ),
            ],
            options={
                "ordering": ("position", "id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("replaced_at", None)), fields=["team", "position"], name="plan_in_force"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("gap_days", models.PositiveSmallIntegerField()),
                ("will_bring", models.CharField(blank=True, max_length=300)),
                (
                    "who",
                    models.CharField(
                        choices=[
                            ("promiser", "Who promised it, in person"),
                            ("team", "The team, who promised it first"),
                            ("person", "A named person"),
                            ("rota", "Who is on duty"),
                        ],
                        default="team",
                        max_length=8,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="followups.plan"
                    ),
                ),
                (
                    "rota",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="followups.rota",
                    ),
                ),
            ],
            options={
                "ordering": ("position",),
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "position"), name="plan_step_position_once"),
                    models.CheckConstraint(
                        condition=models.Q(("who__in", ["promiser", "team", "person", "rota"])),
                        name="plan_step_who_known",
                    ),
                    models.CheckConstraint(condition=models.Q(("gap_days__gte", 1)), name="plan_step_gap_positive"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("who", "person"), ("person__isnull", False)),
                            models.Q(("who", "person"), _negated=True),
                            _connector="OR",
                        ),
                        name="plan_step_names_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("who", "rota"), ("rota__isnull", False)),
                            models.Q(("who", "rota"), _negated=True),
                            _connector="OR",
                        ),
                        name="plan_step_names_rota",
                    ),
                ],
            },
        ),
        migrations.AddField(
            "customer",
            "contact_days",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(),
                blank=True,
                help_text="0 = Monday; empty: the team's days.",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField(
            "customer",
            "phone_wrong_at",
            models.DateTimeField(blank=True, help_text="Since when the number is known as wrong.", null=True),
        ),
        migrations.AddField(
            "followup",
            "plan",
            models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="followups.plan",
            ),
        ),
        migrations.AddField("followup", "plan_position", models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField("followup", "try_at", models.DateTimeField(blank=True, null=True)),
    ]
