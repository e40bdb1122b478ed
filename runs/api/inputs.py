"""What a run read and made: datasets and models, as its Overview shows them."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from runs.api import tracked_shapes as t
from runs.api.base import Endpoint
from runs.query.run_inputs import MOST_OF_A_RUN, data_of, models_of


class InputsEndpoint(Endpoint):
    """The data that a run read, and the models that it read or made: a script's word, by MLflow's protocol."""

    @extend_schema(responses=t.InputsShape)
    def get(self, request: Request, run_id: str) -> Response:
        """Both in the order in which the run said so; the first thousand of each."""
        run = self.run(run_id)
        data = [
            {
                "name": row.dataset.name,
                "digest": row.dataset.digest,
                "source_type": row.dataset.source_type,
                "source": row.dataset.source,
                "schema": row.dataset.schema,
                "context": row.context,
                "tags": row.tags,
            }
            for row in data_of(run).defer("dataset__profile")[:MOST_OF_A_RUN]
        ]
        models = [
            {
                "id": model.public_id,
                "name": model.name,
                "type": model.model_type,
                "status": model.status,
                "made_at_step": model.made_at_step,  # type: ignore[attr-defined]  # annotated
                "made_by": model.maker.public_id if model.maker else None,
                "folder": model.folder,
            }
            for model in models_of(run)[:MOST_OF_A_RUN]
        ]
        return Response({"data": data, "models": models})
