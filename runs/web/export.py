"""What a list shows, as a file to download."""

from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.access import get_workspace
from runs.query.export import asked_table, writer_of
from runs.table_file import CONTENT_TYPES
from runs.web.frame import caller_of


@require_safe
def export(request: HttpRequest, workspace: str) -> StreamingHttpResponse:
    """The runs of this address, all of them in their order, as CSV, JSON Lines or Parquet."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    kind, write = writer_of(request.GET.get("format", "csv"))
    table = asked_table(found, request.GET, viewer=caller.user)
    name = f"runs-{found.name}-{timezone.now():%Y-%m-%d-%H%M}.{kind}"
    answer = StreamingHttpResponse(write(table.columns, table.batches()), content_type=CONTENT_TYPES[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
