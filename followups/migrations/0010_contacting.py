from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("followups", "0009_targets")]
    operations = []
