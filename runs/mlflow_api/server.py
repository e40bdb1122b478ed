"""What the server says of itself."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from runs.mlflow_api.base import Call


@login_not_required
@require_safe
def health(request: HttpRequest, workspace: str = "") -> HttpResponse:
    """Whether the database answers, as probes that were written for MLflow's server ask."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("OK", content_type="text/plain")


def info(call: Call) -> dict[str, Any]:
    """What clients need not try."""
    return {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
        "artifact_serving_enabled": True,
        "artifacts_presigned_only": False,
    }
