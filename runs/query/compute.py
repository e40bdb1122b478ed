"""Compute targets with the runs that wait for them and are on them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from runs.lifecycle import ACTIVE, WAITING, Status
from runs.models import ComputeTarget, Run, Workspace

# Handed over to nobody yet, or with the engine but not begun.
QUEUED = frozenset({*WAITING, Status.STARTING})


@dataclass(frozen=True)
class TargetRow:
    """A target, how many runs wait for it, and how many are on it."""

    target: ComputeTarget
    queued: int
    running: int


def targets_of(workspace: Workspace) -> list[TargetRow]:
    """All targets of the workspace by name."""
    rows = ComputeTarget.objects.filter(workspace=workspace).select_related("created_by", "workspace")
    return rows_of(rows.order_by("name"))


def enabled_targets(workspace: Workspace) -> list[ComputeTarget]:
    """The targets of the workspace that take runs, by name."""
    return list(ComputeTarget.objects.filter(workspace=workspace, enabled=True).order_by("name"))


def rows_of(targets: Iterable[ComputeTarget]) -> list[TargetRow]:
    """The targets with their counts, in one further query."""
    found = list(targets)
    counted = {
        row["compute_target"]: row
        for row in active_runs(found)
        .values("compute_target")
        .annotate(queued=Count("id", filter=Q(status__in=QUEUED)), all=Count("id"))
        .order_by()
    }
    empty = {"queued": 0, "all": 0}
    return [
        TargetRow(target, row["queued"], row["all"] - row["queued"])
        for target in found
        for row in [counted.get(target.pk, empty)]
    ]


def active_runs(targets: Iterable[ComputeTarget]) -> QuerySet[Run]:
    """The runs of the targets that have not ended, oldest first."""
    rows = Run.objects.filter(compute_target__in=list(targets), status__in=ACTIVE, deleted_at=None)
    return rows.select_related("workspace", "experiment", "created_by").order_by("created_at", "id")
