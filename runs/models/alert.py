"""Alerts: what to watch and where to tell; what they noticed; and the messages made of it."""

from django.db import models
from django.db.models import Q

from runs.models.experiment import Experiment
from runs.models.run import Run
from runs.models.saved_view import SavedView
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class Alert(Stored):
    """Tell somebody when a run, or a run of an experiment, view or filter, comes to one of these points."""

    # What can be watched, and how it is said of a run.
    STARTED, COMPLETED, FAILED, CANCELED = "started", "completed", "failed", "canceled"
    ENDED, SILENT, QUEUED, ALL_ENDED = "ended", "not responding", "queued too long", "all ended"
    METRIC = "metric"
    WATCHES = (STARTED, COMPLETED, FAILED, CANCELED, ENDED, SILENT, QUEUED, ALL_ENDED)
    NOW, HOURLY, DAILY = "now", "hourly", "daily"
    TIMINGS = (NOW, HOURLY, DAILY)
    APP, EMAIL, LIST, WEBHOOK = "app", "email", "list", "webhook"
    SLACK, TEAMS, MATTERMOST = "slack", "teams", "mattermost"
    CHANNELS = (APP, EMAIL, LIST, WEBHOOK, SLACK, TEAMS, MATTERMOST)
    POSTED = (WEBHOOK, SLACK, TEAMS, MATTERMOST)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="alerts")
    owner = models.ForeignKey(User, models.CASCADE, related_name="alerts")
    name = models.CharField(max_length=256)
    # At most one of the three; without any, all runs of the workspace that the filter leaves.
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="alerts")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="alerts")
    view = models.ForeignKey(SavedView, models.CASCADE, null=True, related_name="alerts")
    filter = models.TextField(blank=True)
    # Of the run, the experiment or the filter; a view says it itself.
    include_children = models.BooleanField(default=False)
    statuses = models.JSONField(default=list)
    queued_s = models.PositiveIntegerField(default=3600)
    # A metric that goes above or below a bound; empty: none is watched.
    metric = models.CharField(max_length=256, blank=True)
    bound = models.FloatField(null=True)
    is_above = models.BooleanField(default=True)
    timing = models.CharField(max_length=8, default=NOW)
    # Minutes of the day by the owner's clock between which nothing is sent; the end may lie on the next day.
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)
    channel = models.CharField(max_length=16, default=EMAIL)
    addresses = models.JSONField(default=list)
    # Addresses whose people have opened the link in a mail that says so.
    muted = models.JSONField(default=list)
    url = models.TextField(blank=True)
    # What a webhook's messages are signed with.
    secret = models.CharField(max_length=64, blank=True)
    allows_private = models.BooleanField(default=False)
    paused_at = models.DateTimeField(null=True)
    # Why nothing can be noticed, in words: a view that was deleted, a filter that takes too long.
    trouble = models.TextField(blank=True)
    created_at = models.DateTimeField()
    # From when on it watches: not what happened before it was made, changed or resumed.
    watches_since = models.DateTimeField()

    class Meta:
        # A person's own, and the workspace's.
        indexes = [models.Index(fields=["workspace", "owner"], name="alert_of_owner")]

    def __str__(self) -> str:
        return self.name


class Delivery(Stored):
    """One message of an alert: waiting, sent, or given up, with the last answer. Its owner reads it in the studio."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(User, models.CASCADE, related_name="deliveries")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="deliveries")
    is_test = models.BooleanField(default=False)
    subject = models.CharField(max_length=300, blank=True)
    # What the message says, as runs/query/alert_facts.py tells it; empty until a worker takes it up.
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)  # of the next attempt; null when there is none
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    # The addresses that have it, and those that were refused for good, with the server's words.
    reached = models.JSONField(default=list)
    refused = models.JSONField(default=dict)
    answer = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The next to send.
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            # How many a person has not read.
            models.Index(
                fields=["user", "workspace"], name="delivery_unread", condition=Q(read_at__isnull=True)
            ),
            # A person's messages, newest first.
            models.Index(fields=["user", "workspace", "-id"], name="delivery_of_person"),
        ]

    def __str__(self) -> str:
        return f"delivery of {self.alert_id}"


class AlertMoment(Stored):
    """Something an alert has noticed: told with others in one message."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="moments")
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="+")
    # What was watched for, such as "failed".
    watch = models.CharField(max_length=32)
    # Equal for the same thing seen twice: "event 12", "queued 12", "metric 12".
    key = models.CharField(max_length=64)
    at = models.DateTimeField()
    value = models.FloatField(null=True)
    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, related_name="moments")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "key"], name="alert_moment_once")]
        # What is not told yet.
        indexes = [
            models.Index(fields=["alert", "at"], name="alert_moment_untold", condition=Q(delivery=None))
        ]

    def __str__(self) -> str:
        return f"{self.watch} ({self.key})"
