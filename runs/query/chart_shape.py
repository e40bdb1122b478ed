"""A chart's content on the wire, the same for the page and for REST, and as a table of numbers."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from runs.models import Run
from runs.query.chart_data import ChartData, Value
from runs.query.chart_words import empty_words, said
from runs.query.charts import ChartKind, chart_text, label
from runs.query.fields import Field, Source
from runs.query.lines import Line

Cell = str | float | int | None


def chart_shape(data: ChartData) -> dict[str, Any]:
    """Everything a browser or a script needs to draw it; what is no finite number is null."""
    chart = data.chart
    shape: dict[str, Any] = {
        "chart": chart_text(chart),
        "kind": str(chart.kind),
        "title": chart.title,
        "fields": [_field(each) for each in chart.fields],
        "by": _field(chart.by) if chart.by else None,
        "across": chart.across,
        "log": chart.log,
        "smooth": chart.smooth,
        "runs": [_run(row.run, name) for row, name in zip(data.rows, _names(data), strict=True)],
        "said": said(data),
        "empty": empty_words(data),
    }
    if chart.kind == ChartKind.LINE:
        shape["lines"] = [_line(line, data) for line in data.lines.lines]
        shape["points"] = sum(len(line.x) for line in data.lines.lines)
        shape["count"] = sum(line.count for line in data.lines.lines)
    elif chart.kind == ChartKind.STATUS:
        shape["times"] = [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in data.times]
        shape["counts"] = {str(status): counts for status, counts in data.counts.items()}
    elif data.groups or chart.kind == ChartKind.BOX or (chart.kind == ChartKind.BAR and chart.by):
        shape["groups"] = [
            {
                "name": g.name,
                "mean": _plain(g.mean),
                "spread": _plain(g.spread),
                "count": len(g.values),
                "values": g.values,
            }
            for g in data.groups
        ]
    else:
        shape["values"] = [[_plain(value) for value in values] for values in data.values]
    return shape


def _names(data: ChartData) -> Sequence[str | None]:
    return data.names or [None] * len(data.rows)


def fingerprint(encoded: bytes) -> str:
    """What changes when the content does: an ETag."""
    return hashlib.blake2s(encoded, digest_size=12).hexdigest()


def table_of(data: ChartData) -> tuple[list[str], Iterator[list[Cell]]]:
    """The same content as heads and rows: for people who cannot see the picture, and for a CSV file."""
    chart = data.chart
    if chart.kind == ChartKind.LINE:
        across = {"step": "step", "time": "time (UTC)", "relative": "seconds"}[chart.across]
        smooth = ["smoothed"] if chart.smooth else []
        return ["run", "run id", "metric", across, "value", *smooth], _line_rows(data)
    if chart.kind == ChartKind.STATUS:
        rows: Iterator[list[Cell]] = (
            [f"{at:%Y-%m-%d %H:%M}", *(counts[place] for counts in data.counts.values())]
            for place, at in enumerate(data.times)
        )
        return [chart.across, *(str(status) for status in data.counts)], rows
    if data.groups and chart.by is not None:
        heads = [label(chart.by), "runs", f"mean {label(chart.fields[0])}", "spread", "least", "most"]
        return heads, (
            [g.name, len(g.values), g.mean, g.spread, min(g.values), max(g.values)] for g in data.groups
        )
    heads = [
        "run",
        "run id",
        *(label(each) for each in chart.fields),
        *([label(chart.by)] if chart.by else []),
    ]
    return heads, _run_rows(data)


def _run_rows(data: ChartData) -> Iterator[list[Cell]]:
    fields = data.chart.fields
    for row, values, name in zip(data.rows, data.values, _names(data), strict=True):
        numbers = [_cell(value, each) for value, each in zip(values, fields, strict=True)]
        yield [row.run.display_name, row.run.public_id, *numbers, *([name] if data.chart.by else [])]


def _line_rows(data: ChartData) -> Iterator[list[Cell]]:
    runs = {row.run.pk: row.run for row in data.rows}
    is_time = data.chart.across == "time"
    for line in data.lines.lines:
        run = runs[line.run]
        smooth = line.smooth.tolist() if line.smooth is not None else None
        for place, (x, y) in enumerate(zip(line.x.tolist(), line.y.tolist(), strict=True)):
            across: Cell = _moment(x) if is_time else int(x) if data.chart.across == "step" else x
            value: Cell = None if math.isnan(y) else y
            more: list[Cell] = (
                [] if smooth is None else [None if math.isnan(smooth[place]) else smooth[place]]
            )
            yield [run.display_name, run.public_id, line.metric, across, value, *more]


def _run(run: Run, group: str | None) -> dict[str, Any]:
    return {
        "id": run.public_id,
        "name": run.display_name,
        "number": run.number,
        "status": run.status,
        "group": group,
    }


def _line(line: Line, data: ChartData) -> dict[str, Any]:
    # A run's place in `runs`, so that its name is sent once.
    places = {row.run.pk: place for place, row in enumerate(data.rows)}
    shape: dict[str, Any] = {
        "run": places[line.run],
        "metric": line.metric,
        "x": [int(x) for x in line.x.tolist()] if data.chart.across != "relative" else line.x.tolist(),
        "y": _numbers(line.y.tolist()),
        "count": line.count,
        "gaps": line.gaps,
    }
    if line.smooth is not None:
        shape["smooth"] = _numbers(line.smooth.tolist())
    return shape


def _numbers(values: list[float]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]


def _field(each: Field) -> dict[str, Any]:
    is_time = each.source == Source.ATTRIBUTE and each.key in ("created", "started", "ended")
    return {"key": str(each), "label": label(each), "is_time": is_time}


def _plain(value: Value) -> Value:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _cell(value: Value, each: Field) -> Cell:
    if isinstance(value, float) and _field(each)["is_time"]:
        return _moment(value)
    return value


def _moment(milliseconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return str(int(milliseconds))
