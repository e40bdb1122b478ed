"""Points of metrics in and out. Decoded by msgspec: a DRF serializer takes 50 times as long for them."""

import math
from typing import Any

import msgspec
import numpy as np
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from runs.actions import run as run_actions
from runs.actions.tracking import Points, log_points
from runs.api import tracked_shapes as t
from runs.api.base import Endpoint, flag
from runs.api.shapes import metric_shape
from runs.errors import Invalid
from runs.limits import (
    COLUMNS_PER_ROW,
    POINTS_PER_METRIC,
    ROW_BYTES,
    TEXT_POINT_LENGTH,
    clean_key,
    clean_path,
    clean_text,
)
from runs.models import Metric
from runs.query import series as query

_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "inf": math.inf, "-inf": -math.inf}
_ROWS = frozenset({Metric.ROW, Metric.TABLE})
_FILES = frozenset({Metric.IMAGE, Metric.DOCUMENT})

Cell = int | float | str | bool | None


class SeriesBody(msgspec.Struct):
    """One series as it is sent."""

    name: str
    value: list[int | float | str | dict[str, Cell]]
    step: list[int] | None = None
    time: list[int] | None = None
    kind: str = Metric.SCALAR


class Body(msgspec.Struct):
    """A batch as it is sent."""

    series: list[SeriesBody]


_decoder = msgspec.json.Decoder(Body)


class Unread(BaseParser):
    """Leaves the body to the view, which decodes it faster."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The bytes."""
        return stream.read()


class MetricsEndpoint(Endpoint):
    """The metrics of a run."""

    parser_classes = [Unread]

    @extend_schema(responses=t.MetricsShape)
    def get(self, request: Request, run_id: str) -> Response:
        """The summary of each metric, by name."""
        rows = Metric.objects.filter(run=self.run(run_id), count__gt=0).select_related("name")
        return Response({"metrics": [metric_shape(m, m.name.text) for m in rows.order_by("name__text")]})

    @extend_schema(
        request=t.MetricsBody,
        responses=t.Accepted,
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                "header",
                description="A batch with a key seen before is not added again.",
            )
        ],
    )
    def post(self, request: Request, run_id: str) -> Response:
        """Add a batch of points, up to 100,000: all of it or nothing."""
        run = self.run(run_id, "write")
        batch = [_points(series) for series in decode(request.data).series]
        key = clean_text(
            request.headers.get("Idempotency-Key", ""), "Idempotency-Key", length=200, empty=True
        )
        accepted = log_points(run, batch, key=key)
        beat = (
            run_actions.heartbeat(run, by=self.caller.user) if run.heartbeat_at else run_actions.beat_of(run)
        )
        return Response(
            {"accepted": accepted, "status": beat.status, "cancel_requested": beat.cancel_requested}
        )


def decode(body: Any) -> Body:
    """The batch. Raises Invalid with the place of the mistake."""
    try:
        return _decoder.decode(body if isinstance(body, bytes) else b"{}")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Invalid(f"The batch cannot be read: {error}.", field="series") from None


def _points(series: SeriesBody) -> Points:
    if series.kind not in Metric.FAMILIES:
        kinds = ", ".join(Metric.FAMILIES)
        raise Invalid(f"{series.kind[:40]!r} is no kind of metric; there are {kinds}.", field="kind")
    return Points(
        name=series.name,
        values=_rows(series) if series.kind in _ROWS else _values(series),
        steps=_integers(series.step, "step"),
        times=_integers(series.time, "time"),
        kind=series.kind,
        is_whole=all(type(value) is int for value in series.value),
    )


def _rows(series: SeriesBody) -> list[str]:
    """Each row as the JSON of its columns."""
    return [_row(series.name, row) for row in series.value]


