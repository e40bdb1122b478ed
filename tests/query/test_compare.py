"""Runs side by side: rows, differences, order, baseline."""

import pytest
from django.utils import timezone

from runs.errors import Invalid, NotFound
from runs.query import compare as query
from runs.query.charts import parse_chart
from runs.query.compare import compare_runs, delta, read_runs, usual_charts
from runs.query.compare_rows import Cell
from tests import make


def compared(space, runs, **options):
    found, _ = read_runs(space, [run.public_id for run in runs])
    return compare_runs(space, found, now=timezone.now(), **options)


def rows_of(made, section):
    return {
        row.label: [cell.value for cell in row.cells]
        for each in made.sections
        if each.key == section
        for row in each.rows
    }


def test_only_what_differs_is_shown_unless_all_is_asked_for(workspace):
    runs = [make.run(workspace, params={"lr": lr, "seed": 1}, script="train.py") for lr in (0.1, 0.2)]
    made = compared(workspace, runs)
    assert rows_of(made, "params") == {"lr": ["0.1", "0.2"]}
    assert "Script" not in rows_of(made, "facts")
    params = next(section for section in made.sections if section.key == "params")
    assert (params.total, params.hidden) == (2, 1)
    made = compared(workspace, runs, show_same=True)
    assert rows_of(made, "params")["seed"] == ["1", "1"] and "Script" in rows_of(made, "facts")


def test_a_missing_value_is_another_one_and_an_empty_tag_is_not_missing(workspace):
    one, two = make.run(workspace), make.run(workspace)
    make.tag(one, baseline=None)
    assert rows_of(compared(workspace, [one, two]), "tags") == {"baseline": ["", None]}


def test_metrics_have_their_bounds(workspace):
    runs = [make.run(workspace, metrics={"loss": values}) for values in ([3.0, 1.0, 2.0], [5.0])]
    (section,) = [s for s in compared(workspace, runs).sections if s.key == "metrics"]
    assert section.rows[0].cells == [Cell(2.0, 1.0, 3.0, 3), Cell(5.0, 5.0, 5.0, 1)]


def test_runs_are_sorted_by_a_row_numbers_first(workspace):
    values = ["10", "9", "big", None, "0.5"]
    runs = [make.run(workspace, display_name=str(v), params={"x": v} if v else {}) for v in values]
    names = lambda sort: [run.display_name for run in compared(workspace, runs, sort=sort).runs]  # noqa: E731
    assert names("params.x") == ["0.5", "9", "10", "big", "None"]
    assert names("-params.x") == ["10", "9", "0.5", "big", "None"]
    assert names("created") == [*values[:3], "None", "0.5"]
    assert names("no such row") == [*values[:3], "None", "0.5"]


def test_cells_follow_their_runs_when_these_are_sorted(workspace):
    runs = [make.run(workspace, params={"x": x}, metrics={"loss": x}) for x in (2, 1)]
    made = compared(workspace, runs, sort="params.x", base=runs[0].public_id)
    assert rows_of(made, "params")["x"] == ["1", "2"] and rows_of(made, "metrics")["loss"] == [1.0, 2.0]
    assert made.base == 1


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [
        (2.0, 1.0, (1.0, 1.0)),
        ("0.5", "1", (-0.5, -0.5)),
        (1.0, 0.0, (1.0, None)),
        (-1.0, -2.0, (1.0, 0.5)),
        ("a", 1.0, None),
        (None, 1.0, None),
    ],
)
def test_a_delta_is_absolute_and_a_share(value, base, expected):
    assert delta(Cell(value), Cell(base)) == expected


def test_rows_are_searched_and_capped(workspace, monkeypatch):
    runs = [make.run(workspace, params={f"p{k:03}": n * k + k for k in range(1, 301)}) for n in range(2)]
    made = compared(workspace, runs)
    params = next(section for section in made.sections if section.key == "params")
    assert (len(params.rows), params.matching) == (200, 300)
    assert len(rows_of(compared(workspace, runs, most_rows=None), "params")) == 300
    assert list(rows_of(compared(workspace, runs, search="P29"), "params")) == [f"p29{k}" for k in range(10)]
    monkeypatch.setattr(query, "MOST_KEYS", 100)
    made = compared(workspace, runs)
    assert made.is_cut and len(made.rows) < 120


def test_a_run_that_is_not_here_is_told_of_and_none_at_all_is_not_found(workspace, stranger):
    mine, other = make.run(workspace), make.run(make.workspace(owner=stranger))
    ids = [other.public_id, mine.public_id, "nothing", "a\x00b"]
    assert read_runs(workspace, ids) == ([mine], [other.public_id, "nothing", "a\x00b"])
    for ids in ([other.public_id], ["nothing"], ["a\x00b"]):
        with pytest.raises(NotFound):
            read_runs(workspace, ids)


def test_more_than_fifty_are_refused(workspace):
    run = make.run(workspace)
    with pytest.raises(Invalid, match="At most 50"):
        compare_runs(workspace, [run] * 51, now=timezone.now())


def test_the_usual_charts_are_of_shared_metrics_and_of_what_differs(workspace):
    runs = [
        make.run(workspace, params={"lr": n}, metrics={"loss": [1.0, n], "end": n, "words": ["a"]})
        for n in range(3)
    ]
    charts = usual_charts(compared(workspace, runs))
    assert charts == ["line:metrics.loss", "parallel:params.lr,metrics.end;size=full"]
    for text in charts:
        parse_chart(text)


@pytest.mark.parametrize("count", [2, 20])
def test_the_number_of_queries_does_not_depend_on_the_data(workspace, reads, count):
    runs = [make.run(workspace, params={"a": n}, metrics={"b": n}) for n in range(count)]
    for run in runs:
        make.tag(run, c="d")
    with reads(at_most=5):
        compared(workspace, runs)


def test_what_most_runs_have_comes_before_what_one_alone_has(workspace, monkeypatch):
    monkeypatch.setattr(query, "MOST_KEYS", 12)
    one = make.run(workspace, params={"z": 1}, metrics={f"layer {n:02}": [1.0, 2.0] for n in range(20)})
    runs = [one, *(make.run(workspace, params={"z": n}, metrics={"z loss": [n, 1.0 / n]}) for n in (2, 3))]
    make.log(one, "z loss", 3.0, 2.0)
    made = compared(workspace, runs)
    assert made.is_cut and {"params.z", 'metrics."z loss"'} <= set(made.rows)
    assert len([key for key in made.rows if key.startswith("m")]) < 12
    assert usual_charts(made)[0] == 'line:metrics."z loss"'
    assert usual_charts(made)[-1] == 'parallel:params.z,metrics."z loss";size=full'
    few = compared(workspace, runs, most_rows=1)
    assert rows_of(few, "metrics") == {"z loss": [2.0, 0.5, pytest.approx(1 / 3)]}


def test_a_delta_that_is_infinite_is_none():
    assert delta(Cell(1.7e308), Cell(-1.7e308)) is None
    assert delta(Cell(1e300), Cell(1e-300)) == (1e300, None)


def test_the_environment_of_submitted_runs_is_compared(workspace):
    made = [
        make.run(
            workspace, definition={"environment": {"SEED": str(n)}, "resources": {"gpus": n, "queue": "q"}}
        )
        for n in (1, 2)
    ]
    other = make.run(workspace)
    shown = rows_of(compared(workspace, [*made, other]), "environment")
    assert shown["SEED"] == ["1", "2", None] and shown["GPUs"] == [1.0, 2.0, None]
    assert shown["Interpreter"] == ["python", "python", None]
    assert "Queue" not in rows_of(compared(workspace, made), "environment")
