"""An experiment knows when it was changed last."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0033_signs_as_letters_kept")]

    operations = [
        migrations.AddField("experiment", "changed_at", models.DateTimeField(null=True)),
    ]
