"""The content of a chart: what the page draws, for scripts."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access import get_experiment, get_workspace
from runs.api.base import Endpoint
from runs.api.filter_schema import filter_parameters
from runs.query.chart_request import read_chart
from runs.query.chart_shape import chart_shape


class ChartEndpoint(Endpoint):
    """What a chart of a workspace's runs shows."""

    @extend_schema(
        responses=OpenApiTypes.OBJECT,
        operation_id="chart_data",
        parameters=[
            OpenApiParameter("chart", str, description="For example line:metrics.loss;smooth=0.6"),
            OpenApiParameter("in", str, description="Of this experiment alone."),
            OpenApiParameter("selected", str, many=True, description="Of these runs, whatever the filter."),
            OpenApiParameter("from", float, description="Lines from this step, time or second on."),
            OpenApiParameter("to", float, description="Lines up to there."),
            OpenApiParameter("points", int, description="Points of each line at most, 4 to 100,000."),
            OpenApiParameter("sort", str, description="The first 200 runs in this order are drawn."),
            *filter_parameters(),
        ],
    )
    def get(self, request: Request, workspace: str) -> Response:
        """Its lines, points, groups or counts; `said` tells what is shown of how much."""
        found = get_workspace(self.caller, workspace)
        inside = request.query_params.get("in", "")
        experiment = get_experiment(self.caller, found, inside) if inside else None
        asked = request.query_params
        data = read_chart(found, asked, viewer=self.caller.user, experiment=experiment)
        return Response(chart_shape(data))
