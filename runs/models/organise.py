"""Values people and scripts give to a run: tags (change), properties (never), parameters (inputs)."""

from typing import Self

from django.db import models

from runs.limits import INDEXED_LENGTH
from runs.models.experiment import Experiment
from runs.models.name import Name
from runs.models.run import Run
from runs.models.stored import Stored


class Value(Stored):
    """A named text of a run.

    `value` holds its first 250 characters, which is what indexes hold; `full` the whole of a longer text,
    else null. `experiment` repeats the run's, because people sort and filter inside one experiment.
    """

    run = models.ForeignKey(Run, models.CASCADE)
    experiment = models.ForeignKey(Experiment, models.CASCADE, db_index=False)
    name = models.ForeignKey(Name, models.CASCADE, db_index=False)
    value = models.CharField(max_length=INDEXED_LENGTH, null=True)
    full = models.TextField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name_id}={self.value}"

    @property
    def text(self) -> str | None:
        """The whole value."""
        return self.value if self.full is None else self.full

    def put(self, text: str | None) -> Self:
        """Take the text, long or short, or null."""
        self.value = text if text is None else text[:INDEXED_LENGTH]
        self.full = text if text is not None and len(text) > INDEXED_LENGTH else None
        return self


class Tag(Value):
    """A tag: may change, may have no value."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="tag_once")]
        indexes = [
            # Runs of a workspace, or of one experiment, with this tag (and value), and in its order.
            models.Index(fields=["name", "value", "run"], name="tag_value"),
            models.Index(fields=["experiment", "name", "value", "run"], name="tag_value_in_experiment"),
        ]


class Property(Value):
    """A property: written once, never changed."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="property_once")]
        indexes = [
            models.Index(fields=["name", "value", "run"], name="property_value"),
            models.Index(fields=["experiment", "name", "value", "run"], name="property_value_in_exp"),
        ]


class Param(Value):
    """A parameter, an input of the run. `number` is its value where the text spells a finite number."""

    number = models.FloatField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="param_once")]
        indexes = [
            models.Index(fields=["name", "value", "run"], name="param_value"),
            models.Index(fields=["experiment", "name", "value", "run"], name="param_value_in_experiment"),
            # Compare and sort as numbers: 0.001 < 0.01 < 3 < 10.
            models.Index(fields=["name", "number", "run"], name="param_number"),
            models.Index(fields=["experiment", "name", "number", "run"], name="param_number_in_experiment"),
        ]
