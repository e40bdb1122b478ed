"""Which door answers which prefix."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from studio import VERSION


@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether the database answers: what a load balancer and `studio up` ask."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": VERSION, "database": connection.vendor})


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("api/v1/", include("runs.api.urls")),
    path("", include("runs.mlflow_api.urls")),
    path("w/<str:workspace>/", include("runs.mlflow_api.urls")),
    path("", include("runs.web.urls")),
]

handler400 = "runs.web.errors.bad_request"
handler403 = "runs.web.errors.not_allowed"
handler404 = "runs.web.errors.not_found"
handler500 = "runs.web.errors.failed"
