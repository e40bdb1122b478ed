"""Probe, then choose: how a filter is answered quickly whether its terms are rare or common.

Each term that an index serves is counted up to a cap, all in one query of about a millisecond. Is the rarest under
the cap, its runs are fetched by that index and the rest is tested on them. Otherwise the runs are walked in the order
of the list, testing each term by EXISTS, until a page is full. The wrong choice costs 100 to 10,000 times more.
"""

from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.lookups import Exact

from runs.models import Run
from runs.query.candidates import Term, cap_of, of_viewer, rarest, term_of
from runs.query.conditions import Conditions, Context
from runs.query.expressions import Holds, Numbers, Unindexed, is_one_of
from runs.query.nodes import conjuncts
from runs.query.search import word_terms
from runs.query.where import condition


@dataclass(frozen=True)
class Plan:
    """How to find the runs: by `driver`, the numbers of a rare term, or by a walk when that is None.

    `rarest` is the rarest term also where it is not rare enough to drive; `others` are all terms but that.
    """

    context: Context
    base: Q
    terms: Q
    others: Q
    driver: Numbers | None
    rarest: Numbers | None

    def runs(self) -> QuerySet[Run]:
        """All runs that fulfil everything, in no order."""
        if self.driver is None:
            return Run.objects.filter(self._in_scope(), self.base, self.terms)
        # Hidden from SQLite's choice, lest it walk the workspace and test each run for membership.
        return Run.objects.filter(is_one_of(self.driver), self._in_scope(hidden=True), self.base, self.others)

    def unordered(self) -> QuerySet[Any]:
        """The numbers of the same runs, for counting: by the rarest term's own rows, should they be many."""
        rarest = self.rarest
        if self.driver is not None or rarest is None or rarest.query.combinator or rarest.model is Run:
            return self.runs().values("pk")
        tested = Run.objects.filter(self._in_scope(), self.base, self.others, pk=OuterRef("run_id"))
        return rarest.filter(Holds(tested))

    def _in_scope(self, *, hidden: bool = False) -> Q:
        """The workspace, or the experiment whose index of newest runs is walked."""
        workspace = Exact(Unindexed(F("workspace_id")), self.context.workspace.pk)
        experiment = self.context.experiment_id
        if hidden:
            return Q(workspace) & _hidden(experiment)
        if experiment is not None:
            return Q(workspace, experiment_id=experiment)
        return Q(workspace_id=self.context.workspace.pk)


def _hidden(experiment_id: int | None) -> Q:
    return Q() if experiment_id is None else Q(Exact(Unindexed(F("experiment_id")), experiment_id))


def make_plan(context: Context, conditions: Conditions) -> Plan:
    """Count the terms and choose."""
    terms = _terms(context, conditions)
    found = rarest(terms, cap_of(context)) if terms else None
    others = [term for term in terms if not (found and term is found.term and term.is_exact)]
    return Plan(
        context,
        _base(conditions),
        terms=_all(terms),
        others=_all(others),
        driver=found.numbers if found and found.is_few else None,
        rarest=found.numbers if found else None,
    )


def _all(terms: list[Term]) -> Q:
    return reduce(and_, (term.where for term in terms), Q())


def _terms(context: Context, conditions: Conditions) -> list[Term]:
    nodes = [node for node in conjuncts(conditions.tree) if node is not context.answered]
    terms = [term_of(node, condition(node, context), context) for node in nodes]
    terms += word_terms(conditions.search, context)
    if conditions.mine:
        mine = Q(Exact(Unindexed(F("created_by_id")), _viewer_id(context)))
        terms.append(Term(mine, of_viewer(context), is_exact=True))
    return terms


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
