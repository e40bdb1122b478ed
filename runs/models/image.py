"""Images pasted into descriptions."""

from django.db import models

from runs.models.workspace import User, Workspace


class DescriptionImage(models.Model):
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
