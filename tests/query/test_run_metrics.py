"""The list of a run's metrics by pages, its points and rows by pages, tables as lines."""

import json

import numpy as np
import pytest

from runs.actions.tracking import Points, log_points
from runs.models import Run, Workspace
from runs.query.metric_rows import read_rows, rows_drawing
from runs.query.point_pages import read_page
from runs.query.run_metrics import Shown, chosen_metrics, metric_page, shown_as
from tests import make


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return make.run(workspace)


def rows(run: Run, name: str, *table: dict[str, object]) -> None:
    log_points(run, [Points(name, [json.dumps(row) for row in table], kind="table")])


def names(page) -> list[str]:
    return [metric.name.text for metric in page.metrics]


def test_pages_follow_each_other_and_lead_back(run: Run, reads) -> None:
    log_points(run, [Points(f"m{n:03}", np.ones(1)) for n in range(130)])
    with reads(at_most=4):
        first = metric_page(run)
    second = metric_page(run, after=first.after or "")
    third = metric_page(run, after=second.after or "")
    assert [len(page.metrics) for page in (first, second, third)] == [60, 60, 10]
    assert (first.total, second.first, third.after, first.before, second.before) == (130, 61, None, None, "")
    assert names(metric_page(run, after=third.before or "")) == names(second)


def test_a_search_finds_by_a_part_of_the_name_and_nonsense_finds_nothing(run: Run) -> None:
    log_points(run, [Points(name, np.ones(1)) for name in ("train/Loss", "val/loss", "accuracy")])
    assert names(metric_page(run, find="loss")) == ["train/Loss", "val/loss"]
    assert names(metric_page(run, find="%")) == []
    assert metric_page(run, find="zzz").total == 3


def test_samples_of_the_machine_are_not_among_them_but_can_be_chosen(run: Run) -> None:
    log_points(run, [Points(name, np.ones(1)) for name in ("loss", "system/cpu_percent")])
    assert names(metric_page(run)) == ["loss"] and metric_page(run).total == 1
    assert [m.name.text for m in chosen_metrics(run, ["system/cpu_percent", "\x00", "x"])] == [
        "system/cpu_percent"
    ]


def test_each_kind_is_shown_in_its_way(run: Run) -> None:
    make.log(run, "number", 1.0)
    make.log(run, "nothing finite", float("nan"))
    make.log(run, "text", "warm-up")
    rows(run, "table", {"a": 1})
    log_points(run, [Points("image", ["a.png"], kind="image"), Points("document", ["a"], kind="document")])
    shown = {metric.name.text: shown_as(metric) for metric in metric_page(run).metrics}
    assert shown == {
        "number": Shown.LINE,
        "nothing finite": Shown.LINE,
        "text": Shown.TEXT,
        "table": Shown.ROWS,
        "image": Shown.IMAGE,
        "document": Shown.DOCUMENT,
    }


def test_points_come_by_pages_with_the_highest_step_first(run: Run) -> None:
    for start in (0, 50, 25):  # batches arrive out of order
        steps = np.arange(start, start + 25)
        log_points(run, [Points("loss", steps.astype(float), steps)])
    metric = chosen_metrics(run, ["loss"])[0]
    first, second = read_page(metric, most=30), read_page(metric, start=30, most=100)
    assert [step for step, _, _ in first.points] == list(range(74, 44, -1))
    assert [step for step, _, _ in second.points] == list(range(44, -1, -1))
    assert (first.next_start, second.next_start, first.count) == (30, None, 75)


def test_a_page_of_many_points_reads_only_its_own_batches(run: Run, reads) -> None:
    for start in range(0, 500, 10):
        make.log(run, "loss", *range(10), steps=list(range(start, start + 10)))
    metric = chosen_metrics(run, ["loss"])[0]
    with reads(at_most=2):
        page = read_page(metric, most=10)
    assert page.points[0][0] == 499 and len(page.points) == 10


def test_texts_and_numbers_that_are_not_finite_are_spelled(run: Run) -> None:
    make.log(run, "loss", 1.0, float("inf"))
    make.log(run, "loss", "oops")
    assert [value for _, _, value in read_page(chosen_metrics(run, ["loss"])[0]).points] == [
        "oops",
        "Infinity",
        1.0,
    ]


def test_the_first_column_of_a_table_stands_across(run: Run) -> None:
    rows(
        run,
        "table",
        {"year": 1, "rate": 0.5, "note": "x", "cost": None},
        {"year": 2, "rate": "NaN", "cost": 3},
    )
    drawing = rows_drawing(read_rows(chosen_metrics(run, ["table"])[0]))
    assert drawing.shape["x"] == [1.0, 2.0] and drawing.shape["title_x"] == "year"
    assert drawing.shape["lines"] == [
        {"label": "rate", "y": [0.5, None]},
        {"label": "cost", "y": [None, 3.0]},
    ]
    assert list(drawing.said) == ["2 rows", "1 column not drawn"]


def test_words_in_the_first_column_are_places_of_their_own(run: Run) -> None:
    rows(run, "table", {"class": "cat", "recall": 0.5}, {"class": "dog", "recall": 0.25})
    shape = rows_drawing(read_rows(chosen_metrics(run, ["table"])[0])).shape
    assert shape["words"] == ["cat", "dog"] and shape["x"] == [0, 1]


def test_one_column_alone_is_drawn_over_its_place_and_words_alone_say_so(run: Run) -> None:
    rows(run, "one", {"a": 1}, {"a": 3})
    rows(run, "words", {"a": "x", "b": "y"})
    one, words = (rows_drawing(read_rows(metric)) for metric in chosen_metrics(run, ["one", "words"]))
    assert one.shape["lines"] == [{"label": "a", "y": [1.0, 3.0]}] and one.shape["x"] == [0, 1]
    assert "needs a column of numbers" in words.empty


def test_rows_come_by_pages_in_the_order_they_were_logged(run: Run, reads) -> None:
    for start in range(0, 50, 10):
        rows(run, "table", *({"n": start + n} for n in range(10)))
    metric = chosen_metrics(run, ["table"])[0]
    with reads(at_most=2):
        found = read_rows(metric, start=15, most=10)
    assert [row[0] for row in found.rows] == list(range(15, 25)) and found.count == 50
