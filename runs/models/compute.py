"""Compute targets: where scripts can be submitted to."""

from django.db import models

from runs.models.workspace import User, Workspace


class ComputeTarget(models.Model):
    """An engine that an owner attached: this machine, Ray or Slurm."""

    KINDS = [("local", "this server"), ("ray", "Ray"), ("slurm", "Slurm")]

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="compute_targets")
    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=16, choices=KINDS)
    settings = models.JSONField(default=dict)
    # The engine's own token, never shown again and never in an event.
    secret = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    state = models.CharField(max_length=32, blank=True)
    state_reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="compute_target_once")]

    def __str__(self) -> str:
        return self.name
