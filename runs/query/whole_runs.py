"""Runs with everything they were given, many at once and as plain values: what other programs are handed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from runs.errors import Invalid
from runs.models import Experiment, Metric, Name, Param, Run, Tag, User, Workspace
from runs.prepared import PreparedRows, rows_of_each
from runs.query.columns import BUILT_IN, MOST_SORTS, Sort, as_column, sort_text
from runs.query.conditions import Conditions
from runs.query.cursors import read_cursor, write_cursor
from runs.query.expressions import is_one_of
from runs.query.fields import Field, Source
from runs.query.nodes import Compare, Op, all_of
from runs.query.order_keys import parse_order_key
from runs.query.run_inputs import READ, USED, Uses, uses_from
from runs.query.runs import BATCHES_S, plan_runs
from runs.query.sorts import legs
from runs.query.time_limit import limited_time
from runs.query.walks import walk

_SALT = "runs.whole"
READ_TOGETHER = 5000
# Equal runs stand in this order, and all of them where none is asked for.
_TIES = (
    Sort(BUILT_IN["started"], is_descending=True, as_mlflow=True),
    Sort(BUILT_IN["id"], as_mlflow=True),
)


# The last point of a metric as it is read: run, name, value, text where that is no finite number, step, time.
Last = tuple[int, int, float | None, str | None, int, int]


class Facts(NamedTuple):
    """The attributes of a run, in the order in which they are read."""

    pk: int
    id: str
    name: str
    description: str
    status: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deleted_at: datetime | None
    experiment: int
    user: str | None
    parent: str | None


_COLUMNS = (
    "pk",
    "public_id",
    "display_name",
    "description",
    "status",
    "created_at",
    "started_at",
    "ended_at",
    "deleted_at",
    "experiment__number",
    "created_by__username",
    "parent__public_id",
)

_TEXTS = ("run_id", "name_id", "value", "full")
_RUNS = PreparedRows(lambda some: Run.objects.filter(is_one_of(some)).values_list(*_COLUMNS).order_by(), list)
_METRICS = PreparedRows(
    lambda runs: (
        Metric.objects.filter(is_one_of(runs, "run_id"), count__gt=0)
        .values_list("run_id", "name_id", "last", "last_text", "last_step", "last_time")
        .order_by()
    ),
    list,
)
_PARAMS, _TAGS = (
    PreparedRows(
        lambda runs, model=model: (
            model.objects.filter(is_one_of(runs, "run_id")).values_list(*_TEXTS).order_by()
        ),
        list,
    )
    for model in (Param, Tag)
)
_NAMES = PreparedRows(lambda some: Name.objects.filter(is_one_of(some)).values_list("pk", "text"), list)


@dataclass
class WholeRun:
    """A run with its last metrics, its parameters and its tags by name, and with what it read and made."""

    facts: Facts
    metrics: dict[str, Last] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    uses: Uses | None = None


@dataclass(frozen=True)
class WholePage:
    """Some runs in their order. `next_cursor` is None on the last page."""

    runs: list[WholeRun]
    next_cursor: str | None


def whole_runs(numbers: Sequence[int]) -> list[WholeRun]:
    """These runs in this order; one that is not there any more is left out. Eight queries for each few thousand."""
    found: dict[int, WholeRun] = {}
    for start in range(0, len(numbers), READ_TOGETHER):
        found |= _read(numbers[start : start + READ_TOGETHER])
    return [found[number] for number in numbers if number in found]


def _read(numbers: Sequence[int]) -> dict[int, WholeRun]:
    answers = rows_of_each((_RUNS, _METRICS, _PARAMS, _TAGS, READ, USED), numbers)
    found = {row[0]: WholeRun(Facts(*row)) for row in next(answers)}
    metrics, params, tags, read, used = answers
    names = _names({row[1] for rows in (metrics, params, tags) for row in rows})
    # What came to be between two of the reads belongs to no run that was found.
    for row in metrics:
        if row[0] in found:
            found[row[0]].metrics[names[row[1]]] = row
    for run, name, value, full in params:
        if run in found:
            found[run].params[names[name]] = (value if full is None else full) or ""
    for run, name, value, full in tags:
        if run in found:
            found[run].tags[names[name]] = (value if full is None else full) or ""
    for run, uses in uses_from(read, used).items():
        if run in found:
            found[run].uses = uses
    return found


def _names(wanted: set[int]) -> dict[int, str]:
    names: dict[int, str] = {}
    numbers: Iterator[int] = iter(wanted)
    while some := list(islice(numbers, READ_TOGETHER)):
        names |= dict(_NAMES.all(some))
    return names


def parse_order(keys: Iterable[str]) -> tuple[Sort, ...]:
    """An order as MLflow writes it, `metrics.acc DESC` and the like; newest first for none. Raises Invalid."""
    found: dict[str, Sort] = {}
    for text in keys:
        key, falls = parse_order_key(text)
        column = as_column(key)
        if column.key == "artifact_uri":  # which ends in the id
            column = BUILT_IN["id"]
        if not column.is_sortable:
            raise Invalid(f"Runs cannot be sorted by {column.key}.", field="order_by")
        found.setdefault(column.key, Sort(column, falls, as_mlflow=True))
    if len(found) > MOST_SORTS:
        raise Invalid(f"Runs are sorted by at most {MOST_SORTS} keys.", field="order_by")
    for tie in _TIES:
        found.setdefault(tie.column.key, tie)
    return tuple(found.values())


def search_whole_runs(
    workspace: Workspace,
    experiments: Sequence[Experiment],
    conditions: Conditions,
    *,
    viewer: User,
    sort: Sequence[Sort],
    cursor: str = "",
    limit: int,
) -> WholePage:
    """A page of the runs of these experiments that fulfil the conditions, children and the archive included.

    Raises Invalid for a cursor of another order, and when it takes over ten seconds.
    """
    order = sort_text(sort)
    start = read_cursor(cursor, order, salt=_SALT) if cursor else (0, None)
    if not experiments:
        return WholePage([], None)
    one = experiments[0] if len(experiments) == 1 else None
    # Of all experiments there is nothing to ask: each would be looked for in their list.
    if one is None and Experiment.objects.filter(workspace=workspace).count() != len(experiments):
        inside = Compare(
            Field(Source.ATTRIBUTE, "experiment"), Op.IN, tuple(each.name for each in experiments)
        )
        conditions = replace(conditions, tree=all_of([inside, conditions.tree]))
    conditions = replace(conditions, include_children=True, with_archive=True)
    with limited_time(BATCHES_S):
        plan = plan_runs(workspace, conditions, viewer=viewer, experiment=one, sort=sort, wanted=limit)
        found = walk([*legs(plan, sort)], start, limit + 1)
        whole = whole_runs([row.number for row in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    return WholePage(whole, write_cursor(order, *last.where(), salt=_SALT) if last else None)
