"""The caller, workspaces and experiments."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_experiment, get_workspace, role_in
from runs.actions.experiment import (
    archive_experiment,
    edit_experiment,
    get_or_create_experiment,
    restore_experiment,
)
from runs.actions.workspace import create_workspace, edit_workspace
from runs.api import serializers as s
from runs.api.base import Endpoint, flag
from runs.api.shapes import experiment_shape, workspace_shape
from runs.errors import NotAllowed
from runs.models import Experiment
from studio import VERSION


class MeEndpoint(Endpoint):
    """Who am I?"""

    @extend_schema(responses=s.Me)
    def get(self, request: Request) -> Response:
        """The caller, their workspaces and roles, and the version of the server."""
        workspaces = [workspace_shape(w, role_in(self.caller, w)) for w in self.caller.workspaces()]
        return Response({"user": self.caller.user.username, "workspaces": workspaces, "version": VERSION})


class WorkspacesEndpoint(Endpoint):
    """The workspaces of the caller."""

    @extend_schema(responses=s.WorkspaceShape(many=True), operation_id="workspaces_list")
    def get(self, request: Request) -> Response:
        """Those the caller is in."""
        return Response(
            {"results": [workspace_shape(w, role_in(self.caller, w)) for w in self.caller.workspaces()]}
        )

    @extend_schema(request=s.NewWorkspace, responses={201: s.WorkspaceShape})
    def post(self, request: Request) -> Response:
        """Make one; the caller becomes its owner. For the owner of the installation."""
        if not self.caller.user.is_superuser or (self.caller.token and self.caller.token.scope != "write"):
            raise NotAllowed("Only the owner of this installation makes workspaces.")
        sent = self.read(s.NewWorkspace)
        made = create_workspace(sent["name"], by=self.caller.user, description=sent["description"])
        return Response(workspace_shape(made, "owner"), status=201)


class WorkspaceEndpoint(Endpoint):
    """One workspace."""

    @extend_schema(responses=s.WorkspaceShape)
    def get(self, request: Request, workspace: str) -> Response:
        """Read it."""
        found = get_workspace(self.caller, workspace)
        return Response(workspace_shape(found, role_in(self.caller, found)))

    @extend_schema(request=s.WorkspaceChange, responses=s.WorkspaceShape)
    def patch(self, request: Request, workspace: str) -> Response:
        """Change its description."""
        found = get_workspace(self.caller, workspace, "own")
        edit_workspace(found, by=self.caller.user, description=self.read(s.WorkspaceChange)["description"])
        return Response(workspace_shape(found, "owner"))


class ExperimentsEndpoint(Endpoint):
    """The experiments of a workspace."""

    @extend_schema(
        responses=s.ExperimentShape(many=True),
        operation_id="experiments_list",
        parameters=[
            OpenApiParameter("archived", bool, description="Those in the archive instead."),
            OpenApiParameter("after", int, description="Those with a lower id than this, for the next page."),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Newest first, 500 a page."""
        found = get_workspace(self.caller, workspace)
        archived = flag(request.query_params.get("archived"))
        rows = Experiment.objects.filter(
            workspace=found, deleted_at=None, archived_at__isnull=not archived
        ).order_by("-number")
        after = request.query_params.get("after", "")
        if after.isdecimal() and len(after) < 10:
            rows = rows.filter(number__lt=int(after))
        page = list(rows.select_related("workspace", "created_by").prefetch_related("tags", "counts")[:501])
        next_url = None
        if len(page) > 500:
            next_url = f"{request.path}?after={page[499].number}" + ("&archived=true" if archived else "")
        return Response({"results": [experiment_shape(e) for e in page[:500]], "next": next_url})

    @extend_schema(request=s.NewExperiment, responses={200: s.ExperimentShape, 201: s.ExperimentShape})
    def post(self, request: Request, workspace: str) -> Response:
        """Find the experiment of that name, or make it (201)."""
        found = get_workspace(self.caller, workspace, "write")
        sent = self.read(s.NewExperiment)
        experiment, is_new = get_or_create_experiment(
            found,
            sent["name"],
            by=self.caller.user,
            description=sent["description"],
            tags=sent.get("tags", {}),
        )
        return Response(experiment_shape(experiment), status=201 if is_new else 200)


class ExperimentEndpoint(Endpoint):
    """One experiment."""

    @extend_schema(responses=s.ExperimentShape)
    def get(self, request: Request, workspace: str, name: str) -> Response:
        """Read it."""
        return Response(experiment_shape(get_experiment(self.caller, workspace, name)))

    @extend_schema(request=s.ExperimentChange, responses=s.ExperimentShape)
    def patch(self, request: Request, workspace: str, name: str) -> Response:
        """Describe, tag, archive or restore it."""
        experiment = get_experiment(self.caller, workspace, name, "write")
        sent: dict[str, Any] = self.read(s.ExperimentChange)
        by = self.caller.user
        edit_experiment(experiment, by=by, description=sent.get("description"), tags=sent.get("tags"))
        if "archived" in sent:
            (archive_experiment if sent["archived"] else restore_experiment)(experiment, by=by)
        return Response(experiment_shape(experiment))
