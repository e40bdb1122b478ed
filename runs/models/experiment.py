"""Experiments, what is known of them without reading their runs, and their tags."""

from django.db import models

from runs.lifecycle import Status
from runs.models.name import Name
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace

# Number 0, where scripts log that name no experiment, as MLflow's clients may.
DEFAULT_EXPERIMENT = "Default"


class Experiment(Stored):
    """A named collection of runs."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="experiments")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    description_html = models.TextField(blank=True)
    # Grows with each change: who edits an older one is told, nothing is overwritten silently.
    description_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # When its name, description, tags or place were changed; null when they never were.
    changed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    last_run_number = models.PositiveIntegerField(default=0)
    last_run_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="experiment_name_once"),
            models.UniqueConstraint(fields=["workspace", "number"], name="experiment_number_once"),
        ]
        # The Experiments page: those with the newest runs first.
        indexes = [models.Index(fields=["workspace", "-last_run_at", "-id"], name="experiment_by_activity")]

    def __str__(self) -> str:
        return self.name


class ExperimentTag(Stored):
    """A tag of an experiment; its value may be null."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="tags")
    key = models.CharField(max_length=256)
    value = models.TextField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "key"], name="experiment_tag_once")]

    def __str__(self) -> str:
        return self.key


class ExperimentName(Stored):
    """A key that some run of the experiment has: what its column picker lists without a scan."""

    experiment = models.ForeignKey(Experiment, models.CASCADE)
    name = models.ForeignKey(Name, models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "name"], name="experiment_name_pair_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.experiment}"


class RunCount(Stored):
    """How many runs of an experiment, children included and those in the trash not, stand in a status."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="counts")
    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Status])
    runs = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "status"], name="run_count_once")]

    def __str__(self) -> str:
        return f"{self.runs} {self.status}"
