"""What a state speaks of that the workspace has not, or has not any more."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from runs.errors import Invalid
from runs.models import Experiment, Kind, Metric, Name, Param, Property, Run, Tag, Workspace
from runs.query.charts import parse_chart
from runs.query.columns import parse_columns, parse_sort
from runs.query.conditions import KINDS
from runs.query.fields import Field, Source
from runs.query.filters import RunFilters
from runs.query.nodes import Op, comparisons
from runs.query.page_state import State, state_query

_EXPERIMENT, _RUN = -1, -2
_WORDS = {Kind.TAG: "tag", Kind.PROPERTY: "property", Kind.PARAM: "parameter", Kind.METRIC: "metric"}
_VALUES: dict[Kind, Any] = {Kind.TAG: Tag, Kind.PROPERTY: Property, Kind.PARAM: Param, Kind.METRIC: Metric}
MOST_CHECKED = 200


def missing_in(workspace: Workspace, state: State) -> list[str]:
    """What the state names and no run has, in words such as "the tag 'team'": one query, or none."""
    wanted = list(dict.fromkeys(_named(state)))[:MOST_CHECKED]
    if not wanted:
        return []
    present = set(_present(workspace, wanted))
    gone = [each for each in wanted if each not in present]
    words = [
        f"the experiment {text!r}" if kind == _EXPERIMENT else f"the {_WORDS[Kind(kind)]} {text!r}"
        for kind, text in gone
        if kind != _RUN
    ]
    runs = sum(kind == _RUN for kind, _ in gone)
    if runs:
        words.append("1 selected run" if runs == 1 else f"{runs:,} selected runs")
    return words


def _named(state: State) -> Iterator[tuple[int, str]]:
    """The kinds and texts of all that the state names."""
    for field in _fields(state):
        if field.source in KINDS:
            yield KINDS[field.source].value, field.key
    for name in _experiments(state):
        yield _EXPERIMENT, name
    for public_id in state.get("selected", []):
        yield _RUN, public_id


def _fields(state: State) -> Iterator[Field]:
    try:
        columns = parse_columns(",".join(state["columns"])) if "columns" in state else ()
        yield from (column.field for column in columns if column.field is not None)
        keys = parse_sort(",".join(state.get("sort", [])))
        yield from (key.column.field for key in keys if key.column.field is not None)
        yield from (compared.field for compared in _comparisons(state))
        for text in state.get("group", []):
            yield from (column.field for column in parse_columns(text) if column.field is not None)
        for text in state.get("chart", []):
            chart = parse_chart(text)
            yield from (*chart.fields, *((chart.by,) if chart.by else ()))
    except Invalid:
        return  # the list itself says what is wrong


def _experiments(state: State) -> Iterator[str]:
    try:
        for compared in _comparisons(state):
            if compared.field == Field(Source.ATTRIBUTE, "experiment") and compared.op in (Op.EQ, Op.IN):
                yield from (str(value) for value in compared.values)
    except Invalid:
        return


def _comparisons(state: State) -> Iterator[Any]:
    return comparisons(RunFilters(state_query(state)).conditions().tree)


def _present(workspace: Workspace, wanted: Iterable[tuple[int, str]]) -> QuerySet[Any, Any]:
    texts: dict[int, list[str]] = {}
    for kind, text in wanted:
        texts.setdefault(kind, []).append(text)
    parts: list[QuerySet[Any, Any]] = []
    kinds = [Kind(kind) for kind in texts if kind > 0]
    if kinds:
        # A name stays when the last value of it has gone.
        held = (
            Q(kind=kind, text__in=texts[kind.value])
            & Q(Exists(_VALUES[kind].objects.filter(name=OuterRef("pk"))))
            for kind in kinds
        )
        parts.append(Name.objects.filter(reduce(or_, held), workspace=workspace).values_list("kind", "text"))
    for kind, model, column in ((_EXPERIMENT, Experiment, "name"), (_RUN, Run, "public_id")):
        if kind in texts:
            rows: Any = model._default_manager.filter(workspace=workspace, deleted_at=None)
            rows = rows.filter(**{f"{column}__in": texts[kind]}).order_by()
            parts.append(rows.values_list(Value(kind), column))
    return parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
