"""What a run read and made, as its overview shows it: datasets and models. All of it is a script's word."""

import json
from typing import Any

from runs.models import Run
from runs.query.run_inputs import brief_data_of, models_of
from runs.web import show

MOST_LISTED = 100
MOST_COLUMNS = 4
SCHEMA_READ = 20_000


def input_facts(run: Run) -> dict[str, Any]:
    """The cards of data inputs and of models; empty where there are none."""
    return {
        "data_inputs": [
            {
                "name": row.dataset.name,
                "digest": row.dataset.digest,
                "source_type": row.dataset.source_type,
                "context": row.context,
                "schema": schema_summary(row.schema),
            }
            for row in brief_data_of(run, schema_length=SCHEMA_READ)[:MOST_LISTED]
        ],
        "models": [_model(run, model) for model in models_of(run)[:MOST_LISTED]],
    }


def _model(run: Run, model: Any) -> dict[str, Any]:
    return {
        "id": model.public_id,
        "name": model.name,
        "type": model.model_type,
        "status": model.status,
        "step": model.made_at_step,
        "is_read": model.run_id != run.pk and model.made_at_step is None,
    }


def schema_summary(schema: str) -> str:
    """Its first columns with their types, and how many more; nothing where it lists none, or was cut."""
    columns = _columns(schema)
    named = [
        f"{show.clipped(str(column['name']), 40)}: {show.clipped(str(column.get('type', '?')), 20)}"
        for column in columns
        if isinstance(column, dict) and "name" in column
    ]
    more = len(named) - MOST_COLUMNS
    return ", ".join(named[:MOST_COLUMNS]) + (f" and {more:,} more" if more > 0 else "")


def _columns(schema: str) -> list[Any]:
    try:
        found = json.loads(schema or "{}")
    except (ValueError, RecursionError):
        return []
    columns = found.get("mlflow_colspec") if isinstance(found, dict) else None
    return columns if isinstance(columns, list) else []
