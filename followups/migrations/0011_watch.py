from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("followups", "0010_contacting")]
    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                ("name", models.CharField(max_length=160, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=120)),
                ("pid", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("took_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField("finding", "told_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("site", "clock_suspect_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("site", "clock_ahead_seconds", models.FloatField(db_default=0, default=0)),
        migrations.AddField("site", "clock_believed_at", models.DateTimeField(blank=True, null=True)),
    ]
