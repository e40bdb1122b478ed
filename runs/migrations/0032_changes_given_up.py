"""A change of many runs that an error ended says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0031_long_answers_of_keys")]

    operations = [
        migrations.AddField("bulkchange", "is_given_up", models.BooleanField(default=False)),
    ]