def _row(metric: str, row: Any) -> str:
    if not isinstance(row, dict):
        raise Invalid(
            f"A row of {metric!r} is an object of columns and values, not {row!r:.40}.", field="value"
        )
    if len(row) > COLUMNS_PER_ROW:
        raise Invalid(f"A row of {metric!r} has {len(row)} columns; at most {COLUMNS_PER_ROW} are kept.")
    cells = {clean_key(column, "column"): _cell(metric, column, value) for column, value in row.items()}
    text = msgspec.json.encode(cells).decode()
    if len(text) > ROW_BYTES:
        raise Invalid(f"A row of {metric!r} has {len(text):,} bytes; at most {ROW_BYTES:,} are kept.")
    return text


def _cell(metric: str, column: str, value: Any) -> Cell:
    if isinstance(value, str):
        return clean_text(value, f"{column} of {metric!r}", length=TEXT_POINT_LENGTH, empty=True)
    found: Cell = value
    return found


def _values(series: SeriesBody) -> Any:
    values: list[Any] = series.value
    if any(isinstance(value, dict) for value in values):
        raise Invalid(f"{series.name!r} is sent as {series.kind}, which has no rows.", field="value")
    if series.kind in _FILES:
        return [clean_path(value, f"The file of {series.name!r}") for value in values]
    if any(isinstance(value, str) for value in values):
        values = [_SPELLED.get(value, value) if isinstance(value, str) else value for value in values]
    if any(isinstance(value, str) for value in values):
        field = f"A value of the metric {series.name!r}"
        return [
            clean_text(v if isinstance(v, str) else str(v), field, length=TEXT_POINT_LENGTH, empty=True)
            for v in values
        ]
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        raise Invalid(f"A number of the metric {series.name!r} is too large.", field="value") from None


def _integers(numbers: list[int] | None, field: str) -> Any:
    if numbers is None:
        return None
    try:
        return np.array(numbers, dtype=np.int64)
    except OverflowError:
        raise Invalid(f"A {field} does not fit 64 bits.", field=field) from None


class SeriesEndpoint(Endpoint):
    """Points for a chart."""

    @extend_schema(
        responses=t.SeriesAnswer,
        parameters=[
            OpenApiParameter("name", str, many=True, required=True),
            OpenApiParameter("points", str, description="At most so many a series (1000), or `all`."),
            OpenApiParameter("from", int, description="From this step on."),
            OpenApiParameter("to", int, description="Up to this step."),
        ],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """The series of the given names, up to 50; down-sampled ones say so."""
        run = self.run(run_id)
        # No metric has a NUL in its name, and PostgreSQL cannot even be asked.
        names = [name for name in request.query_params.getlist("name")[:50] if "\x00" not in name]
        points = request.query_params.get("points", "1000")
        most = POINTS_PER_METRIC if points == "all" else _whole(points, "points")
        found = query.read_series(
            run,
            names,
            points=max(2, min(most, POINTS_PER_METRIC)),
            first=_optional(request, "from"),
            last=_optional(request, "to"),
        )
        return Response({"series": [query.series_shape(series) for series in found]})


class ValuesEndpoint(Endpoint):
    """All values of all metrics, for scripts."""

    @extend_schema(
        responses=t.ValuesAnswer,
        parameters=[
            OpenApiParameter("recursive", bool, description="Of all runs below, too."),
            OpenApiParameter("name", str, description="Of this metric only."),
            OpenApiParameter("type", str, description="Of runs of this type only."),
        ],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """In logged order, of the run and with `recursive` of all its descendants, in one answer."""
        run = self.run(run_id)
        name, run_type = request.query_params.get("name"), request.query_params.get("type")
        if "\x00" in (name or "") + (run_type or ""):
            raise Invalid("Names of metrics and types hold no NUL character.", field="name")
        values = query.logged_values(
            run,
            name=name,
            run_type=run_type,
            recursive=flag(request.query_params.get("recursive")),
        )
        return Response({"runs": values})


def _optional(request: Request, field: str) -> int | None:
    text = request.query_params.get(field)
    return None if text is None else _whole(text, field)


def _whole(text: str, field: str) -> int:
    try:
        number = int(text) if len(text) < 20 else None
    except ValueError:
        number = None
    if number is None:
        raise Invalid(f"{field} must be a whole number, not {text[:40]!r}.", field=field)
    return number
