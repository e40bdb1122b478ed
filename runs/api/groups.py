"""Runs in groups: how many in each, and mean and spread of numbers."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_workspace
from runs.api import serializers as s
from runs.api.base import Endpoint
from runs.api.filter_schema import filter_parameters
from runs.query.columns import parse_columns, parse_sort
from runs.query.filters import RunFilters
from runs.query.groups import MOST_RUNS, Group, condition_of, group_runs, parse_group
from runs.query.nodes import to_text
from runs.query.runs import plan_runs


class GroupsEndpoint(Endpoint):
    """The runs of a workspace in groups."""

    @extend_schema(
        responses=s.GroupsShape,
        operation_id="runs_groups",
        parameters=[
            OpenApiParameter(
                "group", str, required=True, description="experiment, status, created_by, tags.team …"
            ),
            *filter_parameters(),
            OpenApiParameter(
                "columns", str, description="Whose mean is wanted: duration,metrics.loss,params.lr"
            ),
            OpenApiParameter(
                "sort", str, description="One of the columns, or the group; else the largest first."
            ),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """At most 200 groups of the newest 2,500 runs that the parameters leave."""
        found = get_workspace(self.caller, workspace)
        asked = request.query_params
        by, sort = parse_group(asked.get("group", "")), parse_sort(asked.get("sort", ""))
        plan = plan_runs(found, RunFilters(asked).conditions(), viewer=self.caller.user, wanted=MOST_RUNS)
        groups = group_runs(plan, by, parse_columns(asked.get("columns", "")), sort)
        return Response(
            {
                "group": str(by),
                "runs": groups.run_count,
                "has_more_runs": groups.is_more,
                "group_count": groups.group_count,
                "groups": [
                    _shape(group, to_text(condition_of(by, group.value, has_field=group.has_field)))
                    for group in groups.rows
                ],
            }
        )


def _shape(group: Group, filter: str) -> dict[str, Any]:
    return {
        "value": group.value,
        "has_key": group.has_field,
        "runs": group.count,
        "filter": filter,
        "columns": {
            key: {"mean": spread.mean, "deviation": spread.deviation, "runs": spread.n}
            for key, spread in group.spreads.items()
        },
    }
