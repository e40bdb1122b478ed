"""Data that runs read: which, from where, and for what."""

from django.db import models

from runs.models.experiment import Experiment
from runs.models.run import Run
from runs.models.stored import Stored

DATASET_NAME_LENGTH, DIGEST_LENGTH, CONTEXT_LENGTH = 500, 36, 500


class Dataset(Stored):
    """Data by its name and the digest of its content. Source, schema and profile are what the script says of it."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=DATASET_NAME_LENGTH)
    digest = models.CharField(max_length=DIGEST_LENGTH)
    source_type = models.CharField(max_length=256, blank=True)
    source = models.TextField(blank=True)
    schema = models.TextField(blank=True)
    profile = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name", "digest"], name="dataset_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.digest}"


class RunInput(Stored):
    """A run reads a dataset. `context` is what for, as "training"; one of the tags, by which runs are searched."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="inputs")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="uses")
    context = models.CharField(max_length=CONTEXT_LENGTH, blank=True)
    tags = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "dataset"], name="run_input_once")]

    def __str__(self) -> str:
        return f"{self.run_id} reads {self.dataset_id}"
