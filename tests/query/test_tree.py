"""Runs at any depth below a run: found by the filter, by themselves and inside one workspace."""

import pytest

from runs.models import Run, Workspace
from runs.query.filters import RunFilters
from runs.query.runs import list_runs
from tests import make


@pytest.fixture
def tree(workspace: Workspace) -> dict[str, Run]:
    """top > a > b > c, and top > d; beside them a run of its own."""
    made: dict[str, Run] = {}
    for name, parent in (("top", None), ("a", "top"), ("b", "a"), ("c", "b"), ("d", "top"), ("other", None)):
        above = made[parent] if parent else None
        made[name] = make.run(workspace, display_name=name, parent=above, run_id=name)
    return made


def found(workspace: Workspace, **asked: str) -> list[str]:
    page = list_runs(workspace, RunFilters(asked).conditions(), viewer=None)
    return sorted(run.public_id for run in page.runs)


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"below": "top"}, ["a", "b", "c", "d"]),
        ({"below": "a"}, ["b", "c"]),
        ({"below": "c"}, []),
        ({"below": "nobody"}, []),
        ({"parent": "top"}, ["a", "d"]),
        ({"filter": "ancestor in ('b', 'other')"}, ["c"]),
        ({"filter": "ancestor = 'top' and not ancestor = 'a'"}, ["a", "d"]),
        ({"filter": "ancestor is null"}, ["other", "top"]),
        ({"below": "top", "q": "c"}, ["c"]),
    ],
)
def test_runs_below_are_found_at_any_depth(
    workspace: Workspace, tree: dict[str, Run], asked: dict[str, str], ids: list[str]
) -> None:
    assert found(workspace, **asked) == ids


def test_runs_of_another_workspace_are_not_below(
    workspace: Workspace, tree: dict[str, Run], stranger
) -> None:
    elsewhere = Workspace.objects.get(name="elsewhere")
    assert found(elsewhere, below="top") == []
