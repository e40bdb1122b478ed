"""The runs of a workspace as one file: CSV, JSON Lines or Parquet."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from runs.access import get_workspace
from runs.api.base import Endpoint
from runs.api.files import AnyAccept
from runs.api.filter_schema import filter_parameters
from runs.query.export import asked_table, writer_of
from runs.table_file import CONTENT_TYPES


class ExportEndpoint(Endpoint):
    """The runs of a workspace as one file."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()},
        operation_id="runs_export",
        parameters=[
            OpenApiParameter("format", str, enum=[*CONTENT_TYPES], description="csv unless said."),
            *filter_parameters(),
            OpenApiParameter(
                "sort", str, description="Columns by commas, `-` for descending: -metrics.acc,name"
            ),
            OpenApiParameter(
                "columns", str, description="Columns by commas: name,status,params.lr,metrics.loss.min"
            ),
            OpenApiParameter("selected", str, many=True, description="Only the runs with these ids."),
        ],
    )
    def get(self, request: Request, workspace: str) -> StreamingHttpResponse:
        """Those that the parameters leave, all of them in their order; streamed, so there is no limit."""
        found = get_workspace(self.caller, workspace)
        kind, write = writer_of(request.query_params.get("format", "csv"))
        table = asked_table(found, request.query_params, viewer=self.caller.user)
        return StreamingHttpResponse(write(table.columns, table.batches()), content_type=CONTENT_TYPES[kind])
