"""The list of all changes in one column is no longer used."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("runs", "0021_parts_of_old_changes")]

    operations = [migrations.RemoveField("bulkchange", "changes")]
