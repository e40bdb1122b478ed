"""What scripts wrote of a model, drawn once. Notes from before are shown as they were written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """One column."""

    dependencies = [("runs", "0036_data_inputs_and_models")]

    operations = [
        migrations.AddField(
            model_name="loggedmodel", name="note_html", field=models.TextField(blank=True)
        ),
    ]
