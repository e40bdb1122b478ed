"""What a state speaks of that the workspace has not, or has not any more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

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
    wanted = named_in(state)
    if not wanted:
        return []
    here = Workspace.objects.filter(pk=workspace.pk).annotate(**presence(workspace, wanted))
    return missing_words(wanted, here.values(*presence_names(wanted)).get())


def named_in(state: State) -> list[tuple[int, str]]:
    """The kinds and texts of what the state names."""
    return list(dict.fromkeys(_named(state)))[:MOST_CHECKED]


def presence_names(wanted: Sequence[tuple[int, str]]) -> list[str]:
    """What `presence` calls its answers, in the order of what is wanted."""
    return [f"has_{place}" for place in range(len(wanted))]


def presence(workspace: Workspace, wanted: Sequence[tuple[int, str]]) -> dict[str, Exists]:
    """For each whether it is there, as annotations of any row: what is read anyhow answers it."""
    found = (_holders(workspace, kind, text) for kind, text in wanted)
    return dict(zip(presence_names(wanted), map(Exists, found), strict=True))


def missing_words(wanted: Sequence[tuple[int, str]], present: Mapping[str, Any]) -> list[str]:
    """What is wanted and not there, in words."""
    gone = [each for each, name in zip(wanted, presence_names(wanted), strict=True) if not present[name]]
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


def _holders(workspace: Workspace, kind: int, text: str) -> QuerySet[Any]:
    """What shows that it is there. A name stays when the last value of it has gone."""
    if kind == _EXPERIMENT:
        return Experiment.objects.filter(workspace=workspace, deleted_at=None, name=text)
    if kind == _RUN:
        return Run.objects.filter(workspace=workspace, deleted_at=None, public_id=text)
    # The name first: the planner of PostgreSQL would look through the values otherwise.
    values = _VALUES[Kind(kind)].objects.filter(name=OuterRef("pk"))
    return Name.objects.filter(Exists(values), workspace=workspace, kind=kind, text=text)
