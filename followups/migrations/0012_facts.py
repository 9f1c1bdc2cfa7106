from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("followups", "0011_watch")]
    operations = []
