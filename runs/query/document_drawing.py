"""What a document's chart shows: heat map, ROC, precision-recall and lift curves, histogram, predicted over true."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from runs.query.documents import Document, Numbers
from runs.query.drawing import Cell, Drawing, counted, numbers

CURVES = {"roc": "ROC", "pr": "Precision-recall", "lift": "Lift"}
MOST_CLASSES = 100
MOST_LINES = 30
MICRO = "all classes together"


def document_drawing(document: Document, *, curve: str = "roc", by: str = "counts") -> Drawing:
    """The document as a chart; `curve` chooses that of an accuracy table, `by` rows or counts of a matrix."""
    if document.problem:
        return Drawing("none", empty=document.problem)
    draw: dict[str, Callable[[], Drawing]] = {
        "confusion_matrix": lambda: _matrix(document, by),
        "accuracy_table": lambda: _curves(document, curve if curve in CURVES else "roc"),
        "residuals": lambda: _residuals(document),
        "predictions": lambda: _predictions(document),
    }
    return draw[document.kind]()


def _matrix(document: Document, by: str) -> Drawing:
    counts = document.parts["matrix"]
    labels, n = document.labels[:MOST_CLASSES], len(document.labels)
    whole = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, whole, out=np.zeros_like(counts), where=whole > 0)
    right = float(np.trace(counts) / counts.sum()) if counts.sum() else None
    said = [f"{_short(float(counts.sum()))} predictions of {counted(n, 'class', 'classes')}"]
    said += [] if right is None else [f"{right:.1%} right"]
    said += [f"the first {MOST_CLASSES} are drawn, the table has all"] if n > MOST_CLASSES else []
    cut = slice(0, MOST_CLASSES)
    shape = {
        "labels": labels,
        "by": "rows" if by == "rows" else "counts",
        "counts": counts[cut, cut].tolist(),
        "shares": shares[cut, cut].tolist(),
    }
    drawn = shares if by == "rows" else counts
    rows: list[list[Cell]] = [
        [label, *_cells(row)] for label, row in zip(document.labels, drawn, strict=True)
    ]
    return Drawing("matrix", shape, ["true \\ predicted", *document.labels], rows, said)


def _short(number: float) -> str:
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.3g}"


def _cells(values: Numbers) -> list[Cell]:
    return [int(value) if value.is_integer() else value for value in values.tolist()]


def _curves(document: Document, curve: str) -> Drawing:
    which = "percentile" if curve == "lift" else "probability"
    tables = document.parts[f"{which}_tables"]
    labels = list(document.labels)
    lines = [_line(curve, label, table) for label, table in zip(labels, tables, strict=True)]
    together = [] if len(labels) < 2 else [_line(curve, MICRO, tables.sum(axis=0))]
    drawn = [*together, *lines[:MOST_LINES]]
    said = [counted(len(labels), "class", "classes"), counted(tables.shape[1], "threshold")]
    said += [f"the first {MOST_LINES} are drawn, the table has all"] if len(lines) > MOST_LINES else []
    titles = {
        "roc": ("false positive rate", "true positive rate"),
        "pr": ("recall", "precision"),
        "lift": ("share of all", "lift"),
    }
    shape = {
        "title_x": titles[curve][0],
        "title_y": titles[curve][1],
        "words": None,
        "lines": drawn,
        "base": {"roc": [[0, 1], [0, 1]], "pr": None, "lift": [[0, 1], [1, 1]]}[curve],
        "range": None if curve == "lift" else [-0.02, 1.02],
    }
    rows: list[list[Cell]] = [
        [line["label"], x, y]
        for line in [*together, *lines]
        for x, y in zip(line["x"], line["y"], strict=True)
    ]
    return Drawing("curves", shape, ["class", *titles[curve]], rows, said)


def _line(curve: str, label: str, table: Numbers) -> dict[str, Any]:
    """The curve of one class of its table, shape (thresholds, 4): TP, FP, TN, FN."""
    true_positive, false_positive, true_negative, false_negative = table.T
    positive, negative = true_positive + false_negative, false_positive + true_negative
    recall = _ratio(true_positive, positive)
    precision = _ratio(true_positive, true_positive + false_positive)
    if curve == "roc":
        x, y = _ratio(false_positive, negative), recall
    elif curve == "pr":
        x, y = recall, precision
    else:
        total = positive + negative
        x, y = _ratio(true_positive + false_positive, total), _ratio(precision, _ratio(positive, total))
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    shown = label if curve != "roc" else f"{label}{_area(x, y)}"
    return {"label": shown, "x": numbers(x), "y": numbers(y)}


def _area(x: Numbers, y: Numbers) -> str:
    """The area under the curve, in words; nothing where a part of it is not known."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 2 or x[0] > 0 or x[-1] < 1:
        return ""
    return f" (AUC {float(np.trapezoid(y, x)):.3f})"


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    """The share; NaN, which is a gap, where there is no whole."""
    found: Numbers = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def _residuals(document: Document) -> Drawing:
    edges, counts = document.parts["bin_edges"], document.parts["bin_counts"]
    shape = {"edges": edges.tolist(), "counts": counts.tolist(), "title_x": "residual", "title_y": "count"}
    said = [f"{_short(float(counts.sum()))} residuals in {counted(len(counts), 'bin')}"]
    return Drawing("histogram", shape, ["from", "to", "count"], list(_binned(edges, counts)), said)


def _predictions(document: Document) -> Drawing:
    edges, averages = document.parts["bin_edges"], document.parts["bin_averages"]
    errors, counts = document.parts["bin_errors"], document.parts["bin_counts"]
    shape = {
        "x": ((edges[:-1] + edges[1:]) / 2).tolist(),
        "y": averages.tolist(),
        "errors": errors.tolist(),
        "counts": counts.tolist(),
        "ends": [float(edges[0]), float(edges[-1])],
    }
    heads = ["true from", "to", "count", "mean predicted", "error"]
    rows = [
        [*row, *_cells(np.array([mean, error]))]
        for row, mean, error in zip(_binned(edges, counts), averages, errors, strict=True)
    ]
    said = [f"{_short(float(counts.sum()))} predictions in {counted(len(counts), 'bin')}"]
    return Drawing("predictions", shape, heads, rows, said)


def _binned(edges: Numbers, counts: Numbers) -> Iterator[list[Cell]]:
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        yield _cells(np.array([low, high, count]))
