"""Images pasted into descriptions."""

from django.db import models
from django.db.models import Q

from runs.models.experiment import Experiment
from runs.models.run import Run
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class DescriptionImage(Stored):
    """A re-encoded image, stored once a workspace, served to its members only."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="images")
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=32)
    content_type = models.CharField(max_length=32)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="image_once")]

    def __str__(self) -> str:
        return self.sha256


class ImageUse(Stored):
    """A description, present or earlier, that shows the image; without any the worker deletes it."""

    image = models.ForeignKey(DescriptionImage, models.CASCADE, related_name="uses")
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["image", "run"], name="image_use_by_run"),
            models.UniqueConstraint(fields=["image", "experiment"], name="image_use_by_experiment"),
            models.CheckConstraint(
                condition=Q(run__isnull=False, experiment__isnull=True)
                | Q(run__isnull=True, experiment__isnull=False),
                name="image_use_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.image_id} in {self.run_id or self.experiment_id}"
