"""Members, invitations, tokens and what happened to them, as the settings show them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Lower
from django.utils import timezone

from runs.access import Caller
from runs.errors import Invalid
from runs.models import (
    ApiToken,
    Artifact,
    Experiment,
    Invitation,
    Member,
    Role,
    RunCount,
    SnapshotBlob,
    Workspace,
    WorkspaceEvent,
)
from runs.query.time_limit import limited_time

EVENTS_A_PAGE = 100
# How long the settings page may count bytes.
COUNTING_S = 0.5


@dataclass(frozen=True)
class WorkspaceFacts:
    """What a workspace holds. `size_bytes` is None where counting would take long."""

    experiments: int
    runs: int
    size_bytes: int | None


def members_of(workspace: Workspace) -> QuerySet[Member]:
    """Owners first, then by name, with the people."""
    order = Case(
        When(role=Role.OWNER, then=Value(0)),
        When(role=Role.CONTRIBUTOR, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Member.objects.filter(workspace=workspace).select_related("user", "workspace")
    return rows.order_by(order, Lower("user__username"))


def owners_of(workspace: Workspace) -> QuerySet[Member]:
    """Who manages it, the first one first."""
    return Member.objects.filter(workspace=workspace, role=Role.OWNER).select_related("user").order_by("pk")


def waiting_invitations(workspace: Workspace) -> QuerySet[Invitation]:
    """Those neither used nor revoked, newest first; one that has expired can be renewed."""
    rows = Invitation.objects.filter(workspace=workspace, used_at=None, revoked_at=None)
    return rows.select_related("invited_by", "workspace").order_by("-pk")


def tokens_of(caller: Caller) -> QuerySet[ApiToken]:
    """The tokens that the person made, newest first, revoked ones last; runs' own tokens are not among them.

    A token that opens one workspace sees those for that workspace.
    """
    rows = ApiToken.objects.filter(user=caller.user, run=None).select_related("workspace")
    if caller.token is not None and caller.token.workspace_id is not None:
        rows = rows.filter(workspace=caller.token.workspace_id)
    is_over = Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now())
    return rows.alias(
        over=Case(When(is_over, then=Value(1)), default=Value(0), output_field=IntegerField())
    ).order_by("over", "-pk")


def facts_of(workspace: Workspace) -> WorkspaceFacts:
    """How much there is: runs from the kept counts, bytes by adding up where half a second is enough."""
    counted = RunCount.objects.filter(experiment__workspace=workspace).aggregate(n=Sum("runs"))["n"]
    experiments = Experiment.objects.filter(workspace=workspace, deleted_at=None).count()
    return WorkspaceFacts(experiments, counted or 0, _size_of(workspace))


def events_of(workspace: Workspace, *, before: int | None = None) -> tuple[list[WorkspaceEvent], int | None]:
    """A page of what happened, newest first, and the `before` of the next page."""
    rows = WorkspaceEvent.objects.filter(workspace=workspace).order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[: EVENTS_A_PAGE + 1])
    shown = page[:EVENTS_A_PAGE]
    return shown, shown[-1].pk if len(page) > EVENTS_A_PAGE else None


def _size_of(workspace: Workspace) -> int | None:
    files: Any = Artifact.objects.filter(run__workspace=workspace)
    models: Any = Artifact.objects.filter(model__workspace=workspace)
    snapshots: Any = SnapshotBlob.objects.filter(workspace=workspace)
    try:
        with limited_time(COUNTING_S):
            sizes = [rows.aggregate(n=Sum("size"))["n"] or 0 for rows in (files, models, snapshots)]
    except Invalid:
        return None
    return sum(sizes)
