"""What the server says of itself."""

from typing import Any

from runs.mlflow_api.base import Call


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
