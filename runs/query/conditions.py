"""What somebody wants to see, and what is needed to look it up: names, the viewer, the present moment."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from runs.models import Experiment, Kind, Name, User, Workspace
from runs.query.fields import Field, Source
from runs.query.nodes import Compare, Node, Op, comparisons, conjuncts

KINDS = {
    Source.TAG: Kind.TAG,
    Source.PROPERTY: Kind.PROPERTY,
    Source.PARAM: Kind.PARAM,
    Source.METRIC: Kind.METRIC,
}


@dataclass(frozen=True)
class Conditions:
    """Which runs: the tree of the filter, the words of the search box, and switches.

    `include_children` and `archived` may be None: children are then shown only where the filter speaks of `parent`,
    `ancestor` or `id`, and the archive is left out unless the filter speaks of `archived`. `deleted` asks for the
    trash alone, or with None for the trash too; `with_archive` for the archive beside the rest.
    """

    tree: Node | None = None
    search: str = ""
    include_children: bool | None = None
    archived: bool | None = None
    mine: bool = False
    deleted: bool | None = False
    with_archive: bool = False

    def mentions(self, *keys: str) -> bool:
        """Whether the filter speaks of one of these attributes."""
        found = {c.field.key for c in comparisons(self.tree) if c.field.source == Source.ATTRIBUTE}
        return not found.isdisjoint(keys)


@dataclass
class Context:
    """Everything outside the filter that its meaning depends on."""

    workspace: Workspace
    viewer: User | None
    now: datetime
    zone: tzinfo = UTC
    # The one experiment that all runs must be in, if there is one: its indexes are used.
    experiment_id: int | None = None
    # The part of the filter that says so, which then need not be tested again.
    answered: Node | None = None
    names: dict[tuple[Source, str], int] = field(default_factory=dict)

    def name_id(self, field: Field) -> int | None:
        """The number of the field's key, None when no run of the workspace ever had it."""
        return self.names.get((field.source, field.key))


def make_context(
    workspace: Workspace,
    conditions: Conditions,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    fields: Iterable[Field] = (),
    zone: tzinfo = UTC,
) -> Context:
    """Look up the keys that the filter and the `fields` name, and the experiment it is narrowed to: two queries."""
    context = Context(workspace, viewer, timezone.now(), zone)
    if experiment is not None:
        context.experiment_id = experiment.pk
    else:
        context.answered = next(
            (node for node in conjuncts(conditions.tree) if is_one_experiment(node)), None
        )
        context.experiment_id = _experiment_of(workspace, context.answered)
    look_up(context, [*fields, *(c.field for c in comparisons(conditions.tree))])
    return context


def look_up(context: Context, fields: Iterable[Field]) -> None:
    """Put the numbers of the fields' keys into the context: one query for those it has not."""
    wanted: dict[Source, set[str]] = {}
    for named in fields:
        if named.source in KINDS and (named.source, named.key) not in context.names:
            wanted.setdefault(named.source, set()).add(named.key)
    if not wanted:
        return
    keys = reduce(or_, (Q(kind=KINDS[source], text__in=texts) for source, texts in wanted.items()))
    sources = {kind.value: source for source, kind in KINDS.items()}
    rows = Name.objects.filter(keys, workspace=context.workspace)
    for pk, kind, text in rows.values_list("pk", "kind", "text"):
        context.names[sources[kind], text] = pk


def _experiment_of(workspace: Workspace, node: Node | None) -> int | None:
    """The experiment that `experiment = 'name'` narrows to; 0, which none has, when there is no such."""
    if not isinstance(node, Compare):
        return None
    found = Experiment.objects.filter(workspace=workspace, name=str(node.values[0]))
    return found.values_list("pk", flat=True).first() or 0


def is_one_experiment(node: Node) -> bool:
    """Whether this says `experiment = 'name'`."""
    if not isinstance(node, Compare) or node.field != Field(Source.ATTRIBUTE, "experiment"):
        return False
    return node.op is Op.EQ or (node.op is Op.IN and len(node.values) == 1)
