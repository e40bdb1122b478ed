"""Probe, then choose: how a filter is answered quickly whether its terms are rare or common.

Each term that an index serves is counted up to a cap, all in one query of about a millisecond. Is the rarest under
the cap, its runs are fetched by that index and the rest is tested on them. Otherwise the runs are walked in the order
of the list, testing each term by EXISTS, until a page is full. The wrong choice costs 100 to 10,000 times more.
"""

from dataclasses import dataclass
from functools import reduce
from operator import and_

from django.db.models import F, Q, QuerySet
from django.db.models.lookups import Exact

from runs.models import Run
from runs.query.candidates import candidates, cap_of, capped_counts
from runs.query.conditions import Conditions, Context
from runs.query.expressions import Numbers, Unindexed, is_one_of
from runs.query.nodes import conjuncts
from runs.query.search import word_candidates, word_condition, words_of
from runs.query.where import condition


@dataclass(frozen=True)
class Plan:
    """How to find the runs: by `driver`, the numbers of the rarest term, or by a walk when that is None."""

    context: Context
    base: Q
    terms: Q
    driver: Numbers | None

    def runs(self) -> QuerySet[Run]:
        """All runs that fulfil everything, in no order."""
        if self.driver is None:
            return Run.objects.filter(self.in_scope(), self.base, self.terms)
        # Hidden from SQLite's choice, lest it walk the workspace and test each run for membership.
        return Run.objects.filter(is_one_of(self.driver), self.in_scope(hidden=True), self.base, self.terms)

    def in_scope(self, *, hidden: bool = False) -> Q:
        """The workspace or the experiment whose index of newest runs is walked."""
        scope = {"workspace_id": self.context.workspace.pk}
        if self.context.experiment_id is not None:
            scope["experiment_id"] = self.context.experiment_id
        if hidden:
            return reduce(and_, (Q(Exact(Unindexed(F(column)), value)) for column, value in scope.items()))
        if "experiment_id" in scope:
            return Q(experiment_id=scope["experiment_id"]) & Q(
                Exact(Unindexed(F("workspace_id")), scope["workspace_id"])
            )
        return Q(**scope)


@dataclass(frozen=True)
class _Term:
    where: Q
    numbers: Numbers | None


def make_plan(context: Context, conditions: Conditions) -> Plan:
    """Count the terms and choose."""
    terms = [*_terms(context, conditions)]
    probed = [term for term in terms if term.numbers is not None]
    driver: Numbers | None = None
    if probed:
        cap = cap_of(context)
        counts = capped_counts([term.numbers for term in probed if term.numbers is not None], cap)
        fewest, place = min((count, place) for place, count in enumerate(counts))
        driver = probed[place].numbers if fewest <= cap else None
    return Plan(context, _base(conditions), reduce(and_, (term.where for term in terms), Q()), driver)


def _terms(context: Context, conditions: Conditions) -> list[_Term]:
    nodes = [node for node in conjuncts(conditions.tree) if node is not context.answered]
    found = [_Term(condition(node, context), candidates(node, context)) for node in nodes]
    found += [
        _Term(word_condition(word), word_candidates(word, context)) for word in words_of(conditions.search)
    ]
    if conditions.mine:
        of_mine = Run.objects.filter(workspace=context.workspace, created_by=context.viewer).values("id")
        found.append(_Term(Q(Exact(Unindexed(F("created_by_id")), _viewer_id(context))), of_mine))
    return found


def _viewer_id(context: Context) -> int:
    """The viewer's number, or 0, which nobody has."""
    return context.viewer.pk if context.viewer else 0


def _base(conditions: Conditions) -> Q:
    """What holds besides the filter: nothing from the trash, and what the switches say."""
    base = Q(deleted_at=None)
    archived = conditions.archived
    if archived is not None:
        base &= Q(archived_at__isnull=not archived)
    elif not conditions.mentions("archived"):
        base &= Q(archived_at=None)
    children = conditions.include_children
    if children is None:
        children = conditions.mentions("parent", "id")
    return base if children else base & Q(parent=None)
