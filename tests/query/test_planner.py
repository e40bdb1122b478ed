"""Whatever the plan, the answer is that of the definition; and every page walk meets each run exactly once."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.models import User, Workspace
from runs.query.columns import parse_columns, parse_sort
from runs.query.conditions import Conditions
from runs.query.counts import count_runs, status_counts, which_find
from runs.query.grammar import parse
from runs.query.nodes import Node, Not, all_of, any_of, to_text
from runs.query.planner import plan_again
from runs.query.runs import list_runs, page_of, plan_runs, run_ids
from tests.query.definition import holds
from tests.query.sample import LONG, NOW, Samples, fill

LEAVES = [
    "status = 'Failed'", "status != 'Failed'", "status in ('Running', 'Queued')", "status = 'RUNNING'",
    "status like 'C%'", "status ilike '%ed'",
    "experiment = 'digits'", "experiment != 'digits'", "experiment ilike 'HÉ%'", "experiment = 'none'",
    "target = 'gpu'", "target != 'gpu'", "target is null", "type = 'sweep'", "type is not null",
    "created_by = 'ada'", "created_by != 'ada'", "created_by is null", "created_by like 'a%'",
    "parent is null", "parent = 'run_1'", "parent != 'run_1'", "ancestor is null", "ancestor = 'run_1'",
    "ancestor != 'run_1'", "ancestor like 'run_%'", "id in ('run_3', 'run_4', 'none')", "id != 'run_3'",
    "name = 'bert large'", "name like '50%%'", "name like '50^%'", "name contains '50%'", "name contains 'ÜNDER'",
    "name ilike 'ü%'", "name like 'Ü%'", "name like 'B%'", "name ilike '%R_W%'", "name contains '[*?'",
    "description contains 'ÜBER'", "description is null", "description ilike '%team'",
    "number < 10", "number <= 10.5", "number > 3.5", "number in (1, 2, 3.5)", "number >= 1e300", "number != 7",
    "created > -2d", "created <= 2026-11-22", "created = 2026-11-23", "created != 2026-11-23",
    "started is null", "started > 2026-11-23", "ended is not null", "ended < -1h",
    "duration > 4m", "duration = 5m", "duration <= 90m", "duration != 5m", "duration is null", "duration < 2d",
    "starred = true", "starred != true", "archived = true", "archived = false", "archived is null",
    "tags.team = 'vision'", "tags.team != 'vision'", "tags.team is null", "tags.team is not null",
    "tags.team in ('vision', 'text', '')", "tags.team not in ('vision')", "tags.team like 'a_b'",
    "tags.team like '100%'", "tags.team ilike 'VISION'", "tags.team contains '_'", "tags.team contains 'ÉC'",
    "tags.team like 'éc%'", "tags.team ilike 'éC%'", "tags.fold = ''", f"tags.fold = '{LONG}'",
    f"tags.fold = '{LONG}more'", "tags.fold like '%more'", "tags.none = '1'", "tags.none != '1'", "tags.none is null",
    "tags.team = \"it's\"",
    "properties.commit = 'a1'", "properties.commit != 'a1'", "properties.commit is null",
    "params.lr = 0.1", "params.lr = '0.1'", "params.lr != 0.1", "params.lr < 0.1", "params.lr >= -5",
    "params.lr in (0.1, 'adam')", "params.lr not in ('adam')", "params.opt like 'a%'", "params.opt is null",
    "metrics.loss < 0.5", "metrics.loss <= 0.5", "metrics.loss > -1e9", "metrics.loss = 0.125", "metrics.loss != 1",
    "metrics.loss = NaN", "metrics.loss != NaN", "metrics.loss = Infinity", "metrics.loss < Infinity",
    "metrics.loss > -Infinity", "metrics.loss < NaN", "metrics.loss is null", "metrics.loss is not null",
    "metrics.loss in (0.5, NaN)", "metrics.acc not in (0.5, NaN)", "metrics.none != 1", "metrics.none is null",
    "metrics.loss.min < 0.2", "metrics.loss.max >= 0.5", "metrics.loss.first = 0.5", "metrics.loss.mean > 0",
    "metrics.loss.mean is null", "metrics.acc.count >= 2", "metrics.acc.count = 1.5", "metrics.acc.first != 1",
]  # fmt: skip

trees = st.recursive(
    st.sampled_from(LEAVES).map(parse),
    lambda node: st.one_of(
        node.map(Not),
        st.lists(node, min_size=2, max_size=3).map(all_of),
        st.lists(node, min_size=2, max_size=3).map(any_of),
    ),
    max_leaves=5,
)
SORTS = [
    "", "created", "-metrics.loss", "metrics.loss", "metrics.loss.min", "-metrics.loss.mean", "metrics.acc.count",
    "params.lr", "-params.lr", "tags.team", "-tags.fold", "properties.commit", "metrics.none", "-duration",
    "started", "-ended", "name", "-name", "number", "-status", "created_by", "-parent", "children", "target",
    "tags.team,-metrics.loss", "-params.lr,name", "experiment,-created", "-duration,metrics.acc", "metrics.none,name",
]  # fmt: skip
property_test = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def samples(workspace: Workspace, owner: User) -> Iterator[Samples]:
    """The awkward workspace, and another whose runs must never appear."""
    from tests import make

    zoe = make.user("zoe")
    fill(make.workspace("far-away", owner=zoe), zoe, runs=5, seed=2, prefix="other")
    with time_machine.travel(NOW, tick=False):
        yield fill(workspace, owner)


def few(cap: int, sample: int = 1000) -> Any:
    """Make so many runs count as few: 0 walks always, many fetches always. A small sample makes it look twice."""
    return patch.multiple("runs.query.planner", FEW=cap, SAMPLE=sample)


def expected(samples: Samples, tree: Node | None) -> set[str]:
    return {s.run.public_id for s in samples if s.run.deleted_at is None and holds(tree, s)}


def everything(tree: Node | None, **more: Any) -> Conditions:
    """The conditions without the switches of the list: children and the archive too."""
    return Conditions(tree, include_children=True, **more)


def all_archives(tree: Node | None) -> Node | None:
    return all_of([tree, parse("archived = true or archived = false")])


@property_test
@given(tree=trees, cap=st.sampled_from([0, 2, 5000]), sample=st.sampled_from([3, 1000]))
def test_the_answer_is_that_of_the_definition(
    samples: Samples, workspace: Workspace, owner: User, tree: Node, cap: int, sample: int
) -> None:
    with few(cap, sample):
        plan = plan_runs(workspace, everything(all_archives(tree)), viewer=owner)
    found = {run.public_id for run in plan.runs()}
    assert found == expected(samples, tree), to_text(tree)


@property_test
@given(tree=trees, other=trees, cap=st.sampled_from([0, 2, 5000]), sample=st.sampled_from([3, 1000]))
def test_a_plan_again_without_a_condition_is_that_of_the_definition(
    samples: Samples, workspace: Workspace, owner: User, tree: Node, other: Node, cap: int, sample: int
) -> None:
    both = all_archives(all_of([tree, other]))
    with few(cap, sample):
        plan = plan_runs(workspace, everything(both), viewer=owner)
        again = plan_again(plan, everything(all_archives(tree)))
    assert {run.public_id for run in again.runs()} == expected(samples, tree), to_text(tree)
    assert which_find([again]) == [bool(expected(samples, tree))]


@pytest.mark.parametrize("cap", [0, 5000])
def test_every_single_comparison_means_what_it_says(
    samples: Samples, workspace: Workspace, owner: User, cap: int
) -> None:
    with few(cap):
        for text in LEAVES:
            tree = parse(text)
            for node in (tree, Not(tree), Not(Not(tree))):
                plan = plan_runs(workspace, everything(all_archives(node)), viewer=owner)
                assert {run.public_id for run in plan.runs()} == expected(samples, node), to_text(node)


@property_test
@given(
    tree=st.one_of(st.none(), trees), sort=st.sampled_from(SORTS), limit=st.integers(3, 30), data=st.data()
)
def test_a_walk_through_the_pages_meets_each_run_once(
    samples: Samples,
    workspace: Workspace,
    owner: User,
    tree: Node | None,
    sort: str,
    limit: int,
    data: st.DataObject,
) -> None:
    met: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        with few(data.draw(st.sampled_from([0, 5000]))):  # the plan may change from page to page
            page = list_runs(
                workspace,
                everything(all_archives(tree)),
                viewer=owner,
                sort=parse_sort(sort),
                cursor=cursor,
                limit=limit,
            )
        met += [run.public_id for run in page.runs]
        assert page.next_cursor is None or len(page.rows) == limit
        cursor = page.next_cursor
    assert len(met) == len(set(met))
    assert set(met) == expected(samples, tree)


def test_both_plans_give_the_same_order(samples: Samples, workspace: Workspace, owner: User) -> None:
    conditions = everything(parse("status != 'Queued' and tags.team is not null"))
    for sort in SORTS:
        orders = []
        for cap in (0, 5000):
            with few(cap):
                page = list_runs(workspace, conditions, viewer=owner, sort=parse_sort(sort), limit=100)
            orders.append([run.public_id for run in page.runs])
        assert orders[0] == orders[1] != [], sort


@pytest.mark.parametrize(("sort", "value"), [("metrics.loss", "metrics.loss"), ("params.lr", "params.lr")])
@pytest.mark.parametrize("sign", ["", "-"])
def test_runs_without_a_number_come_last_in_both_directions(
    samples: Samples, workspace: Workspace, owner: User, sort: str, value: str, sign: str
) -> None:
    page = list_runs(
        workspace,
        everything(None),
        viewer=owner,
        sort=parse_sort(sign + sort),
        columns=parse_columns(value),
        limit=100,
    )
    cells = [row.cells.get(value) for row in page.rows]
    numbers = [isinstance(cell, float) or (isinstance(cell, str) and _is_number(cell)) for cell in cells]
    assert numbers == sorted(numbers, reverse=True)
    values = [float(str(cell)) for cell, is_number in zip(cells, numbers, strict=True) if is_number]
    assert values == sorted(values, reverse=bool(sign))


def _is_number(text: str) -> bool:
    try:
        return float(text) * 0 == 0
    except ValueError:
        return False


@property_test
@given(tree=trees, cap=st.sampled_from([0, 5000]))
def test_counts_and_counters_agree_with_the_list(
    samples: Samples, workspace: Workspace, owner: User, tree: Node, cap: int
) -> None:
    with few(cap):
        plan = plan_runs(workspace, everything(all_archives(tree)), viewer=owner)
    number = len(expected(samples, tree))
    count = count_runs(plan)
    counters = status_counts(plan)
    assert count is not None and (count.number, count.is_more) == (number, False)
    assert counters is not None and sum(c.number for c in counters.values()) == number
    assert len(run_ids(plan, most=1000)) == number


def test_a_count_past_the_cap_says_so(samples: Samples, workspace: Workspace, owner: User) -> None:
    plan = plan_runs(workspace, everything(None), viewer=owner)
    assert str(count_runs(plan, cap=10)) == "10+"
    counters = status_counts(plan, cap=2)
    assert counters is not None and {str(count) for count in counters.values()} == {"2+"}


@pytest.mark.parametrize("text", ["", "tags.team is not null", "status != 'Failed'"])
def test_counters_of_the_archive_take_one_walk(
    samples: Samples, workspace: Workspace, owner: User, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    tree = parse(text)
    with few(0):
        plan = plan_runs(workspace, everything(tree, archived=True), viewer=owner)
    true = Counter(
        s.run.status for s in samples if s.run.archived_at and s.run.deleted_at is None and holds(tree, s)
    )
    counters = status_counts(plan)
    assert counters is not None and {str(k): v.number for k, v in counters.items() if v.number} == true
    assert not any(count.is_more for count in counters.values())
    monkeypatch.setattr("runs.query.counts.LOOKED_AT", 2)
    capped = status_counts(plan)
    assert capped is not None and all(count.is_more for count in capped.values())
    assert sum(count.number for count in capped.values()) <= 2


@pytest.mark.parametrize("cap", [0, 5000])
def test_children_the_archive_and_the_trash_are_left_out_unless_asked_for(
    samples: Samples, workspace: Workspace, owner: User, cap: int
) -> None:
    def ids(conditions: Conditions) -> set[str]:
        with few(cap):
            return {run.public_id for run in list_runs(workspace, conditions, viewer=owner, limit=500).runs}

    live = [s for s in samples if s.run.deleted_at is None]
    current = [s for s in live if s.run.archived_at is None]
    assert ids(Conditions()) == {s.run.public_id for s in current if s.run.parent_id is None}
    assert ids(Conditions(include_children=True)) == {s.run.public_id for s in current}
    archived = {s.run.public_id for s in live if s.run.archived_at is not None}
    assert ids(Conditions(include_children=True, archived=True)) == archived
    assert ids(Conditions(mine=True, include_children=True)) == {
        s.run.public_id for s in current if s.run.created_by_id == owner.pk
    }
    parent = next(s.run.parent for s in current if s.run.parent_id)
    assert ids(Conditions(parse(f"parent = '{parent.public_id}'"))) == {
        s.run.public_id for s in current if s.run.parent_id == parent.pk
    }


def test_a_filter_never_reaches_another_workspace(
    samples: Samples, workspace: Workspace, stranger: User
) -> None:
    own = {sample.run.pk for sample in samples}
    for text in [
        "tags.team is not null or tags.team is null",
        "not id = 'x'",
        "archived = true or archived = false",
    ]:
        for cap in (0, 5000):
            with few(cap):
                found = set(
                    plan_runs(workspace, everything(parse(text)), viewer=stranger)
                    .runs()
                    .values_list("pk", flat=True)
                )
            assert found <= own


def test_an_experiment_narrows_the_list_by_its_index(
    samples: Samples, workspace: Workspace, owner: User
) -> None:
    experiment = samples[0].run.experiment
    for sort in ("", "-metrics.loss", "tags.team"):
        for cap in (0, 5000):
            with few(cap):
                plan = plan_runs(
                    workspace, everything(parse("tags.team is not null")), viewer=owner, experiment=experiment
                )
                page = page_of(plan, sort=parse_sort(sort), limit=100)
            assert {run.experiment_id for run in page.runs} == {experiment.pk}
            assert len(page.runs) == sum(
                s.run.experiment_id == experiment.pk
                and s.run.deleted_at is None
                and s.run.archived_at is None
                and "team" in s.tags
                for s in samples
            )


@pytest.mark.parametrize("word", ["and", "or"])
@pytest.mark.parametrize("cap", [0, 5000])
def test_as_many_conditions_as_a_filter_may_have_are_answered(
    samples: Samples, workspace: Workspace, owner: User, word: str, cap: int
) -> None:
    text = f" {word} ".join(f"tags.team != 'x{n}'" for n in range(49)) + f" {word} name contains 'a'"
    with few(cap):
        page = list_runs(workspace, everything(all_archives(parse(text))), viewer=owner, limit=100)
    assert {run.public_id for run in page.runs} == expected(samples, parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "tags.team like 'v%'",
        "metrics.loss.mean > 0",
        "tags.team = 'vision'",
        "status = 'Failed' and tags.fold != 'x'",
    ],
)
def test_where_the_newest_hold_few_of_them_the_rarest_term_finds_them(
    samples: Samples, workspace: Workspace, owner: User, text: str
) -> None:
    for sort in SORTS:
        with few(0), patch("runs.query.planner.SAMPLE", 1):  # one run is not all there is: a walk may be long
            plan = plan_runs(workspace, everything(parse(text)), viewer=owner, sort=parse_sort(sort))
            page = page_of(plan, sort=parse_sort(sort), limit=100)
        walked = list_runs(workspace, everything(parse(text)), viewer=owner, sort=parse_sort(sort), limit=100)
        assert [run.pk for run in page.runs] == [run.pk for run in walked.runs] != []


def test_counters_of_many_runs_say_how_many_were_seen_at_least(
    samples: Samples, workspace: Workspace, owner: User
) -> None:
    conditions = everything(all_archives(parse("tags.team is not null")))
    with few(0):
        plan = plan_runs(workspace, conditions, viewer=owner)
    exact = status_counts(plan)
    capped = status_counts(plan, cap=3)
    assert exact is not None and capped is not None and not any(count.is_more for count in exact.values())
    # A status none of those seen is in is told as "0+": it may be behind them.
    assert set(exact) <= set(capped)
    for status, count in capped.items():
        true = exact[status].number if status in exact else 0
        assert count.is_more and count.number <= min(3, true)
