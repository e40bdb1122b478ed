"""Pages of runs: their cells, their cursors, and the number of queries they take."""

from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.errors import Invalid
from runs.models import Run, User, Workspace
from runs.query.columns import parse_columns, parse_sort
from runs.query.conditions import Conditions
from runs.query.grammar import parse
from runs.query.runs import list_runs, page_of, plan_runs
from runs.query.time_limit import limited_time
from tests import make

COLUMNS = (
    "name,status,experiment,tags,created,created_by,parent,"
    "tags.team,params.lr,metrics.loss,metrics.loss.min,properties.p"
)


def selects(captured: CaptureQueriesContext) -> int:
    """How many reads there were."""
    return len(make.reads_of(captured.captured_queries))


def some_runs(workspace: Workspace, n: int) -> list[Run]:
    return [
        make.run(
            workspace,
            metrics={"loss": [1.0 / (k + 1), 0.5], "acc": float(k)},
            tags={"team": "vision", f"tag{k}": None},
            params={"lr": str(k)},
            properties={"p": "x"},
        )
        for k in range(n)
    ]


@pytest.mark.parametrize("sort", ["", "-metrics.acc", "params.lr,-created"])
@pytest.mark.parametrize("text", ["", "tags.team = 'vision' and metrics.acc >= 0 and params.lr is not null"])
def test_a_page_takes_as_many_queries_for_many_runs_as_for_few(
    workspace: Workspace, owner: User, sort: str, text: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            plan = plan_runs(workspace, Conditions(parse(text)), viewer=owner, sort=parse_sort(sort))
            page = page_of(plan, sort=parse_sort(sort), columns=parse_columns(COLUMNS), limit=3)
            for row in page.rows:  # what a page shows of each run and its neighbours is there already
                assert row.run.experiment.name and row.run.created_by and row.run.created_by.username
                assert row.run.parent is None or row.run.parent.display_name
        return selects(captured)

    some_runs(workspace, 4)  # a full page and one more
    queries()  # the size of the workspace is asked for once a minute
    few = queries()
    some_runs(workspace, 6)
    assert queries() == few <= 7


def test_cells_are_by_column_and_missing_values_have_none(workspace: Workspace, owner: User) -> None:
    make.run(
        workspace,
        metrics={"loss": [0.5, 0.25], "acc": float("nan"), "note": "fine"},
        tags={"team": "x" * 300, "flag": None},
        params={"lr": "0.1"},
    )
    columns = parse_columns(
        "tags,tags.team,params.lr,params.none,metrics.loss,metrics.loss.mean,metrics.loss.count,metrics.acc,metrics.acc.min,metrics.note"
    )
    (row,) = list_runs(workspace, viewer=owner, columns=columns).rows
    assert row.cells == {
        "tags.team": "x" * 300,
        "params.lr": "0.1",
        "metrics.loss": 0.25,
        "metrics.loss.mean": 0.375,
        "metrics.loss.count": 2,
        "metrics.acc": "NaN",
        "metrics.note": "fine",
    }
    assert row.tags == {"flag": None, "team": "x" * 300}


def test_the_newest_come_first_and_pages_follow(workspace: Workspace, owner: User) -> None:
    made = [run.public_id for run in some_runs(workspace, 5)]
    first = list_runs(workspace, viewer=owner, limit=3)
    second = list_runs(workspace, viewer=owner, limit=3, cursor=first.next_cursor or "")
    assert [run.public_id for run in first.runs + second.runs] == made[::-1]
    assert second.next_cursor is None


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c + "a", lambda c: "x", lambda c: "é", lambda c: "a" * 5000]
)
def test_a_cursor_that_is_not_ours_is_refused(workspace: Workspace, owner: User, change: object) -> None:
    some_runs(workspace, 2)
    cursor = list_runs(workspace, viewer=owner, limit=1).next_cursor
    with pytest.raises(Invalid) as refusal:
        list_runs(workspace, viewer=owner, limit=1, cursor=change(cursor))  # type: ignore[operator]
    assert refusal.value.field == "cursor"


def test_a_cursor_of_another_order_is_refused(workspace: Workspace, owner: User) -> None:
    some_runs(workspace, 2)
    cursor = list_runs(workspace, viewer=owner, limit=1).next_cursor or ""
    with pytest.raises(Invalid, match="another order"):
        list_runs(workspace, viewer=owner, limit=1, cursor=cursor, sort=parse_sort("name"))


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_size(workspace: Workspace, owner: User, limit: int) -> None:
    with pytest.raises(Invalid, match="1 to 1,000"):
        list_runs(workspace, viewer=owner, limit=limit)


def test_a_read_that_takes_too_long_is_broken_off_with_advice(workspace: Workspace) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(Invalid, match="Narrow the filter"), limited_time(0.05), connection.cursor() as cursor:
        cursor.execute(endless)
    assert Workspace.objects.count() == 1  # and the connection is as good as before


def test_an_error_that_is_no_timeout_stays_itself(workspace: Workspace) -> None:
    from django.db import OperationalError

    with pytest.raises(OperationalError), limited_time():
        raise OperationalError("the disk is full")


def test_a_page_that_takes_too_long_says_narrow_the_filter(workspace: Workspace, owner: User) -> None:
    some_runs(workspace, 1)
    with patch("runs.query.time_limit.LIMIT_S", 0), patch("runs.query.time_limit._STEPS", 1):
        if connection.vendor == "sqlite":
            with pytest.raises(Invalid, match="Narrow the filter"), limited_time(0):
                list(Run.objects.all())
