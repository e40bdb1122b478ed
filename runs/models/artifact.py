"""Files of a run: artifacts, and logs that grow."""

from django.db import models

from runs.models.run import Run


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
