"""Room for the outline of a metric."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0014_waiting_email")]
    operations = [
        migrations.AddField(model_name="metric", name="outline", field=models.BinaryField(null=True)),
    ]
