import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

KINDS = ["category", "shared", "team", "hours", "policy", "target", "plan", "disclosure"]
NONE = "'{}'"
NAME = "coalesce(nullif(trim(a.first_name || ' ' || a.last_name), ''), a.username, '')"
OF_TEAM = "CASE WHEN {0}.team_id IS NULL THEN '{{}}'::bigint[] ELSE ARRAY[{0}.team_id] END"
WHOSE = "coalesce((SELECT name FROM followups_team WHERE id = {0}.team_id), 'The desk')"

OF_CUSTOMERS = "followups_customerdonotcontactsharedaccounttakecarefreetole1bf5"

# What changed before there were marks, as far as it was kept; of settings nobody wrote down who it was.
BEFORE = f"""
INSERT INTO followups_mark (kind, at, what, by_id, by_name, teams, spared, families)
SELECT 'disclosure', told.at, 'Figures per agent were switched ' || told.word, told.by_id, {NAME}, {NONE}::bigint[], {NONE}::bigint[],
    {NONE}::varchar[]
FROM (SELECT since AS at, 'on' AS word, by_id FROM followups_disclosure
    UNION ALL SELECT until, 'off', ended_by_id FROM followups_disclosure WHERE until IS NOT NULL) told
LEFT JOIN followups_agent a ON a.id = told.by_id
UNION ALL
SELECT 'target', t.made_at, {WHOSE.format("t")} || ': a target for the ' || replace(t.kind, '_', ' '), t.made_by_id, {NAME},
    {OF_TEAM.format("t")}, {NONE}, t.families
FROM followups_target t LEFT JOIN followups_agent a ON a.id = t.made_by_id
UNION ALL
SELECT 'plan', p.made_at, {WHOSE.format("p")} || ': the plan ' || p.name || ' is new', p.made_by_id, {NAME},
    {OF_TEAM.format("p")}, {NONE}, p.families
FROM followups_plan p LEFT JOIN followups_agent a ON a.id = p.made_by_id
UNION ALL
SELECT CASE WHEN changed.hours THEN 'hours' ELSE 'policy' END, changed.at,
    {WHOSE.format("changed")} || CASE WHEN changed.hours THEN ': new hours' ELSE ': other rules' END, NULL::bigint, '',
    {OF_TEAM.format("changed")}, {NONE}, {NONE}
FROM (
    SELECT pgh_label, pgh_created_at AS at, team_id, (week, special_days, zone) IS DISTINCT FROM
        lag((week, special_days, zone)) OVER (PARTITION BY pgh_obj_id ORDER BY pgh_id) AS hours
    FROM followups_policyevent
) changed WHERE pgh_label = 'update'
UNION ALL
SELECT 'team', at, name || ' counts as ' || CASE kind WHEN 'outsourced' THEN 'outsourced' ELSE 'in-house' END,
    NULL::bigint, '', ARRAY[pgh_obj_id]::bigint[], {NONE}, {NONE}
FROM (
    SELECT pgh_obj_id, pgh_label, pgh_created_at AS at, name, kind,
        lag(kind) OVER (PARTITION BY pgh_obj_id ORDER BY pgh_id) AS was
    FROM followups_teamevent
) changed WHERE pgh_label = 'update' AND kind <> was
UNION ALL
SELECT 'shared', e.pgh_created_at, 'The account of a customer is ' ||
    CASE WHEN e.shared_account THEN 'now shared by several people, and left out' ELSE 'no longer shared' END,
    NULL::bigint, '', coalesce(places.teams, {NONE}), {NONE}, places.families
FROM {OF_CUSTOMERS} e
JOIN LATERAL (
    SELECT p.shared_account FROM {OF_CUSTOMERS} p
    WHERE p.pgh_obj_id = e.pgh_obj_id AND p.pgh_id < e.pgh_id ORDER BY p.pgh_id DESC LIMIT 1
) before ON before.shared_account <> e.shared_account
JOIN LATERAL (
    SELECT array_agg(DISTINCT t.team_id) FILTER (WHERE t.team_id IS NOT NULL) AS teams, array_agg(DISTINCT k.family) AS families
    FROM followups_ticket t JOIN followups_category k ON k.id = t.category_id
    WHERE t.customer_id = e.pgh_obj_id AND NOT t.is_demo
) places ON places.families IS NOT NULL
WHERE e.pgh_label = 'update'
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0015_mailings")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("category", "Categories"),
                            ("shared", "Shared accounts"),
                            ("team", "Teams"),
                            ("hours", "Working time"),
                            ("policy", "Rules of a team"),
                            ("target", "Targets"),
                            ("plan", "Plans"),
                            ("disclosure", "Figures per agent"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("what", models.CharField(max_length=1000)),
                ("by_name", models.CharField(max_length=200)),
                (
                    "teams",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "spared",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                (
                    "families",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), blank=True, default=list, size=None
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-at", "-id"),
                "indexes": [
                    models.Index(fields=["at", "id"], name="mark_at"),
                    models.Index(condition=Q(("by__isnull", False)), fields=["by"], name="mark_by"),
                ],
                "constraints": [
                    models.CheckConstraint(condition=Q(("kind__in", KINDS)), name="mark_kind_known"),
                    models.CheckConstraint(condition=Q(("what", ""), _negated=True), name="mark_says_what"),
                ],
            },
        ),
        migrations.RunSQL(BEFORE, migrations.RunSQL.noop),
    ]
