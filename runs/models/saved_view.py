"""Saved views of the runs page, which of them opens first, and stars."""

from django.db import models

from runs.models.experiment import Experiment
from runs.models.run import Run
from runs.models.stored import Stored
from runs.models.workspace import User, Workspace


class SavedView(Stored):
    """A named address of the runs page: filter, search, sort, columns, charts, grouping, chosen runs."""

    PRIVATE, VIEW, EDIT = "private", "view", "edit"
    SHARING = [(PRIVATE, "only me"), (VIEW, "the workspace may view"), (EDIT, "the workspace may edit")]
    # What a view keeps of the address of a list, in this order; the place in its pages is never kept.
    CONDITIONS = (
        *("filter", "q", "status", "experiment", "tag", "property", "param", "metric", "target"),
        *("submitted_by", "created_after", "created_before", "duration_min", "duration_max", "type"),
        *("parent", "include_children", "mine", "archived", "only"),
    )
    PARAMETERS = (*CONDITIONS, "sort", "columns", "group", "chart", "selected", "open", "pin")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="views")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="views")
    experiment = models.ForeignKey(Experiment, models.SET_NULL, null=True, related_name="views")
    name = models.CharField(max_length=256)
    description = models.TextField(blank=True)
    # The same parameters as in the address of the page, each with its values: {"filter": [text], "tag": [a, b], …}.
    address = models.JSONField(default=dict)
    sharing = models.CharField(max_length=8, choices=SHARING, default=PRIVATE)
    # Grows with each save: who edits an older version is told, nothing is overwritten silently.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        # The view menu: mine and those shared with me.
        indexes = [models.Index(fields=["workspace", "owner"], name="view_of_owner")]

    def __str__(self) -> str:
        return self.name


class DefaultView(Stored):
    """The view that opens first: a person's own choice, or with no person the workspace's."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    user = models.ForeignKey(User, models.CASCADE, null=True)
    view = models.ForeignKey(SavedView, models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="default_view_once"),
            models.UniqueConstraint(
                fields=["workspace"], name="default_view_of_workspace", condition=models.Q(user=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.view} first"


class Star(Stored):
    """What a person wants to find again: a run, an experiment or a view."""

    user = models.ForeignKey(User, models.CASCADE, related_name="stars")
    run = models.ForeignKey(Run, models.CASCADE, null=True, related_name="stars")
    experiment = models.ForeignKey(Experiment, models.CASCADE, null=True, related_name="stars")
    view = models.ForeignKey(SavedView, models.CASCADE, null=True, related_name="stars")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "run"], name="star_run_once"),
            models.UniqueConstraint(fields=["user", "experiment"], name="star_experiment_once"),
            models.UniqueConstraint(fields=["user", "view"], name="star_view_once"),
        ]

    def __str__(self) -> str:
        return f"star of {self.user_id}"
