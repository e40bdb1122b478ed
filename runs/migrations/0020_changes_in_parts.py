"""A change of many runs goes on in parts and tells how far it is."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0019_definitions_of_runs")]

    operations = [
        migrations.RenameModel("Undo", "BulkChange"),
        migrations.AddField("bulkchange", "numbers", models.JSONField(default=list)),
        migrations.AddField("bulkchange", "total", models.PositiveIntegerField(default=0)),
        migrations.AddField("bulkchange", "taken", models.PositiveIntegerField(default=0)),
        migrations.AddField("bulkchange", "done", models.PositiveIntegerField(default=0)),
        migrations.AddField("bulkchange", "unchanged", models.PositiveIntegerField(default=0)),
        migrations.AddField("bulkchange", "refused", models.JSONField(default=list)),
        migrations.AddField("bulkchange", "is_cut", models.BooleanField(default=False)),
        migrations.AddField("bulkchange", "ended_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "bulkchange",
            "undoes",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="runs.bulkchange",
            ),
        ),
        migrations.CreateModel(
            name="BulkPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.PositiveIntegerField()),
                ("before", models.JSONField()),
                (
                    "change",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="runs.bulkchange",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("change", "start"), name="bulk_part_once"),
                ],
            },
        ),
    ]
