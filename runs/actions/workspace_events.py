"""Writes who changed the people of a workspace, what opens it, and whole experiments: one row for each change."""

from typing import Any

from django.utils import timezone

from runs.models import User, Workspace, WorkspaceEvent


def record(workspace: Workspace, kind: str, *, by: User | None, **details: Any) -> WorkspaceEvent:
    """Add the event, inside the transaction of the change that it tells of."""
    return WorkspaceEvent.objects.create(
        workspace=workspace,
        kind=kind,
        by=by,
        by_name=by.username if by else "",
        at=timezone.now(),
        details=details,
    )


def record_everywhere(user: User, kind: str, *, by: User | None, **details: Any) -> None:
    """Add the event to each workspace that the person is in: it touches what they can open there."""
    for workspace in Workspace.objects.filter(members__user=user):
        record(workspace, kind, by=by, **details)
