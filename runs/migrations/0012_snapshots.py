"""Snapshots share the bytes of equal files. No snapshot was ever taken before, so no row has to move."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0011_image_uses")]

    operations = [
        migrations.CreateModel(
            name="SnapshotBlob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=32)),
                ("size", models.BigIntegerField()),
                ("content_type", models.CharField(max_length=128)),
                ("created_at", models.DateTimeField()),
                ("workspace", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="runs.workspace")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workspace", "sha256"), name="snapshot_blob_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SnapshotUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "blob",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="runs.snapshotblob",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="snapshot_uploads",
                        to="runs.run",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="snapshot_upload_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "blob"), name="snapshot_upload_once"),
                ],
            },
        ),
        migrations.RemoveField(model_name="snapshotfile", name="sha256"),
        migrations.RemoveField(model_name="snapshotfile", name="key"),
        migrations.RemoveField(model_name="snapshotfile", name="size"),
        migrations.AddField(
            model_name="snapshotfile",
            name="blob",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="files", to="runs.snapshotblob"
            ),
            preserve_default=False,
        ),
    ]
