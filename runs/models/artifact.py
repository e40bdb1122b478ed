"""Files of a run: artifacts, and logs that grow. A model that no run made has files, too."""

from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Substr

from runs.models.logged_model import LoggedModel
from runs.models.run import Run
from runs.models.stored import Stored


class Artifact(Stored):
    """A file of a run. Its path is a word in the database; its bytes lie under `key` in the storage."""

    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="artifacts")
    # Instead of a run, a model that was logged without one.
    model = models.ForeignKey(LoggedModel, models.CASCADE, null=True, related_name="artifacts")
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
        constraints = [
            models.UniqueConstraint(fields=["run", "path"], name="artifact_once"),
            models.UniqueConstraint(fields=["model", "path"], name="artifact_of_model_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=False, model__isnull=True) | Q(run__isnull=True, model__isnull=False),
                name="artifact_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.path


def owned_by(owner: Run | LoggedModel) -> dict[str, Any]:
    """The fields of a file that say whose it is."""
    return {"run" if isinstance(owner, Run) else "model": owner}


def files_of(owner: Run | LoggedModel) -> QuerySet[Artifact]:
    """All files of the run, or of the model that no run made."""
    return Artifact.objects.filter(**owned_by(owner))


def files_below(owner: Run | LoggedModel, folder: str) -> QuerySet[Artifact]:
    """The files in the folder at any depth; all of them for the empty path.

    Compared character by character: SQLite's LIKE does not tell cases apart.
    """
    rows = files_of(owner)
    if not folder or "\x00" in folder:
        return rows.none() if folder else rows
    prefix = f"{folder}/"
    return rows.alias(begin=Substr("path", 1, len(prefix))).filter(begin=prefix)
