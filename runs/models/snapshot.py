"""The snapshot of a run: the folder of sources that it was started from."""

from django.db import models

from runs.models.run import Run
from runs.models.stored import Stored
from runs.models.workspace import Workspace


class SnapshotBlob(Stored):
    """The bytes of a file, kept once in a workspace: a file known by its hash is not sent again.

    Never shared between workspaces: whether one has a file is nothing that another may learn.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=32)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=128)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="snapshot_blob_once")]

    def __str__(self) -> str:
        return self.sha256


class Snapshot(Stored):
    """A folder as it was, kept once for equal content. Its hash, made of its list of files, is its id."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    file_count = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="snapshot_once")]

    def __str__(self) -> str:
        return self.sha256


class SnapshotFile(Stored):
    """A file of a snapshot. Its path is a word in the database and never names a place on a disk."""

    snapshot = models.ForeignKey(Snapshot, models.CASCADE, related_name="files")
    path = models.CharField(max_length=1000)
    # A blob is removed by hand once no file points to it.
    blob = models.ForeignKey(SnapshotBlob, models.PROTECT, related_name="files")
    executable = models.BooleanField(default=False)

    class Meta:
        # Also the tree, in order of paths.
        constraints = [models.UniqueConstraint(fields=["snapshot", "path"], name="snapshot_file_once")]

    def __str__(self) -> str:
        return self.path


class SnapshotUpload(Stored):
    """Bytes that were sent for a run's snapshot before its list of files: the proof that the sender has them."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="snapshot_uploads")
    blob = models.ForeignKey(SnapshotBlob, models.CASCADE, related_name="uploads")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "blob"], name="snapshot_upload_once")]
        # What nobody has gone on with is forgotten, the oldest first.
        indexes = [models.Index(fields=["at"], name="snapshot_upload_age")]

    def __str__(self) -> str:
        return f"{self.blob_id} for {self.run_id}"
