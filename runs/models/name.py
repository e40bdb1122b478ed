"""Interned names: each key of a tag, property, parameter or metric is written once per workspace."""

from django.db import models

from runs.models.stored import Stored
from runs.models.workspace import Workspace

# Metrics that begin so are samples of the machine. They have a tab of their own; lists of metrics leave them out.
SYSTEM = "system/"
# Tags that begin so are notes of programs to themselves, such as where their script lay: shown only to who asks.
RESERVED = "mlflow."


class Kind(models.IntegerChoices):
    """What a name is the name of."""

    TAG = 1, "tag"
    PROPERTY = 2, "property"
    PARAM = 3, "param"
    METRIC = 4, "metric"


class NameQuerySet(models.QuerySet["Name"]):
    """Names, and those of them that people choose from."""

    def offered(self) -> "NameQuerySet":
        """All but those of samples of the machine and of reserved tags."""
        shown = self.exclude(kind=Kind.METRIC, text__startswith=SYSTEM)
        return shown.exclude(kind=Kind.TAG, text__startswith=RESERVED)


class Name(Stored):
    """A key. Its number keeps the indexes of values small and scoped to the workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="keys")
    kind = models.PositiveSmallIntegerField(choices=Kind)
    text = models.CharField(max_length=256)

    objects = NameQuerySet.as_manager()

    class Meta:
        # Also lists the keys of a kind, in order, for the column picker.
        constraints = [models.UniqueConstraint(fields=["workspace", "kind", "text"], name="name_once")]

    def __str__(self) -> str:
        return self.text
