"""The list of experiments."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.experiment import archive_experiment, edit_experiment
from runs.errors import Invalid
from runs.models import User, Workspace
from runs.query.experiments import count_experiments, experiment_row, list_experiments
from tests import make


@pytest.fixture
def experiments(workspace: Workspace, owner: User) -> None:
    for name in ("alpha", "beta", "gamma", "empty"):
        make.experiment(workspace, name, by=owner)
    for name in ("gamma", "alpha", "beta", "alpha"):
        make.run(workspace, name)
    make.run(workspace, "alpha", start=False)


def names(workspace: Workspace, **options: object) -> list[str]:
    return [row.experiment.name for row in list_experiments(workspace, **options).rows]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", ["alpha", "beta", "gamma", "empty"]),
        ("last_run", ["gamma", "beta", "alpha", "empty"]),
        ("name", ["alpha", "beta", "empty", "gamma"]),
        ("-name", ["gamma", "empty", "beta", "alpha"]),
        ("created", ["alpha", "beta", "gamma", "empty"]),
        ("-runs", ["alpha", "gamma", "beta", "empty"]),
    ],
)
def test_experiments_are_sorted_and_paged(
    experiments: None, workspace: Workspace, sort: str, order: list[str]
) -> None:
    assert names(workspace, sort=sort)[0] == order[0]
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = list_experiments(workspace, sort=sort, limit=1, cursor=cursor)
        walked += [row.experiment.name for row in page.rows]
        cursor = page.next_cursor
    assert walked == names(workspace, sort=sort)
    assert sorted(walked) == sorted(order)
    if sort != "-runs":
        assert walked == order


def test_a_row_knows_its_counts_its_tags_and_its_last_run(
    experiments: None, workspace: Workspace, owner: User
) -> None:
    alpha = make.experiment(workspace, "alpha")
    edit_experiment(alpha, by=owner, tags={"team": "vision"})
    row = experiment_row(alpha)
    assert row.counts == {"Running": 2, "NotStarted": 1}
    assert (row.run_count, row.tags) == (3, {"team": "vision"})
    assert row.last_run is not None and row.last_run.status == "NotStarted"
    assert experiment_row(make.experiment(workspace, "empty")).last_run is None


def test_experiments_are_found_by_words_and_archived_apart(
    experiments: None, workspace: Workspace, owner: User
) -> None:
    beta = make.experiment(workspace, "beta")
    edit_experiment(beta, by=owner, description="The Baseline", tags={"team": "vision"})
    assert names(workspace, search="BETA") == ["beta"]
    assert names(workspace, search="baseline vision") == ["beta"]
    assert names(workspace, search="alpha vision") == []
    archive_experiment(beta, by=owner)
    assert "beta" not in names(workspace)
    assert names(workspace, archived=True) == ["beta"]
    assert (count_experiments(workspace), count_experiments(workspace, archived=True)) == (3, 1)


def test_other_workspaces_stay_out(experiments: None, workspace: Workspace, stranger: User) -> None:
    other = make.workspace("far-away", owner=stranger)
    make.run(other, "secret")
    assert "secret" not in names(workspace)
    assert names(other) == ["secret"]


def test_the_list_takes_as_many_queries_for_many_as_for_few(experiments: None, workspace: Workspace) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            list_experiments(workspace)
        return len(make.reads_of(captured.captured_queries))

    few = queries()
    for n in range(5):
        make.run(workspace, f"more-{n}")
    assert queries() == few == 5


@pytest.mark.parametrize(
    "options", [{"sort": "owner__password"}, {"limit": 0}, {"limit": 501}, {"cursor": "x"}]
)
def test_what_makes_no_sense_is_refused(workspace: Workspace, options: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        list_experiments(workspace, **options)  # type: ignore[arg-type]
