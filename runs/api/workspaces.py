"""Workspaces: those of the caller, one, a new one."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_workspace, role_in
from runs.access_people import check_may_create_workspaces
from runs.access_run_tokens import check_whole_account
from runs.actions.workspace import create_workspace, edit_workspace
from runs.api import serializers as s
from runs.api.base import Endpoint
from runs.api.shapes import workspace_shape


class WorkspacesEndpoint(Endpoint):
    """The workspaces of the caller."""

    @extend_schema(responses=s.WorkspaceShape(many=True), operation_id="workspaces_list")
    def get(self, request: Request) -> Response:
        """Those the caller is in."""
        check_whole_account(self.caller.token)
        return Response(
            {"results": [workspace_shape(w, role_in(self.caller, w)) for w in self.caller.workspaces()]}
        )

    @extend_schema(request=s.NewWorkspace, responses={201: s.WorkspaceShape})
    def post(self, request: Request) -> Response:
        """Make one; the caller becomes its owner. For the owner of the installation."""
        check_may_create_workspaces(self.caller)
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
        """Change its description, or after how long a silent run has failed."""
        found = get_workspace(self.caller, workspace, "own")
        edit_workspace(found, by=self.caller.user, **self.read(s.WorkspaceChange))
        return Response(workspace_shape(found, "owner"))
