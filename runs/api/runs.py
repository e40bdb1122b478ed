"""The runs of a workspace: list and create."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import check_can_create_runs, get_run, get_workspace, get_workspace_of_run, run_of_script
from runs.actions.create import NewRun, create_children, create_run
from runs.api import serializers as s
from runs.api.base import Endpoint, flag, idempotency_key, real_time
from runs.api.filter_schema import filter_parameters
from runs.api.shapes import run_shape, run_shapes
from runs.errors import Invalid
from runs.query import runs as query
from runs.query import tree
from runs.query.columns import parse_sort
from runs.query.filters import RunFilters

MOST_A_PAGE = 500
PAGING = [
    OpenApiParameter("limit", int, description="Runs a page, 50 unless said, 500 at most."),
    OpenApiParameter("cursor", str, description="Of the page before; better follow `next`."),
]


class RunsEndpoint(Endpoint):
    """The runs of a workspace."""

    @extend_schema(
        responses=s.RunsPage,
        operation_id="runs_list",
        parameters=[
            *filter_parameters(),
            OpenApiParameter(
                "sort", str, description="Columns by commas, `-` for descending: -metrics.acc,name"
            ),
            *PAGING,
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Those that the parameters leave, newest first; child runs only when asked for."""
        found = get_workspace(self.caller, workspace)
        asked = request.query_params
        page = query.list_runs(
            found,
            RunFilters(asked).conditions(),
            viewer=self.caller.user,
            sort=parse_sort(asked.get("sort", "")),
            columns=None,
            cursor=asked.get("cursor", ""),
            limit=limit_of(asked.get("limit", "50")),
        )
        return Response({"results": run_shapes(page.runs), "next": next_url(request, page.next_cursor)})

    @extend_schema(
        request=s.NewRunBody,
        responses={200: s.RunShape, 201: s.RunShape, 409: s.ErrorAnswer},
        parameters=[
            OpenApiParameter("Idempotency-Key", str, "header", description="The same key gives the same run.")
        ],
    )
    def post(self, request: Request, workspace: str) -> Response:
        """Make a run, and its experiment where that is new.

        What a submitted script begins without naming a parent is a child run of its own run, in that experiment: so
        a program that begins its run itself can be submitted as it is.
        """
        found = get_workspace_of_run(self.caller, workspace, "write")
        sent: dict[str, Any] = self.read(s.NewRunBody)
        parent = get_run(self.caller, sent["parent"], "write") if sent.get("parent") else None
        if parent is None and (parent := run_of_script(self.caller)) is not None:
            sent["experiment"] = parent.experiment.name
        check_can_create_runs(self.caller, parent, sent["experiment"])
        key = idempotency_key(request)
        fields = {name: value for name, value in sent.items() if name not in ("type", "parent", "started_at")}
        began_at = real_time(request, sent.get("started_at"))
        new = NewRun(**fields, parent=parent, run_type=sent["type"], began_at=began_at)
        run, is_new = create_run(found, new, by=self.caller.user, key=key)
        return Response(run_shape(run), status=201 if is_new else 200)


def limit_of(text: str) -> int:
    """How many runs a page shall have."""
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_A_PAGE:
        raise Invalid(f"limit must be a number from 1 to {MOST_A_PAGE}, not {text[:40]!r}.", field="limit")
    return int(text)


def next_url(request: Request, cursor: str | None) -> str | None:
    """The address of the next page: this one with its cursor."""
    if cursor is None:
        return None
    asked = request.query_params.copy()
    asked["cursor"] = cursor
    return f"{request.path}?{asked.urlencode()}"


class ChildrenEndpoint(Endpoint):
    """The children of a run."""

    @extend_schema(
        responses=s.RunsPage,
        operation_id="run_children",
        parameters=[
            OpenApiParameter("after", int, description="Those after so many, for the next page."),
            OpenApiParameter("recursive", bool, description="Those below the children, too."),
        ],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """In the order they were made, 500 a page."""
        run = self.run(run_id)
        recursive = flag(request.query_params.get("recursive"))
        below = tree.below(run) if recursive else tree.children(run)
        rows = below.select_related("workspace", "experiment", "parent", "root", "created_by")
        after = request.query_params.get("after", "0")
        if not after.isdecimal() or len(after) > 18:
            raise Invalid("after must be the number that the page before gave.", field="after")
        page = list(rows.filter(pk__gt=int(after))[: MOST_A_PAGE + 1])
        shown = page[:MOST_A_PAGE]
        onward = None
        if len(page) > MOST_A_PAGE:
            onward = f"?after={shown[-1].pk}" + ("&recursive=true" if recursive else "")
        return Response({"results": run_shapes(shown), "next": request.path + onward if onward else None})

    @extend_schema(
        request=s.ChildrenBody,
        responses={200: s.ChildrenMade, 201: s.ChildrenMade, 409: s.ErrorAnswer},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key", str, "header", description="The same key gives the same children."
            )
        ],
    )
    def post(self, request: Request, run_id: str) -> Response:
        """Make many children at once, all of them or none, running from now on."""
        parent = self.run(run_id, "write")
        sent = self.read(s.ChildrenBody)["children"]
        key = idempotency_key(request)
        children = [
            NewRun(**child, experiment=parent.experiment.name, parent=parent, start=True) for child in sent
        ]
        made, are_new = create_children(parent, children, by=self.caller.user, key=key)
        return Response({"results": run_shapes(made)}, status=201 if are_new else 200)
