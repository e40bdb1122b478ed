"""Metrics that are documents: the JSON of a confusion matrix, an accuracy table, residuals or predictions, read."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from runs import storage
from runs.models import Artifact, Metric, Run
from studio.client.charts import PARTS, chart_document
from studio.client.errors import UserErrorException

Numbers = np.ndarray[Any, np.dtype[np.float64]]  # of any number of dimensions
MOST_BYTES = 8 * 1024 * 1024
LABEL_LENGTH = 200
HEAD_BYTES = 400
_TOLD = re.compile(rb'"schema_type"\s*:\s*"(\w{1,40})"')
# Nested lists: a matrix of rows, tables of rows for each class; all else are plain lists.
_DEPTHS = {"matrix": 2, "probability_tables": 3, "percentile_tables": 3}


@dataclass(frozen=True)
class Document:
    """A document of one of the known kinds: its class labels, and its other parts as arrays of numbers by name.

    Counts of tables have the shape (classes, thresholds, 4): true and false positives, true and false negatives.
    With `problem` it could not be read, and that is the sentence why.
    """

    kind: str
    labels: list[str] = field(default_factory=list)
    parts: dict[str, Numbers] = field(default_factory=dict)
    problem: str = ""


def read_document(metric: Metric) -> Document:
    """The document that was logged last under this name."""
    path = metric.last_text or ""
    file = Artifact.objects.filter(run_id=metric.run_id, path=path).first()
    if file is None:
        return Document("", problem=f"Its file {path!r} is not here (yet).")
    if file.size > MOST_BYTES:
        return Document("", problem=f"Its file has {file.size:,} bytes; up to {MOST_BYTES:,} are drawn.")
    return parse_document(storage.read(file.key, end=file.size))


def document_kinds(run: Run, metrics: Sequence[Metric]) -> dict[str, str]:
    """Of which kind these documents say they are, by metric: read off the beginning of their files. One query."""
    paths = {metric.last_text or "": metric.name.text for metric in metrics}
    files = Artifact.objects.filter(run=run, path__in=list(paths)) if paths else []
    found = {}
    for file in files:
        told = _TOLD.search(storage.read(file.key, end=HEAD_BYTES))
        if told:
            found[paths[file.path]] = told[1].decode()
    return found


def parse_document(content: bytes) -> Document:
    """Read the JSON of a document. What is wrong with it is told in `problem`, with the place."""
    try:
        found = json.loads(content)
    except UnicodeDecodeError:
        return Document("", problem="This is no JSON: it is not even text.")
    except json.JSONDecodeError as error:
        return Document(
            "", problem=f"This is no JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        )
    except (RecursionError, ValueError):
        return Document("", problem="This JSON is nested too deeply, or a number in it is too long.")
    kind = _kind(found)
    if kind not in PARTS:
        known = ", ".join(PARTS)
        said = f"schema_type is {kind[:60]!r}" if kind else "it has no schema_type"
        return Document("", problem=f"This JSON cannot be drawn: {said}; there are {known}.")
    try:
        checked = json.loads(chart_document(kind, found))["data"]
        return _document(kind, checked)
    except UserErrorException as refusal:
        return Document(kind, problem=f"This {kind} cannot be drawn. {refusal.message}")


def _kind(found: Any) -> str:
    """The document's own word for its kind, or the kind that has just its parts."""
    if not isinstance(found, dict):
        return ""
    if "schema_type" in found:
        return str(found["schema_type"])
    parts = found.get("data", found)
    fits = [
        kind
        for kind, names in PARTS.items()
        if isinstance(parts, dict) and all(name in parts for name in names)
    ]
    # Residuals have a part of what predictions have.
    return max(fits, key=lambda kind: len(PARTS[kind]), default="")


def _document(kind: str, data: dict[str, Any]) -> Document:
    labels = [str(label)[:LABEL_LENGTH] for label in data.get("class_labels", [])]
    parts = {name: _numbers(name, data[name]) for name in PARTS[kind] if name != "class_labels"}
    return Document(kind, labels, parts)


def _numbers(name: str, values: Any) -> Numbers:
    try:
        made = np.array(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise UserErrorException(f"Among the numbers of {name} is something that is no number.") from None
    if made.ndim != _DEPTHS.get(name, 1):
        raise UserErrorException(f"Among the numbers of {name} is a list that is one too many.")
    if made.size == 0:
        raise UserErrorException(f"{name} is empty.")
    if not bool(np.isfinite(made).all()):
        raise UserErrorException(f"Among the numbers of {name} is one that is not finite.")
    return made
