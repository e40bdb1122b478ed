"""Points on their way to the wire: groups what `log()` queued into columnar batches, one run each."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from studio.client.operation import Operation, run_path
from studio.client.ticket import Ticket
from studio.client.values import Scalar, to_wire

POINTS_A_BATCH = 4_000


class Items:
    """Several values of a kind of their own: rows, or the paths of files."""

    __slots__ = ("kind", "values")

    def __init__(self, kind: str, values: list[Any]) -> None:
        self.kind, self.values = kind, values


# (run id, metric, value or several, step, seconds since 1970)
Point = tuple[str, str, "Scalar | list[Scalar] | Items", "int | None", float]
Pending = tuple[Operation, "Ticket | None"]


class Column:
    """Values of one metric that share their shape: (kind, whether they have steps, whether they are text)."""

    __slots__ = ("name", "shape", "steps", "times", "values")

    def __init__(self, name: str, shape: tuple[str, bool, bool]) -> None:
        self.name, self.shape = name, shape
        self.steps: list[int] = []
        self.times: list[int] = []
        self.values: list[Any] = []

    def series(self) -> dict[str, Any]:
        """As the contract has it; without steps the server numbers on."""
        kind, stepped, _is_text = self.shape
        steps = self.steps if stepped else None
        return {"name": self.name, "kind": kind, "step": steps, "time": self.times, "value": self.values}


def metric_batches(points: list[Point]) -> Iterator[Operation]:
    """Yield one operation for each run and at most POINTS_A_BATCH points, in the order they were logged."""
    for part in _slices(points):
        by_run: dict[str, list[Point]] = {}
        for point in part:
            by_run.setdefault(point[0], []).append(point)
        for run, own in by_run.items():
            yield metrics_operation(run, [column.series() for column in _columns(own)], uuid.uuid4().hex)


def _slices(points: list[Point]) -> Iterator[list[Point]]:
    """Cut by number of values; a long list becomes several shorter ones."""
    part: list[Point] = []
    room = POINTS_A_BATCH
    for point in points:
        for piece, size in _pieces(point[2]):
            if part and size > room:
                yield part
                part, room = [], POINTS_A_BATCH
            part.append((point[0], point[1], piece, point[3], point[4]))
            room -= size
    if part:
        yield part


def _pieces(value: Any) -> list[tuple[Any, int]]:
    """The value in parts that fit a batch, and how many values each holds."""
    if type(value) is Items:
        return [(Items(value.kind, part), size) for part, size in _pieces(value.values)]
    if type(value) is not list:
        return [(value, 1)]
    parts = [value[at : at + POINTS_A_BATCH] for at in range(0, len(value), POINTS_A_BATCH)] or [[]]
    return [(part, len(part)) for part in parts]


def _columns(points: list[Point]) -> list[Column]:
    """Group by metric; a metric that changes its shape begins a new column, so its order is kept."""
    columns: list[Column] = []
    latest: dict[str, Column] = {}
    for _run, name, value, step, moment in points:
        if type(value) is Items:
            shape, value = (value.kind, step is not None, True), value.values
        elif type(value) is list:
            shape = ("list", False, any(type(one) is str for one in value))
        else:
            shape = ("scalar", step is not None, type(value) is str)
        column = latest.get(name)
        if column is None or column.shape != shape:
            column = latest[name] = Column(name, shape)
            columns.append(column)
        if type(value) is list:
            column.values += value
            column.times += [int(moment * 1000)] * len(value)
            if step is not None:
                column.steps += [step] * len(value)
        else:
            column.values.append(value)
            column.times.append(int(moment * 1000))
            if step is not None:
                column.steps.append(step)
    return columns


def metrics_operation(run: str, series: list[dict[str, Any]], key: str) -> Operation:
    """Return the call that sends these series, once."""
    try:
        body = json.dumps({"series": series}, allow_nan=False, separators=(",", ":"))
    except ValueError:  # NaN or infinite somewhere: rare, so only then every value is looked at
        spelled = [{**one, "value": [to_wire(value) for value in one["value"]]} for one in series]
        body = json.dumps({"series": spelled}, allow_nan=False, separators=(",", ":"))
    return Operation(run, "metrics", "POST", run_path(run, "metrics/"), body.encode(), key=key)


def halves(batch: Operation, *, points_too: bool = True) -> list[Operation]:
    """Split a batch in two, by metrics and then by points; none when it cannot be split further.

    The keys of the halves follow from the batch's own, so a split that is repeated is still counted once.
    """
    series = json.loads(batch.body)["series"]
    parts = _halve(series) if len(series) > 1 else _halve_points(series[0]) if points_too else []
    return [metrics_operation(batch.run, part, f"{batch.key}.{i}") for i, part in enumerate(parts)]


def _halve(items: list[Any]) -> list[list[Any]]:
    middle = len(items) // 2
    return [items[:middle], items[middle:]]


def _halve_points(only: dict[str, Any]) -> list[list[dict[str, Any]]]:
    if len(only["value"]) < 2:
        return []
    cut = {name: _halve(only[name]) for name in ("step", "time", "value") if only[name] is not None}
    return [[{**only, **{name: parts[i] for name, parts in cut.items()}}] for i in (0, 1)]


def sort_out(items: list[Any]) -> tuple[list[Pending], list[Ticket]]:
    """Return what is to be journaled, points in batches and in order, and the tickets of those who flush."""
    pending: list[Pending] = []
    points: list[Point] = []
    barriers: list[Ticket] = []
    for item in items:
        if type(item) is Ticket:
            barriers.append(item)
        elif len(item) == 2:
            pending += [(batch, None) for batch in metric_batches(points)]
            points = []
            pending.append(item)
        else:
            points.append(item)
    pending += [(batch, None) for batch in metric_batches(points)]
    # A run's creation goes before the first lines of its console.
    return sorted(pending, key=lambda entry: entry[0].kind != "create"), barriers
