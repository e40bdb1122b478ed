"""Metrics of a run: logging them costs next to nothing, reading them gives the shapes of the cloud."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from time import time
from typing import Any

from studio.client.batch import Items
from studio.client.charts import chart_document
from studio.client.errors import UserErrorException
from studio.client.files import Artifact, RunFiles
from studio.client.record import READ_FLUSH_S
from studio.client.values import cell, from_wire, scalar, scalars, whole_step


class RunMetrics(RunFiles):
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

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Log one row of a table, its columns as keyword arguments: `log_row("y over x", x=1, y=0.4)`."""
        row = {column: _cell(column, value) for column, value in kwargs.items()}
        self._put_items(name, "row", [row])

    def log_table(self, name: str, value: Mapping[str, Iterable[Any]], description: str = "") -> None:
        """Log a whole table: {column: its values}. Raises UserErrorException when they differ in length."""
        self._put_items(name, "table", table_rows(value))

    def log_image(
        self,
        name: str,
        path: str | Path | None = None,
        plot: Any = None,
        description: str = "",
        *,
        step: int | None = None,
    ) -> None:
        """Log a picture: the path of a file, or as `plot` a matplotlib figure or module, a PIL image or an
        array of shape (rows, columns), (rows, columns, 3) or (rows, columns, 4).

        Logging a name again makes a series to be looked through; without `step` it is numbered 0, 1, 2, …
        A path that this run has logged before gets a number, so that each step keeps its own picture.
        Raises UserErrorException when it is none of these; a studio that is away is no error.
        """
        from studio.client.pictures import PATH_AND_PLOT, PATH_OR_PLOT, drawn

        if path is not None and plot is not None:
            raise UserErrorException(PATH_AND_PLOT)
        if path is not None:
            file = str(path).replace("\\", "/").lstrip("/").removeprefix("./")
            file = Path(file).name if ".." in file.split("/") or Path(path).is_absolute() else file
            self._log_file(name, "image", self._unused(file), Path(path), step)
        elif plot is not None:
            file = f"{_file_name(name)}_{int(time())}.png"
            self._log_file(name, "image", self._unused(file), drawn(plot), step)
        else:
            raise UserErrorException(PATH_OR_PLOT)

    def log_confusion_matrix(self, name: str, value: dict[str, Any] | str, description: str = "") -> None:
        """Log a confusion matrix: {"schema_type": "confusion_matrix", "data": {"class_labels": […],
        "matrix": [[…]]}} as a dict or as JSON. Raises UserErrorException that says what is not right.
        """
        self._log_document(name, "confusion_matrix", value)

    def log_accuracy_table(self, name: str, value: dict[str, Any] | str, description: str = "") -> None:
        """Log an accuracy table, of which ROC, precision-recall and lift curves are drawn."""
        self._log_document(name, "accuracy_table", value)

    def log_residuals(self, name: str, value: dict[str, Any] | str, description: str = "") -> None:
        """Log the histogram of a regression's residuals: `bin_edges` (n + 1) and `bin_counts` (n)."""
        self._log_document(name, "residuals", value)

    def log_predictions(self, name: str, value: dict[str, Any] | str, description: str = "") -> None:
        """Log predicted over true values: `bin_averages`, `bin_errors`, `bin_counts` and `bin_edges`."""
        self._log_document(name, "predictions", value)

    def _log_document(self, name: str, kind: str, value: dict[str, Any] | str) -> None:
        self._log_file(name, "document", _file_name(name), chart_document(kind, value))

    def _unused(self, file: str) -> str:
        """The path of a picture, with a number where this run object has logged one there already."""
        count = self._pictures.get(file, 0)
        self._pictures[file] = count + 1
        stem, dot, end = file.rpartition(".")
        return file if count == 0 else f"{stem}_{count}.{end}" if dot else f"{file}_{count}"

    def _log_file(
        self, name: str, kind: str, file: str, content: "Path | bytes", step: int | None = None
    ) -> None:
        """Keep what the metric shows, to be sent in its turn, and note it. Nobody waits for the studio."""
        metric = _metric_name(name)
        try:
            self._upload_later(file, content)
        except OSError as problem:
            self._recorder.tell(f"The {kind} {name!r} was not kept: {problem}")
            return
        self._put_items(metric, kind, [file], step)

    def _put_items(self, name: Any, kind: str, values: list[Any], step: int | None = None) -> None:
        if step is not None and type(step) is not int:
            step = whole_step(step)
        self._recorder.put((self._id, _metric_name(name), Items(kind, values), step, time()))

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """Return {name: value}: one value as itself, several as a list in the order they were logged, a row
        as {column: value}, a table or several rows as {column: [values]}, an image or document by its address.

        `recursive`: {run id: {name: value}} for this run and all its descendants that have metrics, in one
        request. `run_type`: only of runs of this type. `populate`: images and documents as an Artifact with
        their bytes. A name that was never logged gives {}.
        """
        self._recorder.settle(READ_FLUSH_S)
        asked = {"name": name, "recursive": "true" if recursive else None, "type": run_type}
        runs = self._client.get(self._path("metric-values/"), **asked)["runs"]
        shaped = {
            run: {key: self._shape(run, found, populate) for key, found in metrics.items()}
            for run, metrics in runs.items()
        }
        if recursive:
            return {run: metrics for run, metrics in shaped.items() if metrics}
        return shaped.get(self._id, {})

    def _shape(self, run: str, found: dict[str, Any], populate: bool) -> Any:
        kind, values = found["kind"], [from_wire(value) for value in found["value"]]
        if kind in ("image", "document"):
            return self._artifact(run, values[0], populate)
        if kind in ("row", "table"):
            return values[0] if kind == "row" and len(values) == 1 else columns_of(values)
        return values[0] if len(values) == 1 else values

    def _artifact(self, run: str, path: str, populate: bool) -> "Artifact | str":
        artifact = Artifact(run, path)
        if populate:
            artifact.content = self._read_file(path, run)
        return artifact if populate else artifact.uri


def table_rows(table: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Return the rows of a table that is given by columns. A single value counts as a column of one."""
    if not isinstance(table, Mapping):
        raise UserErrorException(f"run.log_table needs {{column: values}}, not {table!r:.60}.")
    columns: dict[str, list[Any]] = {}
    for name, values in table.items():
        columns[str(name)] = _column(values)
        first = next(iter(columns))
        if len(columns[str(name)]) != len(columns[first]):
            raise UserErrorException(
                f"Columns must have the same length, column {first} had length {len(columns[first])}, "
                f"however, column {name} had length {len(columns[str(name)])}."
            )
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _column(values: Any) -> list[Any]:
    if isinstance(values, str | bytes | Mapping) or not hasattr(values, "__iter__"):
        return [_table_cell(values)]
    if hasattr(values, "ravel") and hasattr(values, "tolist"):
        values = values.ravel().tolist()
    return [_table_cell(value) for value in values]


def _table_cell(value: Any) -> Any:
    return repr(value) if isinstance(value, list | tuple) else cell(value)


def _cell(column: str, value: Any) -> Any:
    try:
        return cell(value)
    except UserErrorException:
        raise UserErrorException(
            f"Rows cannot contain list values, column {column} contains a list."
        ) from None


def columns_of(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Return {column: values} of rows; where a row lacks a column, its value is None."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _metric_name(name: Any) -> str:
    if not isinstance(name, str):
        raise UserErrorException(f"The name of a metric is text, not {name!r}.")
    return str(name)


def _file_name(name: Any) -> str:
    """The metric's name as the path of a file: no part of it may lead elsewhere."""
    parts = [part for part in _metric_name(name).replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(parts) or "unnamed"
