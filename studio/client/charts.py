"""Documents that are drawn as charts: confusion matrix, accuracy table, residuals, predictions."""

import json
from collections.abc import Sequence
from typing import Any

from studio.client.errors import UserErrorException

VERSIONS = {
    "confusion_matrix": "1.0.0",
    "accuracy_table": "1.0.1",
    "residuals": "1.0.0",
    "predictions": "1.0.0",
}
PARTS = {
    "confusion_matrix": ("class_labels", "matrix"),
    "accuracy_table": (
        "probability_tables",
        "percentile_tables",
        "probability_thresholds",
        "percentile_thresholds",
        "class_labels",
    ),
    "residuals": ("bin_edges", "bin_counts"),
    "predictions": ("bin_averages", "bin_errors", "bin_counts", "bin_edges"),
}


def chart_document(kind: str, value: dict[str, Any] | str) -> bytes:
    """Return the JSON of a document, checked. Raises UserErrorException that says what is not right.

    The data may also be given alone, without `schema_type` around it.
    """
    found = _read(value)
    if "data" not in found:
        found = {"schema_type": kind, "schema_version": VERSIONS[kind], "data": found}
    if found.get("schema_type", kind) != kind:
        raise UserErrorException(f"The schema_type is {found['schema_type']!r}, but {kind!r} is needed here.")
    data = found["data"]
    if not isinstance(data, dict):
        raise UserErrorException("Under data stands an object with " + ", ".join(PARTS[kind]) + ".")
    missing = [part for part in PARTS[kind] if part not in data]
    if missing:
        raise UserErrorException(f"The data of a {kind} lacks {', '.join(missing)}.")
    whole = {"schema_type": kind, "schema_version": VERSIONS[kind], **found}
    try:
        text = json.dumps(whole, default=_plain)
    except (TypeError, ValueError) as problem:
        raise UserErrorException(f"The {kind} cannot be written as JSON: {problem}.") from None
    _check(kind, json.loads(text)["data"])
    return text.encode()


def _read(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise UserErrorException("Invalid JSON provided") from None
    if not isinstance(value, dict):
        raise UserErrorException(f"Give a dict or JSON text, not {type(value).__name__}.")
    return value


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no JSON")


def _check(kind: str, data: dict[str, Any]) -> None:
    for part in PARTS[kind]:
        if not isinstance(data[part], list):
            raise UserErrorException(f"{part} is a list, not {data[part]!r:.40}.")
    if kind == "confusion_matrix":
        n = len(data["class_labels"])
        if len(data["matrix"]) != n or any(not isinstance(r, list) or len(r) != n for r in data["matrix"]):
            raise UserErrorException(f"The matrix of {n} class_labels has {n} rows of {n} numbers.")
    elif kind == "accuracy_table":
        _check_tables(data, "probability")
        _check_tables(data, "percentile")
    else:
        n = len(data["bin_edges"]) - 1
        for part in PARTS[kind]:
            if part != "bin_edges" and len(data[part]) != n:
                raise UserErrorException(
                    f"{part} has {len(data[part])} values; bin_edges ask for {max(n, 0)}."
                )


def _check_tables(data: dict[str, Any], which: str) -> None:
    tables, thresholds = data[f"{which}_tables"], data[f"{which}_thresholds"]
    labels: Sequence[Any] = data["class_labels"]
    if len(tables) != len(labels):
        raise UserErrorException(f"{which}_tables holds {len(tables)} tables for {len(labels)} class_labels.")
    for table in tables:
        right = isinstance(table, list) and len(table) == len(thresholds)
        if not right or any(not isinstance(row, list) or len(row) != 4 for row in table):
            raise UserErrorException(
                f"Each of {which}_tables has a row [TP, FP, TN, FN] for each of {len(thresholds)} thresholds."
            )
