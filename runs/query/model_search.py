"""Logged models as MLflow's clients search them: by the one grammar, in any order, page by page."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, In, IsNull
from django.utils import timezone

from runs.errors import Invalid
from runs.models import LoggedModel, ModelMetric, Workspace
from runs.query.conditions import Context
from runs.query.cursors import OtherOrder, read_cursor, write_cursor
from runs.query.fields import OF_MODELS, Kind, Source
from runs.query.nodes import PATTERNS, Compare, Node, NotFinite, Op, Scalar, comparisons, value_text
from runs.query.text_match import matches
from runs.query.time_limit import limited_time
from runs.query.value_terms import LOOKUPS, NEVER
from runs.query.where import during, joined

_SALT = "models.search"
MOST_SORTS, MOST_DATASETS = 10, 100
_COLUMNS = {
    "name": "name",
    "id": "public_id",
    "type": "model_type",
    "state": "status",
    "source_run": "run__public_id",
    "experiment_number": "of_experiment",
    "created": "created_at",
    "changed": "updated_at",
}
# MLflow's words of a status, beside ours.
_STATUSES = {"FAILED": LoggedModel.UPLOAD_FAILED} | {
    f"LOGGED_MODEL_{each}": each for each in LoggedModel.STATUSES
}


@dataclass(frozen=True)
class OnData:
    """Metrics on a dataset: of that name, and of that digest where one is named."""

    name: str
    digest: str = ""

    def condition(self) -> Q:
        """When a metric is of the dataset."""
        digest = Q(dataset_digest=self.digest) if self.digest else Q()
        return Q(dataset_name=self.name) & digest if self.name else digest


class OtherModels(Invalid):
    """The mark of a page of another question; `part` of it, experiments, filter or order, is not that of now."""

    def __init__(self, part: str) -> None:
        super().__init__(
            f"This page belongs to a question with another part: {part}. Begin at the first page.",
            field="cursor",
        )
        self.part = part


@dataclass(frozen=True)
class ModelSort:
    """One key of an order: an attribute of models, or the last value of a metric, on a dataset where one is named."""

    key: str
    is_metric: bool = False
    is_descending: bool = False
    on: OnData = OnData("")


@dataclass(frozen=True)
class ModelPage:
    """Some models in their order. `next_cursor` is None on the last page."""

    rows: Sequence[LoggedModel]
    next_cursor: str | None


class _Pair(Func):
    """The value of a key in a JSON object of texts; null where the key is missing."""

    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Any key, also one that looks like a number or a path."""
        template = "(SELECT value FROM json_each(%(expressions)s))"
        return super().as_sql(
            compiler, connection, template=template, arg_joiner=") WHERE key = (", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The operator for that."""
        return super().as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" ->> ", **context
        )


def parse_model_sort(name: str, *, descending: bool, on: OnData) -> ModelSort:
    """A key of an order as MLflow names it: an attribute, or `metrics.` and a name. Raises Invalid."""
    entity, dot, key = name.partition(".")
    if dot and entity == "metrics" and key and "\x00" not in key:
        return ModelSort(key, True, descending, on)
    field = None if dot else OF_MODELS.attribute(name)
    if field is None:
        more = ". Only metrics are supported." if dot else ""
        raise Invalid(f"Invalid order by field name: {name[:200]}{more}", field="order_by")
    return ModelSort(field.key, False, descending)


def search_models(
    workspace: Workspace,
    rows: QuerySet[LoggedModel],
    tree: Node | None,
    *,
    datasets: Sequence[OnData] = (),
    order: Sequence[ModelSort] = (),
    cursor: str = "",
    limit: int,
    among: Sequence[int] = (),
) -> ModelPage:
    """A page of those of the models that fulfil the tree. With `datasets`, metrics are those on one of them.

    The newest come first where no order is asked for. `among`: what the rows were chosen by. Raises OtherModels
    for a cursor of another question, and Invalid when it takes too long.
    """
    if len(order) > MOST_SORTS or len(datasets) > MOST_DATASETS:
        raise Invalid(
            f"Models are sorted by at most {MOST_SORTS} keys, and asked for on at most {MOST_DATASETS} datasets.",
            field="order_by",
        )
    asked = {"experiments": sorted(among), "filter": (tree, datasets), "order": order}
    question = {part: _digest(value) for part, value in asked.items()}
    text = ",".join(question.values())
    start = _start(cursor, question) if cursor else 0
    rows = rows.annotate(of_experiment=Cast("experiment__number", TextField()))
    on = reduce(or_, (data.condition() for data in datasets)) if datasets else Q()
    if tree is not None:
        context = Context(workspace, None, timezone.now())
        rows = rows.filter(joined(tree, lambda compare: _condition(compare, on, context)))
    if datasets and not any(node.field.source == Source.METRIC for node in comparisons(tree)):
        rows = rows.filter(Exists(ModelMetric.objects.filter(on, model=OuterRef("pk"))))
    rows = rows.select_related("experiment", "run").order_by(*_ordered(order))
    with limited_time():
        page = list(rows[start : start + limit + 1])
    more = write_cursor(text, start + limit, [], salt=_SALT) if len(page) > limit else None
    return ModelPage(page[:limit], more)


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:16]


def _start(cursor: str, question: Mapping[str, str]) -> int:
    try:
        return read_cursor(cursor, ",".join(question.values()), salt=_SALT)[0]
    except OtherOrder as other:
        was = other.written.split(",")
        parts = (part for part, now in zip(question, was, strict=False) if question[part] != now)
        raise OtherModels(next(parts, "order")) from None


def _ordered(order: Sequence[ModelSort]) -> Iterable[Any]:
    """What was asked for, missing values last; equal ones stand newest first, then by their ids."""
    ties = [ModelSort("created", is_descending=True), ModelSort("id")]
    seen: set[tuple[str, bool, OnData]] = set()
    for sort in (*order, *ties):
        if (sort.key, sort.is_metric, sort.on) in seen:
            continue
        seen.add((sort.key, sort.is_metric, sort.on))
        term: Any = _last(sort) if sort.is_metric else F(_COLUMNS[sort.key])
        yield term.desc(nulls_last=True) if sort.is_descending else term.asc(nulls_last=True)


def _last(sort: ModelSort) -> Any:
    rows = ModelMetric.objects.filter(sort.on.condition(), model=OuterRef("pk"), name__text=sort.key)
    return Subquery(rows.order_by("-time", "-step", "run_id").values("value")[:1])


def _condition(node: Compare, on: Q, context: Context) -> Q:
    """When a model fulfils the comparison: true or false, never null, so that `not` is exact."""
    if node.field.source == Source.METRIC:
        return _of_metric(node, on)
    if node.field.source == Source.ATTRIBUTE:
        return _of_attribute(node, context)
    column = "tags" if node.field.source == Source.TAG else "params"
    return _of_text(_Pair(F(column), Value(node.field.key)), node)


def _of_metric(node: Compare, on: Q) -> Q:
    rows = ModelMetric.objects.filter(on, model=OuterRef("pk"), name__text=node.field.key)
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return ~Q(Exists(rows)) if node.op is Op.IS_NULL else Q(Exists(rows))
    equal = reduce(or_, (_number(Op.EQ, value) for value in node.values))
    if node.op in (Op.NE, Op.NOT_IN):
        return Q(Exists(rows.exclude(equal).filter(value__isnull=False)))
    return Q(Exists(rows.filter(equal if node.op in (Op.EQ, Op.IN) else _number(node.op, node.values[0]))))


def _number(op: Op, value: Scalar) -> Q:
    if value is NotFinite.NAN:
        return Q(value__isnull=True) if op is Op.EQ else NEVER
    return Q(LOOKUPS[op](F("value"), float(str(value))))


def _of_attribute(node: Compare, context: Context) -> Q:
    column = _COLUMNS[node.field.key]
    if node.field.kind != Kind.TIME:
        return _of_text(F(column), node)
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return NEVER if node.op is Op.IS_NULL else ~NEVER
    return during(column, node, context)


def _of_text(term: Any, node: Compare) -> Q:
    is_empty_missing = node.field.source == Source.ATTRIBUTE
    present = Q(IsNull(term, False)) & (~Q(Exact(term, Value(""))) if is_empty_missing else Q())
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return ~present if node.op is Op.IS_NULL else present
    if node.op in PATTERNS:
        return present & Q(matches(term, node.op, str(node.value)))
    is_one = Q(In(term, sorted({text for value in node.values for text in _texts(node, value)})))
    return present & (~is_one if node.op in (Op.NE, Op.NOT_IN) else is_one)


def _texts(node: Compare, value: Scalar) -> set[str]:
    """How the value is written among those of the field; a number is written in several ways."""
    if node.op not in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN):
        raise Invalid(
            f"{node.field} of a model is text: it is compared by =, !=, IN, LIKE or ILIKE.", field="filter"
        )
    if isinstance(value, float):
        return {value_text(value), str(value)}
    return {_STATUSES.get(str(value), str(value))} if node.field.key == "state" else {str(value)}
