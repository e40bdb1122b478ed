"""Models that scripts log: what they are, which runs made and read them, how well they do."""

from django.db import models

from runs.models.dataset import DATASET_NAME_LENGTH, DIGEST_LENGTH
from runs.models.experiment import Experiment
from runs.models.name import Name
from runs.models.run import Run
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace

MODEL_NAME_LENGTH, MODEL_TYPE_LENGTH = 500, 500


class LoggedModel(Stored):
    """A model. Its files lie in the run that made it, in a folder of its own; without such a run they are its own."""

    PENDING, READY, UPLOAD_FAILED = "PENDING", "READY", "UPLOAD_FAILED"
    STATUSES = (PENDING, READY, UPLOAD_FAILED)
    # In this tag MLflow's clients keep what a person wrote of the model.
    NOTE = "mlflow.note.content"

    public_id = models.CharField(max_length=40, unique=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="logged_models")
    # The run that made it, with which it goes.
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="logged_models")
    name = models.CharField(max_length=MODEL_NAME_LENGTH)
    model_type = models.CharField(max_length=MODEL_TYPE_LENGTH, blank=True)
    status = models.CharField(max_length=16, choices=[(each, each) for each in STATUSES], default=PENDING)
    status_message = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    # What its tag NOTE says, drawn when the tag was set.
    note_html = models.TextField(blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        # Searches: those of an experiment, the newest first.
        indexes = [models.Index(fields=["experiment", "-created_at", "public_id"], name="model_by_age")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def maker(self) -> Run | None:
        """The run that made it, where its files are found; None without one, or while that is in the trash."""
        return self.run if self.run is not None and self.run.deleted_at is None else None

    @property
    def is_in_use(self) -> bool:
        """Whether neither it, nor the run that made it, nor its experiment lies in the trash."""
        return self.deleted_at is None and self.experiment.deleted_at is None and self.maker == self.run

    @staticmethod
    def with_run() -> models.Q:
        """The condition of models whose run, where they have one, does not lie in the trash."""
        return models.Q(run=None) | models.Q(run__deleted_at=None)

    @property
    def folder(self) -> str:
        """Where its files lie: in the run that made it, or from the top where it has none."""
        return f"models/{self.public_id}" if self.run_id else ""


class RunModel(Stored):
    """A run reads a model, or makes one, which it may do at a step of its training."""

    INPUT, OUTPUT = "input", "output"

    run = models.ForeignKey(Run, models.CASCADE, related_name="models")
    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="uses")
    direction = models.CharField(max_length=6, choices=[(each, each) for each in (INPUT, OUTPUT)])
    step = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "model", "direction", "step"], name="run_model_once")
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.model_id} of {self.run_id}"


class ModelMetric(Stored):
    """How well a model does by one measure on one dataset, as the run saw it last. Null stands for NaN."""

    model = models.ForeignKey(LoggedModel, models.CASCADE, related_name="metrics")
    run = models.ForeignKey(Run, models.CASCADE, related_name="+")
    name = models.ForeignKey(Name, models.CASCADE, related_name="+")
    value = models.FloatField(null=True)
    step = models.BigIntegerField()
    time = models.BigIntegerField()
    dataset_name = models.CharField(max_length=DATASET_NAME_LENGTH, blank=True)
    dataset_digest = models.CharField(max_length=DIGEST_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "name", "run", "dataset_name", "dataset_digest"], name="model_metric_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name_id}={self.value}"
