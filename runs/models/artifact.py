"""Files of a run: artifacts, logs that grow, and the snapshot of the source folder."""

from django.db import models

from runs.models.run import Run
from runs.models.workspace import Workspace


class Artifact(models.Model):
    """A file of a run. Its path is a word in the database; its bytes lie under `key` in the storage."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="artifacts")
    path = models.CharField(max_length=1000)
    key = models.CharField(max_length=32)
    # For a log, what is acknowledged: bytes beyond it in the file came from a write that was cut.
    size = models.BigIntegerField(default=0)
    # Empty for a log, which still grows.
    sha256 = models.CharField(max_length=64, blank=True)
    content_type = models.CharField(max_length=128)
    is_log = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        # Also the file tree, in order of paths.
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="artifact_once")]

    def __str__(self) -> str:
        return self.path


class Snapshot(models.Model):
    """The source folder of a submission, kept once for equal content."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    file_count = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="snapshot_once")]

    def __str__(self) -> str:
        return self.sha256


class SnapshotFile(models.Model):
    """A file of a snapshot; equal files of a workspace share their bytes."""

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    sha256 = models.CharField(max_length=64, db_index=True)
    key = models.CharField(max_length=32)
    size = models.BigIntegerField()
    executable = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "path"], name="snapshot_file_once")]

    def __str__(self) -> str:
        return self.path
