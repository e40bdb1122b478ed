"""The stand-in for a run where there is none: it prints what it is given, and remembers it."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from studio.client.files import Artifact
from studio.client.metrics import columns_of, table_rows
from studio.client.tree import files_below
from studio.client.values import cell, scalar, scalars


class OfflineRun:
    """What `Run.get_context()` gives outside of a submitted script. Nothing is sent anywhere.

    It prints what the cloud's does. Beyond that it has all that a run has, and answers from memory.
    """

    experiment = None
    parent = None
    root = None
    number = None
    type = None
    name = None
    cancel_requested = False

    def __init__(self, parent_logger: Any = None, run_id: str | None = None, **kwargs: Any) -> None:
        """`parent_logger` and further keyword arguments are the cloud's own and not used."""
        self._id = run_id or f"OfflineRun_{uuid.uuid4()}"
        self._metrics: dict[str, list[Any]] = {}
        self._children: list[OfflineRun] = []
        self._files: list[str] = []
        self.tags: dict[str, Any] = {}
        self.properties: dict[str, Any] = {}
        self.display_name: str | None = None
        self.description: str | None = None
        self.status = "Running"

    @property
    def id(self) -> str:
        """An id that begins with OfflineRun_."""
        return self._id

    @property
    def portal_url(self) -> str:
        """Always empty: the run has no page."""
        return ""

    def get_portal_url(self) -> str:
        """Return an empty text: the run has no page."""
        return ""

    def _print(self, kind: str, name: str, value: Any) -> None:
        print(f"Attempted to log {kind} metric {name}:\n{value}")

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Print one value."""
        self._print("scalar", name, value)
        self._metrics.setdefault(name, []).append(scalar(value))

    def log_list(self, name: str, value: Any, description: str = "") -> None:
        """Print several values."""
        self._print("list", name, value)
        self._metrics.setdefault(name, []).extend(scalars(value))

    def log_row(self, name: str, description: str | None = None, **kwargs: Any) -> None:
        """Print one row of a table."""
        self._print("row", name, kwargs)
        self._metrics.setdefault(name, []).append({column: cell(value) for column, value in kwargs.items()})

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Print a table."""
        self._print("table", name, value)
        self._metrics.setdefault(name, []).extend(table_rows(value))

    def log_image(self, name: str, path: Any = None, plot: Any = None, description: str = "") -> None:
        """Print what picture it would be."""
        self._keep("image", name, path if path is not None else plot)

    def log_confusion_matrix(self, name: str, value: Any, description: str | None = None) -> None:
        """Print a confusion matrix."""
        self._keep("confusion_matrix", name, value)

    def log_accuracy_table(self, name: str, value: Any, description: str | None = None) -> None:
        """Print an accuracy table."""
        self._keep("accuracy_table", name, value)

    def log_residuals(self, name: str, value: Any, description: str | None = None) -> None:
        """Print residuals."""
        self._keep("residuals", name, value)

    def log_predictions(self, name: str, value: Any, description: str | None = None) -> None:
        """Print predictions."""
        self._keep("predictions", name, value)

    def _keep(self, kind: str, name: str, value: Any) -> None:
        self._print(kind, name, value)
        self._metrics[name] = [value]

    def log_param(self, name: str, value: Any) -> None:
        """Print one parameter."""
        print(f"Attempted to log parameter {name} with value {value}")

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Print parameters."""
        for name, value in params.items():
            self.log_param(name, value)

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """Return what was logged, in the shapes that a run gives."""
        own = {key: _shape(values) for key, values in self._metrics.items() if name in (None, key) and values}
        if not recursive:
            return own
        found = {self._id: own} if own else {}
        for child in self._children:
            found |= child.get_metrics(name, recursive=True)
        return found

    def tag(self, name: str, value: Any = None) -> None:
        """Print one tag."""
        print(f"Attempted to add tag {name} with value {value}")
        self.tags[name] = value

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Print tags."""
        print(f"Attempted to set tags {tags}")
        self.tags.update(tags)

    def remove_tags(self, tags: str | Sequence[str]) -> None:
        """Forget tags."""
        for key in [tags] if isinstance(tags, str) else tags:
            self.tags.pop(key, None)

    def get_tags(self) -> dict[str, Any]:
        """Return the tags."""
        return dict(self.tags)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Print properties."""
        print(f"Attempted to add properties {properties}")
        self.properties.update(properties)

    def get_properties(self) -> dict[str, Any]:
        """Return the properties."""
        return dict(self.properties)

    def upload_file(self, name: str, path_or_stream: Any, datastore_name: str | None = None) -> None:
        """Print which file it would be."""
        print(f"Attempted to track file {name} at {path_or_stream}")
        self._files.append(name)

    def upload_files(
        self,
        name: Sequence[str],
        paths: Sequence[Any],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> dict[str, Artifact] | None:
        """Print which files they would be."""
        print(f"Attempted to track files {name} at {paths} with timeout {timeout_seconds}s")
        self._files += name
        return {one: Artifact(self._id, one) for one in name} if return_artifacts else None

    def upload_folder(self, name: str, path: Any, datastore_name: str | None = None) -> dict[str, Artifact]:
        """Print which folder it would be."""
        print(f"Attempted to track folder {name} at {path}")
        found = [f"{name.rstrip('/')}/{inside}" for inside in files_below(Path(path))]
        self._files += found
        return {one: Artifact(self._id, one) for one in found}

    def get_file_names(self) -> list[str]:
        """Return the names that were given to files."""
        return list(self._files)

    def child_run(
        self, name: str | None = None, run_id: str | None = None, outputs: str | None = None
    ) -> "OfflineRun":
        """Return a child that prints, too; its id begins with this run's."""
        child = OfflineRun(run_id=run_id or f"{self._id}.{name or uuid.uuid4()}")
        child.parent = self  # type: ignore[assignment]  # None only where there is none
        self._children.append(child)
        return child

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[Any] | None = None
    ) -> list["OfflineRun"]:
        """Return several children."""
        from studio.client.family import tags_of_children

        key, values = tags_of_children(count, tag_key, tag_values)
        children = [self.child_run() for _ in values]
        for child, value in zip(children, values, strict=True):
            child.tags[key] = value
        return children

    def get_children(self, recursive: bool = False, **kwargs: Any) -> Iterator["OfflineRun"]:
        """Yield the children."""
        for child in self._children:
            yield child
            if recursive:
                yield from child.get_children(True)

    def get_status(self) -> str:
        """Return Running, or how it was ended."""
        return self.status

    def get_details(self) -> dict[str, Any]:
        """Return the few details there are."""
        return {
            "runId": self._id,
            "target": "local",
            "status": self.status,
            "properties": dict(self.properties),
            "logFiles": {},
        }

    def get_inputs(self) -> dict[str, list[dict[str, Any]]]:
        """Return none: it read nothing that a studio knows of."""
        return {"data": [], "models": []}

    def start(self) -> None:
        """Do nothing: it runs already."""

    def flush(self, timeout_seconds: float = 300) -> bool:
        """Print that there was something to send."""
        print(f"Attempted to flush run with id {self._id}")
        return True

    def complete(self) -> None:
        """Note that it is completed."""
        self.status = "Completed"

    def fail(self, error_details: Any = None, error_code: str | None = None) -> None:
        """Print the error."""
        if error_details is not None and not isinstance(error_details, str | BaseException):
            raise TypeError("error_details must be instance of string or BaseException.")
        print(f"Run failed with error code {error_code}:\n{error_details}")
        self.status = "Failed"

    def cancel(self) -> None:
        """Note that it is canceled."""
        self.status = "Canceled"

    def __enter__(self) -> "OfflineRun":
        print(f"[START] Run {self._id} context")
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        print(f"[STOP] Run {self._id} context")
        self.status = "Completed" if error is None and self.status == "Running" else self.status

    def __repr__(self) -> str:
        return f"Run(Id: {self._id},\nStatus: {self.status})"


def _shape(values: list[Any]) -> Any:
    if isinstance(values[0], dict) and len(values) > 1:
        return columns_of(values)
    return values[0] if len(values) == 1 else values
