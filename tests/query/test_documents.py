"""Documents that are drawn: what each kind's chart holds, and the sentence for each that cannot be drawn."""

import json

import pytest

from runs.query.document_drawing import MICRO, document_drawing
from runs.query.documents import parse_document

MATRIX = {"class_labels": ["cat", "dog"], "matrix": [[8, 2], [1, 9]]}
# Of 10 positives and 10 negatives, at the thresholds 0, 0.5 and 1: TP, FP, TN, FN.
TABLE = [[10, 10, 0, 0], [8, 2, 8, 2], [0, 0, 10, 10]]
TABLES = {
    "probability_tables": [TABLE, TABLE],
    "percentile_tables": [TABLE, TABLE],
    "probability_thresholds": [0, 0.5, 1],
    "percentile_thresholds": [0, 0.5, 1],
    "class_labels": ["cat", "dog"],
}
RESIDUALS = {"bin_edges": [-1, 0, 1], "bin_counts": [3, 4]}
PREDICTIONS = {
    "bin_edges": [0, 1, 2],
    "bin_averages": [0.4, 1.6],
    "bin_errors": [0.1, 0.2],
    "bin_counts": [5, 6],
}


def drawn(kind: str, data: object, **how: str):
    return document_drawing(parse_document(json.dumps({"schema_type": kind, "data": data}).encode()), **how)


def test_a_confusion_matrix_has_counts_and_shares_of_its_rows() -> None:
    drawing = drawn("confusion_matrix", MATRIX)
    assert drawing.kind == "matrix" and drawing.shape["counts"] == [[8, 2], [1, 9]]
    assert drawing.shape["shares"] == [[0.8, 0.2], [0.1, 0.9]]
    assert list(drawing.said) == ["20 predictions of 2 classes", "85.0% right"]
    assert list(drawing.rows) == [["cat", 8, 2], ["dog", 1, 9]]
    assert next(iter(drawn("confusion_matrix", MATRIX, by="rows").rows)) == ["cat", 0.8, 0.2]


def test_a_class_that_never_occurs_divides_nothing_by_nought() -> None:
    drawing = drawn("confusion_matrix", {"class_labels": ["a", "b"], "matrix": [[0, 0], [0, 0]]})
    assert drawing.shape["shares"] == [[0, 0], [0, 0]] and drawing.said == ["0 predictions of 2 classes"]


def test_roc_goes_from_nought_to_one_and_tells_its_area() -> None:
    drawing = drawn("accuracy_table", TABLES)
    together, cat, _ = drawing.shape["lines"]
    assert cat["x"] == [0, 0.2, 1] and cat["y"] == [0, 0.8, 1]
    assert cat["label"] == "cat (AUC 0.800)" and together["label"].startswith(MICRO)


def test_precision_recall_and_lift_are_drawn_of_the_same_table() -> None:
    pr = drawn("accuracy_table", TABLES, curve="pr").shape["lines"][1]
    assert (pr["x"], pr["y"]) == ([0, 0.8, 1], [None, 0.8, 0.5])  # without a positive there is no precision
    lift = drawn("accuracy_table", TABLES, curve="lift").shape["lines"][1]
    assert lift["x"] == [0, 0.5, 1] and lift["y"] == [None, 1.6, 1.0]


def test_residuals_and_predictions() -> None:
    residuals = drawn("residuals", RESIDUALS)
    assert residuals.shape["edges"] == [-1, 0, 1] and list(residuals.rows) == [[-1, 0, 3], [0, 1, 4]]
    predictions = drawn("predictions", PREDICTIONS)
    assert predictions.shape["x"] == [0.5, 1.5] and predictions.shape["ends"] == [0, 2]
    assert next(iter(predictions.rows)) == [0, 1, 5, 0.4, 0.1]


def test_a_document_without_its_kind_is_known_by_its_parts() -> None:
    assert document_drawing(parse_document(json.dumps(PREDICTIONS).encode())).kind == "predictions"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "no JSON: Expecting property name enclosed in double quotes in line 1, column 2"),
        (b"\xff\xfe\x00", "not even text"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 5_000, "a number in it is too long"),
        (b"[1, 2]", "it has no schema_type"),
        (b'{"schema_type": "poem"}', "schema_type is 'poem'; there are confusion_matrix"),
        (b'{"schema_type": "residuals", "data": []}', "Under data stands an object"),
        (b'{"schema_type": "residuals", "data": {"bin_edges": [1]}}', "lacks bin_counts"),
        (b'{"schema_type": "residuals", "data": {"bin_edges": [0, 1], "bin_counts": ["x"]}}', "is no number"),
        (b'{"schema_type": "residuals", "data": {"bin_edges": [0, 1], "bin_counts": [NaN]}}', "not finite"),
        (b'{"schema_type": "residuals", "data": {"bin_edges": [0, 1], "bin_counts": [[1]]}}', "one too many"),
        (
            b'{"schema_type": "residuals", "data": {"bin_edges": [0], "bin_counts": []}}',
            "bin_counts is empty",
        ),
        (
            b'{"schema_type": "confusion_matrix", "data": {"class_labels": ["a"], "matrix": [[1, 2]]}}',
            "The matrix of 1 class_labels has 1 rows of 1 numbers",
        ),
        (
            b'{"schema_type": "confusion_matrix", "data": {"class_labels": ["a"], "matrix": [[[1]]]}}',
            "one too many",
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_said(content: bytes, words: str) -> None:
    assert words in document_drawing(parse_document(content)).empty
