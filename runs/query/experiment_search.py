"""Experiments as MLflow's clients search them: by the one grammar, in any order, page by page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from runs.models import Experiment, ExperimentTag, Workspace
from runs.models.experiment import DEFAULT_EXPERIMENT
from runs.query.conditions import Context
from runs.query.cursors import read_cursor, write_cursor
from runs.query.fields import OF_EXPERIMENTS, Kind, Source
from runs.query.nodes import PATTERNS, Compare, Node, Op
from runs.query.order_keys import parse_order_key, unsortable
from runs.query.text_match import matches
from runs.query.time_limit import limited_time
from runs.query.value_terms import NEVER
from runs.query.where import during, joined

_SALT = "experiments.search"
READ_TOGETHER = 5000
_ORDERS = {"name": "of_name", "created": "of_created", "changed": "of_changed", "id": "of_number"}
_FACTS = ("pk", "number", "name", "created", "changed")
# What a condition speaks of: an experiment that there is, and the default one where it is still to come.
_MADE: dict[str, Any] = {
    "of_pk": F("pk"),
    "of_number": F("number"),
    "of_id": Cast("number", TextField()),
    "of_name": Cast("name", TextField()),
    "of_description": F("description"),
    "of_created": F("created_at"),
    "of_changed": Coalesce("changed_at", "created_at"),
}
_TO_COME: dict[str, Any] = {
    "of_pk": Value(0),
    "of_number": Value(0),
    "of_id": Cast(Value("0"), TextField()),
    "of_name": Cast(Value(DEFAULT_EXPERIMENT), TextField()),
    "of_description": Cast(Value(""), TextField()),
    "of_created": F("created_at"),
    "of_changed": F("created_at"),
}


@dataclass(frozen=True)
class FoundExperiment:
    """An experiment with its tags."""

    experiment: Experiment
    tags: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundPage:
    """Some experiments in their order. `next_cursor` is None on the last page."""

    rows: list[FoundExperiment]
    next_cursor: str | None


def default_experiment(workspace: Workspace) -> Experiment:
    """The default experiment, or what it will be once something is logged to it: not saved, reading makes nothing.

    One that is called so already is taken, whatever its number.
    """
    known = Experiment.objects.filter(workspace=workspace)
    found = known.filter(number=0).first() or known.filter(name=DEFAULT_EXPERIMENT).first()
    return found or Experiment(
        workspace=workspace, number=0, name=DEFAULT_EXPERIMENT, created_at=workspace.created_at
    )


def found_experiment(experiment: Experiment) -> FoundExperiment:
    """One that is at hand, with its tags."""
    rows = ExperimentTag.objects.filter(experiment=experiment).order_by("key") if experiment.pk else []
    return FoundExperiment(experiment, {tag.key: tag.value for tag in rows})


def parse_experiment_order(keys: Iterable[str]) -> tuple[str, ...]:
    """An order as MLflow writes it, `name ASC`, as columns; newest first for none. Raises Invalid."""
    found: dict[str, str] = {}
    for text in keys:
        key, falls = parse_order_key(text, OF_EXPERIMENTS)
        if key.source != Source.ATTRIBUTE or key.key not in _ORDERS:
            raise unsortable(text)
        found.setdefault(_ORDERS[key.key], "-" if falls else "")
    # Equal ones stand newest first; where no order is asked for, in the order of their numbers.
    ties = {"of_number": "-"} if found else {"of_created": "-", "of_number": ""}
    for column, sign in ties.items():
        found.setdefault(column, sign)
    return tuple(f"{sign}{column}" for column, sign in found.items())


def search_experiments(
    workspace: Workspace,
    tree: Node | None,
    *,
    deleted: bool | None,
    order: Sequence[str],
    cursor: str = "",
    limit: int,
) -> FoundPage:
    """A page of the workspace's experiments that fulfil the tree, the archive included.

    `deleted`: those in the trash alone, or with None those, too. The default experiment is found before anything is
    logged to it. Raises Invalid for a cursor of another order, and when it takes too long.
    """
    text = ",".join(order)
    start = read_cursor(cursor, text, salt=_SALT)[0] if cursor else 0
    context = Context(workspace, None, timezone.now())
    condition = Q() if tree is None else joined(tree, lambda compare: _condition(compare, context))
    default = default_experiment(workspace)
    to_come = None if default.pk or deleted else default
    rows = Experiment.objects.filter(workspace=workspace)
    if deleted is not None:
        rows = rows.filter(deleted_at__isnull=not deleted)
    found = _facts(rows, _MADE, condition)
    if to_come is not None:
        here = Workspace.objects.filter(pk=workspace.pk)
        found = found.union(_facts(here, _TO_COME, condition), all=True)
    with limited_time():
        numbers = [row[0] for row in found.order_by(*order)[start : start + limit + 1]]
        page = _with_tags(workspace, numbers[:limit], to_come)
    more = len(numbers) > limit
    return FoundPage(page, write_cursor(text, start + limit, [], salt=_SALT) if more else None)


def _facts(rows: QuerySet[Any], terms: dict[str, Any], condition: Q) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(**terms).filter(condition)
    return found.values_list(*(f"of_{fact}" for fact in _FACTS))


def _with_tags(
    workspace: Workspace, numbers: Sequence[int], to_come: Experiment | None
) -> list[FoundExperiment]:
    found: dict[int, Experiment] = {} if to_come is None else {0: to_come}
    tags: dict[int, dict[str, str | None]] = defaultdict(dict)
    for start in range(0, len(numbers), READ_TOGETHER):
        some = numbers[start : start + READ_TOGETHER]
        found |= Experiment.objects.defer("description_html").in_bulk(some)
        rows = ExperimentTag.objects.filter(experiment__in=some).order_by("key")
        for number, key, value in rows.values_list("experiment_id", "key", "value"):
            tags[number][key] = value
    for experiment in found.values():
        experiment.workspace = workspace
    return [FoundExperiment(found[number], tags[number]) for number in numbers if number in found]


def _condition(node: Compare, context: Context) -> Q:
    """When a row with the terms above fulfils the comparison."""
    return _of_tag(node) if node.field.source == Source.TAG else _of_attribute(node, context)


def _of_tag(node: Compare) -> Q:
    rows = ExperimentTag.objects.filter(experiment=OuterRef("of_pk"), key=node.field.key)
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return ~Q(Exists(rows)) if node.op is Op.IS_NULL else Q(Exists(rows))
    value = Coalesce("value", Value(""), output_field=TextField())
    return Q(Exists(rows.annotate(of_value=value).filter(_text("of_value", node))))


def _of_attribute(node: Compare, context: Context) -> Q:
    column = f"of_{node.field.key}"
    # The description is a tag to MLflow: one that is empty is not there.
    present = ~Q(of_description="") if node.field.key == "description" else ~NEVER
    if node.op in (Op.IS_NULL, Op.IS_NOT_NULL):
        return ~present if node.op is Op.IS_NULL else present
    if node.field.kind != Kind.TIME:
        return present & _text(column, node)
    return during(column, node, context)


def _text(column: str, node: Compare) -> Q:
    if node.op in PATTERNS:
        return Q(matches(F(column), node.op, str(node.value)))
    is_one = Q(**{f"{column}__in": [str(value) for value in node.values]})
    return ~is_one if node.op in (Op.NE, Op.NOT_IN) else is_one
