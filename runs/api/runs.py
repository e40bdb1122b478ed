"""The runs of a workspace: list and create."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import check_can_create_runs, get_run, get_workspace
from runs.actions.create import NewRun, create_run
from runs.api import serializers as s
from runs.api.base import Endpoint
from runs.api.shapes import run_shape, run_shapes
from runs.errors import Invalid
from runs.limits import clean_text
from runs.query import tree

MOST_A_PAGE = 500


class RunsEndpoint(Endpoint):
    """The runs of a workspace."""

    @extend_schema(
        request=s.NewRunBody,
        responses={200: s.RunShape, 201: s.RunShape, 409: s.ErrorAnswer},
        parameters=[
            OpenApiParameter("Idempotency-Key", str, "header", description="The same key gives the same run.")
        ],
    )
    def post(self, request: Request, workspace: str) -> Response:
        """Make a run, and its experiment where that is new."""
        found = get_workspace(self.caller, workspace, "write")
        sent: dict[str, Any] = self.read(s.NewRunBody)
        parent = get_run(self.caller, sent["parent"], "write") if sent.get("parent") else None
        check_can_create_runs(self.caller, parent)
        key = clean_text(
            request.headers.get("Idempotency-Key", ""), "Idempotency-Key", length=200, empty=True
        )
        fields = {name: value for name, value in sent.items() if name not in ("type", "parent")}
        new = NewRun(**fields, parent=parent, run_type=sent["type"])
        run, is_new = create_run(found, new, by=self.caller.user, key=key)
        return Response(run_shape(run), status=201 if is_new else 200)


class ChildrenEndpoint(Endpoint):
    """The children of a run."""

    @extend_schema(
        responses=s.RunsPage,
        operation_id="run_children",
        parameters=[OpenApiParameter("after", int, description="Those after so many, for the next page.")],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """In the order they were made, 500 a page."""
        rows = tree.children(self.run(run_id)).select_related(
            "workspace", "experiment", "parent", "root", "created_by"
        )
        after = request.query_params.get("after", "0")
        if not after.isdecimal() or len(after) > 18:
            raise Invalid("after must be the number that the page before gave.", field="after")
        page = list(rows.filter(pk__gt=int(after))[: MOST_A_PAGE + 1])
        shown = page[:MOST_A_PAGE]
        next_url = f"{request.path}?after={shown[-1].pk}" if len(page) > MOST_A_PAGE else None
        return Response({"results": run_shapes(shown), "next": next_url})
