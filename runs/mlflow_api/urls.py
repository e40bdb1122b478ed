"""The addresses of the protocol; studio/urls.py puts them at the top and below each workspace."""

from django.urls import URLPattern, URLResolver, include, path

from runs.mlflow_api import artifacts, experiments, histories, inputs, models, runs, search, server, values
from runs.mlflow_api.base import Handler, endpoint, unknown

# Those that scripts ask most come first, where they are found soonest.
TRACKING: dict[str, dict[str, Handler]] = {
    "runs/log-metric": {"POST": values.log_metric},
    "runs/log-parameter": {"POST": values.log_parameter},
    "runs/log-batch": {"POST": values.batch},
    "runs/set-tag": {"POST": values.set_tag},
    "experiments/create": {"POST": experiments.create},
    "experiments/get": {"GET": experiments.get},
    "experiments/get-by-name": {"GET": experiments.get_by_name},
    "experiments/search": {"GET": search.experiments, "POST": search.experiments},
    "experiments/update": {"POST": experiments.update},
    "experiments/delete": {"POST": experiments.delete},
    "experiments/restore": {"POST": experiments.restore},
    "experiments/set-experiment-tag": {"POST": experiments.set_tag},
    "experiments/delete-experiment-tag": {"POST": experiments.delete_tag},
    "runs/create": {"POST": runs.create},
    "runs/get": {"GET": runs.get},
    "runs/update": {"POST": runs.update},
    "runs/delete": {"POST": runs.delete},
    "runs/search": {"POST": search.runs},
    "runs/restore": {"POST": runs.restore},
    "runs/delete-tag": {"POST": values.delete_tag},
    "metrics/get-history": {"GET": histories.of_run},
    "metrics/get-history-bulk": {"GET": histories.of_runs},
    "metrics/get-history-bulk-interval": {"GET": histories.sampled},
    "runs/log-inputs": {"POST": inputs.log},
    "runs/outputs": {"POST": inputs.outputs},
    "runs/log-model": {"POST": inputs.log_model},
    "experiments/search-datasets": {"POST": inputs.search_datasets},
    "logged-models": {"POST": models.create},
    "logged-models/search": {"POST": search.models},
    "artifacts/list": {"GET": artifacts.list_of_run},
    "artifacts/presigned-upload-url": {"POST": artifacts.no_presigned},
    "artifacts/presigned-download-url": {"POST": artifacts.no_presigned},
    "upload-artifact": {"POST": artifacts.upload},
}
MODELS: dict[str, tuple[str, dict[str, Handler]]] = {
    "logged-models/<model_id>": (
        "mlflow-logged-model",
        {"GET": models.get, "PATCH": models.finish, "DELETE": models.delete},
    ),
    "logged-models/<model_id>/tags": ("mlflow-logged-model-tags", {"PATCH": models.set_tags}),
    "logged-models/<model_id>/tags/<path:key>": ("mlflow-logged-model-tag", {"DELETE": models.delete_tag}),
    "logged-models/<model_id>/artifacts/directories": (
        "mlflow-logged-model-folder",
        {"GET": artifacts.list_of_model},
    ),
    "logged-models/<model_id>/artifacts/files": (
        "mlflow-logged-model-file",
        {"GET": artifacts.get_of_model},
    ),
    "logged-models/<model_id>/params": ("mlflow-logged-model-params", {"POST": models.add_params}),
}
FILES: dict[str, tuple[str, dict[str, Handler]]] = {
    "artifacts": ("mlflow-files", {"GET": artifacts.list_folder}),
    "artifacts/<path:path>": (
        "mlflow-file",
        {"GET": artifacts.get, "PUT": artifacts.put, "DELETE": artifacts.delete},
    ),
    "mpu/<path:path>": ("mlflow-file-parts", {"POST": artifacts.no_parts}),
    "presigned/<path:path>": ("mlflow-file-presigned", {"GET": artifacts.no_presigned}),
}


def routes() -> list[URLPattern | URLResolver]:
    """What scripts (`api`) and pages (`ajax-api`) ask, in folders: Django tries one route after the other."""
    tracking = [
        path(route, endpoint(**handlers), name=f"mlflow-{route.replace('/', '-')}")
        for route, handlers in TRACKING.items()
    ]
    of_models = [path(route, endpoint(**handlers), name=name) for route, (name, handlers) in MODELS.items()]
    files = [path(route, endpoint(**handlers), name=name) for route, (name, handlers) in FILES.items()]
    info = path("server-info", endpoint(GET=server.info), name="mlflow-server-info")
    rest = path("<path:rest>", unknown, name="mlflow-unknown")
    return [
        path("2.0/mlflow/", include([*tracking, *of_models, rest])),
        path("2.0/mlflow-artifacts/", include([*files, rest])),
        path("3.0/mlflow/", include([info, rest])),
    ]


urlpatterns = [
    path("api/", include(routes())),
    path("ajax-api/", include(routes())),
    path("health", server.health, name="mlflow-health"),
    path("get-artifact", endpoint(GET=artifacts.get_of_run), name="mlflow-get-artifact"),
]
