"""Alerts: what to watch and where to tell; and what was delivered."""

from django.db import models

from runs.models.event import RunEvent
from runs.models.experiment import Experiment
from runs.models.run import Run
from runs.models.saved_view import SavedView
from runs.models.workspace import User, Workspace


class Alert(models.Model):
    """Tell somebody when a run, or a run of an experiment or view, reaches one of these statuses."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="alerts")
    owner = models.ForeignKey(User, models.CASCADE, related_name="alerts")
    name = models.CharField(max_length=256)
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="alerts")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="alerts")
    view = models.ForeignKey(SavedView, models.CASCADE, null=True, related_name="alerts")
    statuses = models.JSONField(default=list)
    channel = models.CharField(max_length=16, default="email")
    settings = models.JSONField(default=dict)
    paused_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message of an alert: waiting, sent, or given up, with the last answer."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(RunEvent, models.CASCADE, null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "event"], name="delivery_once")]

    def __str__(self) -> str:
        return f"delivery of {self.alert_id}"
