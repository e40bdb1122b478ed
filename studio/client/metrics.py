"""Metrics of a run: logging them costs next to nothing, reading them gives the shapes of the cloud."""

from collections.abc import Iterable
from time import time
from typing import Any

from studio.client.errors import UserErrorException
from studio.client.record import READ_FLUSH_S, RunRecord
from studio.client.values import from_wire, scalar, scalars, whole_step


class RunMetrics(RunRecord):
    """The part of a run that logs and reads metrics."""

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value: number, text, NumPy or PyTorch scalar. Returns at once, whatever the studio does.

        Logging a name again makes a series; without `step` its points are numbered 0, 1, 2, … `description`
        is accepted for scripts written for the cloud and not kept. Raises UserErrorException for lists.
        """
        if type(value) is not float:
            value = scalar(value)
        if step is not None and type(step) is not int:
            step = whole_step(step)
        if type(name) is not str:
            name = _metric_name(name)
        self._recorder.put((self._id, name, value, step, time()))

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Log several values in order: of any iterable, also an empty one, a generator or a NumPy array."""
        self._recorder.put((self._id, _metric_name(name), scalars(value), None, time()))

    def get_metrics(self, name: str | None = None, recursive: bool = False) -> dict[str, Any]:
        """Return {name: value}: one value as itself, several as a list in the order they were logged.

        `recursive`: {run id: {name: value}} for this run and all its descendants that have metrics, in one
        request. A name that was never logged gives {}.
        """
        self._recorder.settle(READ_FLUSH_S)
        flags = {"name": name, "recursive": "true" if recursive else None}
        runs = self._client.get(self._path("metric-values/"), **flags)["runs"]
        shaped = {
            run: {key: _shape(found) for key, found in metrics.items()} for run, metrics in runs.items()
        }
        if recursive:
            return {run: metrics for run, metrics in shaped.items() if metrics}
        return shaped.get(self._id, {})


def _metric_name(name: Any) -> str:
    if not isinstance(name, str):
        raise UserErrorException(f"The name of a metric is text, not {name!r}.")
    return str(name)


def _shape(found: dict[str, Any]) -> Any:
    values = [from_wire(value) for value in found["value"]]
    return values[0] if len(values) == 1 else values
