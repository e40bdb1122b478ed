"""The run and its tree."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from runs.lifecycle import Status, is_ended
from runs.models.experiment import Experiment
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace

_SHOWN = ("parent", "deleted_at", "archived_at")


class Run(Stored):
    """One execution of a training: what happened, when, by whom. Children point at their parent and root."""

    # What people and scripts call the run. The number `id` stays inside: it keeps value tables small.
    public_id = models.CharField(max_length=256, unique=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="runs")
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="runs")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="children")
    # The top of the tree, null for the top itself: a whole tree is read in one query.
    root = models.ForeignKey("self", models.CASCADE, null=True, related_name="+")
    child_count = models.PositiveIntegerField(default=0)

    display_name = models.CharField(max_length=256)
    description = models.TextField(blank=True)
    description_html = models.TextField(blank=True)
    description_version = models.PositiveIntegerField(default=0)
    run_type = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=256, blank=True)
    compute_target = models.ForeignKey("runs.ComputeTarget", models.SET_NULL, null=True, related_name="runs")
    script = models.TextField(blank=True)
    arguments = models.JSONField(default=list)
    # How it is executed, for a submitted run: see runs/definition.py. Empty for one that its own program began.
    definition = models.JSONField(default=dict)
    snapshot = models.ForeignKey("runs.Snapshot", models.SET_NULL, null=True, related_name="runs")
    resubmitted_from = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")

    status = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Status])
    status_reason = models.TextField(blank=True)
    error_code = models.CharField(max_length=256, blank=True)
    error_message = models.TextField(blank=True)
    error_details = models.JSONField(default=dict)
    cancel_requested_at = models.DateTimeField(null=True)
    cancel_requested_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    # When the answer to a heartbeat told its script so.
    cancel_told_at = models.DateTimeField(null=True)

    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="runs", db_index=False
    )  # run_of_person serves it
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # When the studio heard of a start or end that a program reported later than it happened; null where it was told
    # at once, as it nearly always is.
    start_received_at = models.DateTimeField(null=True)
    end_received_at = models.DateTimeField(null=True)
    # Seconds from start to end, kept at the end so that a list can sort by it.
    duration_s = models.FloatField(null=True)
    # Null for a run whose maker promised no heartbeats: it is never judged silent.
    heartbeat_at = models.DateTimeField(null=True)

    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="run_number_once")]
        indexes = [
            # The newest page of a workspace or an experiment, with and without child runs.
            models.Index(fields=["workspace", "-created_at", "-id"], name="run_newest"),
            models.Index(
                fields=["workspace", "-created_at", "-id"],
                name="run_newest_roots",
                condition=Q(parent=None, deleted_at=None, archived_at=None),
            ),
            models.Index(fields=["experiment", "-created_at", "-id"], name="run_newest_in_experiment"),
            models.Index(
                fields=["experiment", "-created_at", "-id"],
                name="run_newest_experiment_roots",
                condition=Q(parent=None, deleted_at=None, archived_at=None),
            ),
            # The archive, which is small beside the rest.
            models.Index(
                fields=["workspace", "-created_at", "-id"],
                name="run_archived",
                condition=Q(archived_at__isnull=False),
            ),
            # Status filters and counters. The last three say whether a list shows the run: no row is fetched to count.
            models.Index(fields=["workspace", "status", "-created_at", "-id", *_SHOWN], name="run_by_status"),
            models.Index(
                fields=["experiment", "status", "-created_at", "-id", *_SHOWN],
                name="run_by_status_in_experiment",
            ),
            # Home: what failed since yesterday.
            models.Index(
                fields=["workspace", "status", "-ended_at"],
                name="run_by_end",
                condition=Q(ended_at__isnull=False),
            ),
            # Home: a person's own newest runs.
            models.Index(fields=["created_by", "workspace", "-created_at", "-id"], name="run_of_person"),
            # The orders of lists.
            models.Index(fields=["workspace", "display_name", "id"], name="run_by_name"),
            models.Index(fields=["workspace", "-started_at", "-id"], name="run_by_start"),
            models.Index(fields=["workspace", "-ended_at", "-id"], name="run_by_ended"),
            models.Index(fields=["workspace", "-duration_s", "-id"], name="run_by_duration"),
            models.Index(fields=["experiment", "display_name", "id"], name="run_by_name_in_experiment"),
            models.Index(fields=["experiment", "-started_at", "-id"], name="run_by_start_in_experiment"),
            models.Index(fields=["experiment", "-ended_at", "-id"], name="run_by_end_in_experiment"),
            models.Index(fields=["experiment", "-duration_s", "-id"], name="run_by_duration_in_experiment"),
            # Children in the order they were made.
            models.Index(fields=["parent", "id"], name="run_children", condition=Q(parent__isnull=False)),
            # The worker looks for runs that fell silent.
            models.Index(
                fields=["heartbeat_at"],
                name="run_watched",
                condition=Q(heartbeat_at__isnull=False, ended_at__isnull=True),
            ),
            # And for cancels that nobody has confirmed.
            models.Index(
                fields=["cancel_requested_at"],
                name="run_stopping",
                condition=Q(cancel_requested_at__isnull=False, ended_at__isnull=True),
            ),
            # The trash is emptied of its oldest.
            models.Index(fields=["deleted_at"], name="run_trash", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"run {self.number} of {self.experiment_id}"

    @property
    def is_ended(self) -> bool:
        """Whether the run is over for good."""
        return is_ended(self.status)

    @property
    def top_id(self) -> int:
        """The number of the tree's top, which is the run itself when it has no parent."""
        return self.root_id or self.pk

    def seconds(self, now: datetime) -> float | None:
        """How long it ran, up to `now` while it goes on; None before it started. Never negative."""
        if self.started_at is None:
            return None
        return max(0.0, ((self.ended_at or now) - self.started_at).total_seconds())

    @staticmethod
    def in_use() -> Q:
        """The condition of runs that lie neither in the trash nor in the archive."""
        return Q(deleted_at=None, archived_at=None)

    @staticmethod
    def newest_first() -> tuple[object, object]:
        """The order of lists; ties fall to the one made last."""
        return (F("created_at").desc(), F("id").desc())


class DescriptionVersion(Stored):
    """An earlier or present text of the description of a run or an experiment, so that nothing written is lost."""

    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="description_versions")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="description_versions")
    version = models.PositiveIntegerField()
    text = models.TextField(blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "version"], name="description_version_once"),
            models.UniqueConstraint(fields=["experiment", "version"], name="experiment_description_once"),
            models.CheckConstraint(
                condition=Q(run__isnull=False, experiment__isnull=True)
                | Q(run__isnull=True, experiment__isnull=False),
                name="description_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"
