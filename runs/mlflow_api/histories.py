"""The history of a metric: of one run in pages, of many runs at once, all points or so many of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from runs.limits import INTEGER_MAX, POINTS_PER_METRIC
from runs.mlflow_api.base import Call
from runs.mlflow_api.errors import Wrong
from runs.mlflow_api.shapes import point_shape
from runs.models import Run
from runs.models.metric import Integers
from runs.query.series import Series, read_series

PAGE = 25_000
MOST_RUNS = 100
SAMPLE, MOST_SAMPLED = 320, 2500


def of_run(call: Call) -> dict[str, Any]:
    """All points of a metric by time, in pages; nothing for one that there is not."""
    key, run = call.fields.text("metric_key"), _asked_for(call)
    most = min(call.fields.most(PAGE, INTEGER_MAX), PAGE)
    start = call.fields.text("page_token", "0")
    if not (start.isascii() and start.isdecimal() and len(start) < 10):
        raise Wrong("Invalid page token, could not base64-decode")
    series = _series(run, key) if run is not None else None
    if series is None:
        return {}
    end = int(start) + most
    return {
        "metrics": _shapes(series, key, slice(int(start), end)),
        "next_page_token": str(end) if end < len(series.values) else None,
    }


def of_runs(call: Call) -> dict[str, Any]:
    """The points of a metric of up to 100 runs, 25,000 together, run by run; each says of which run it is."""
    ids, request = call.fields.texts("run_id"), "GetMetricHistoryBulk request"
    if not ids:
        raise Wrong(f"{request} must specify at least one run_id.")
    if len(ids) > MOST_RUNS:
        raise Wrong(f"{request} cannot specify more than {MOST_RUNS} run_ids. Received {len(ids)} run_ids.")
    key = call.fields.text("metric_key", "")
    if not key:
        raise Wrong(f"{request} must specify a metric_key.")
    left = call.fields.most(PAGE, PAGE)
    found: list[dict[str, Any]] = []
    for run in sorted(_runs(call, ids), key=lambda run: run.public_id):
        series = _series(run, key)
        if series is not None and left > 0:
            shapes = _shapes(series, key, slice(left))
            found += [{**shape, "run_id": run.public_id} for shape in shapes]
            left -= len(shapes)
    return {"metrics": found}


def sampled(call: Call) -> dict[str, Any]:
    """So many points of a metric for each of up to 100 runs, between two steps; the lowest and highest stay."""
    fields = call.fields
    ids = fields.texts("run_ids") or fields.missing("run_ids")
    if len(ids) > MOST_RUNS:
        raise Wrong(
            f"GetMetricHistoryBulkInterval request must specify at most {MOST_RUNS} run_ids."
            f" Received {len(ids)} run_ids."
        )
    key = fields.text("metric_key")
    points = fields.integer("max_results", SAMPLE)
    if not 1 <= points <= MOST_SAMPLED:
        raise Wrong(f"max_results must be between 1 and {MOST_SAMPLED}.")
    bounds = fields.get("start_step"), fields.get("end_step")
    if (bounds[0] is None) != (bounds[1] is None):
        raise Wrong("If either start step or end step are specified, both must be specified.")
    first = last = None
    if bounds[0] is not None:
        first, last = fields.integer("start_step"), fields.integer("end_step")
        if first > last:
            raise Wrong(
                f"end_step must be greater than start_step. Found start_step={first} and end_step={last}."
            )
    found: list[dict[str, Any]] = []
    for run in _runs(call, ids):
        series = _series(run, key, first=first, last=last)
        if series is not None and len(series.values):
            sample = _sample(len(series.values), points)
            shapes = _shapes(series, key, sample, by_step=True)
            found += [{**shape, "run_id": run.public_id} for shape in shapes]
    return {"metrics": found}


def _runs(call: Call, ids: Sequence[str]) -> list[Run]:
    call.workspace()
    return [run for run in (_found(call, run_id) for run_id in dict.fromkeys(ids)) if run is not None]


def _asked_for(call: Call) -> Run | None:
    """The run whose history is asked for; one that there is not has an empty one."""
    run_id = call.run_id()
    call.workspace()
    return _found(call, run_id)


def _found(call: Call, run_id: str) -> Run | None:
    """The run of that id in the workspace; of one that there is not nothing is told."""
    try:
        return call.run_of(run_id, deleted=True)
    except Wrong:
        return None


def _series(run: Run, key: str, **steps: int | None) -> Series | None:
    """The numbers of the metric; None where there are none, or where it holds something else."""
    series = read_series(run, [key], points=POINTS_PER_METRIC, **steps) if "\x00" not in key else []
    return None if not series or isinstance(series[0].values, list) else series[0]


def _sample(count: int, most: int) -> Integers:
    """Where so many of the points stand: the first of each of equal parts, larger parts first, and the very last."""
    parts = min(count, most)
    size, larger = divmod(count, parts)
    places = np.arange(parts) * size + np.minimum(np.arange(parts), larger)
    places[-1] = count - 1
    return places


def _shapes(
    series: Series, key: str, places: slice | Integers, *, by_step: bool = False
) -> list[dict[str, Any]]:
    """The points at these places of MLflow's order: by time, step and value; or by step, time and value."""
    values = np.asarray(series.values, dtype=np.float64)
    keys = (series.times, series.steps) if by_step else (series.steps, series.times)
    order = np.lexsort((values, *keys))[places]
    columns = (series.steps[order].tolist(), series.times[order].tolist(), values[order].tolist())
    return [point_shape(key, *point) for point in zip(*columns, strict=True)]
