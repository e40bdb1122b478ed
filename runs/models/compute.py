"""Compute targets: where scripts can be submitted to."""

from django.db import models

from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class ComputeTarget(Stored):
    """An engine that an owner attached: this machine, Ray or Slurm."""

    KINDS = [("local", "this server"), ("ray", "Ray"), ("slurm", "Slurm")]
    CHECKING, READY, FAILING = "checking", "ready", "failing"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="compute_targets")
    name = models.CharField(max_length=256)
    kind = models.CharField(max_length=16, choices=KINDS)
    settings = models.JSONField(default=dict)
    # What is shown to the engine: its token, told nobody again and never in an event.
    secret = models.TextField(blank=True)
    enabled = models.BooleanField(default=True)
    # What the worker last saw of the engine: READY or FAILING; CHECKING from the asking on, empty before.
    state = models.CharField(max_length=32, blank=True)
    state_reason = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    # What the engine told of itself: pairs of words, as {"nodes": "4", "CPUs": "12 of 64 busy"}.
    capacity = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="compute_target_once")]

    def __str__(self) -> str:
        return self.name
