"""What a list shows when nobody has chosen its columns."""

from runs.query.columns import DEFAULT
from runs.query.default_columns import default_columns
from tests import make


def keys(experiment) -> list[str]:
    return [column.key for column in default_columns(experiment)]


def test_a_workspace_shows_the_usual_columns(workspace):
    assert default_columns(None) == DEFAULT


def test_an_experiment_shows_its_first_three_metrics(workspace):
    run = make.run(workspace, params={"lr": 1}, tags={"a": "b"})
    for name in ("train loss", "acc", "f1", "later"):
        make.log(run, name, 1.0)
    shown = keys(run.experiment)
    assert shown[:3] == ["name", "status", "tags"] and "experiment" not in shown
    assert [key for key in shown if key.startswith("metrics.")] == [
        'metrics."train loss"',
        "metrics.acc",
        "metrics.f1",
    ]


def test_an_experiment_without_metrics_shows_none(workspace):
    assert keys(make.experiment(workspace)) == ["name", "status", "tags", "created", "duration", "created_by"]
