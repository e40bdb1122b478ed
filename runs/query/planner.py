"""Probe, then choose: how a filter is answered quickly whether its terms are rare or common.

Each term that an index serves is counted up to a cap, all in one query of about a millisecond. Is the rarest under
the cap, its runs are fetched by that index and the rest is tested on them. Otherwise a sample of the newest runs tells
how far a walk in the order of the list would go until a page is full; the runs are walked, testing each term by
EXISTS, unless some term has fewer runs than that. The wrong choice costs 100 to 10,000 times more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from operator import and_
from typing import Any

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.lookups import Exact, IsNull

from runs.models import Run
from runs.query.candidates import Sql, Term, of_viewer, term_of
from runs.query.conditions import Conditions, Context
from runs.query.expressions import Holds, Listed, Numbers, Unindexed, is_one_of
from runs.query.nodes import conjuncts
from runs.query.probe import Probe, Rarest, probe, probe_again, sampled
from runs.query.search import word_terms
from runs.query.where import condition

# So few runs are always fetched by their numbers, and their statuses counted exactly.
FEW = 5000
# So many of the newest runs are looked at to learn how common the runs are that fulfil everything.
SAMPLE = 1000
# Stands for a value that is put in later; no status, and nothing that a person writes.
_PLACE = "\ue000status"
# How many rows a walk must find, for what it may cost, unless more are wanted.
PAGE = 50
# Of text and patterns, which are fetched to be counted, no more than so many are.
_MOST_FETCHED = 20_000


@dataclass(frozen=True)
class Plan:
    """How to find the runs: by `driver`, the numbers of a rare term, or by a walk when that is None.

    `rarest` is the rarest term also where it is not rare enough to drive; `others` are all terms but that. With
    `is_few` the driver has at most FEW numbers.
    """

    context: Context
    base: Q
    terms: Q
    others: Q
    driver: Numbers | Listed | None
    rarest: Numbers | Listed | None
    is_few: bool = False
    # Only the archive is asked for. It is small beside the rest and has an index of its own.
    is_archive: bool = False
    # The base as it is tested on runs that come by their numbers, where that is said in another way.
    tested: Q | None = None
    # What was counted of the terms: it serves plans of other conditions made of the same terms.
    probe: Probe = field(default_factory=Probe)

    def runs(self) -> QuerySet[Run]:
        """All runs that fulfil everything, in no order."""
        if self.driver is None:
            return Run.objects.filter(self._in_scope(), self.base, self.terms)
        # Hidden from SQLite's choice, lest it walk the workspace and test each run for membership.
        base = self.base if self.tested is None else self.tested
        return Run.objects.filter(is_one_of(self.driver), self._in_scope(hidden=True), base, self.others)

    def unordered(self) -> QuerySet[Any]:
        """The numbers of the same runs, for counting: by the rarest term's own rows, should they be many."""
        rarest = self.rarest
        if self.driver is not None or rarest is None or isinstance(rarest, Listed):
            return self.runs().values("pk")
        if rarest.query.combinator or rarest.model is Run:
            return self.runs().values("pk")
        tested = Run.objects.filter(self._in_scope(), self.base, self.others, pk=OuterRef("run_id"))
        return rarest.filter(Holds(tested))

    def walked(self) -> QuerySet[Run]:
        """The runs of the list before any term, by the index of newest runs."""
        return Run.objects.filter(self._in_scope(), self.base)

    def _in_scope(self, *, hidden: bool = False) -> Q:
        """The workspace, or the experiment, which is of this workspace: the index of its newest runs is walked."""
        experiment = self.context.experiment_id
        if hidden:
            workspace = Exact(Unindexed(F("workspace_id")), self.context.workspace.pk)
            return Q(workspace) & _hidden(experiment)
        if experiment is not None:
            return Q(experiment_id=experiment)
        return Q(workspace_id=self.context.workspace.pk)


def _hidden(experiment_id: int | None) -> Q:
    return Q() if experiment_id is None else Q(Exact(Unindexed(F("experiment_id")), experiment_id))


def make_plan(context: Context, conditions: Conditions, *, wanted: int = PAGE) -> Plan:
    """Count the terms and choose how to find so many runs: no query where there are no terms, else one or two."""
    terms, base = _terms(context, conditions), _base(conditions)
    walk = _walk(context, base, terms, conditions)
    if not terms:
        return walk
    known = probe(terms, walk.walked(), cap=FEW, sample=SAMPLE)
    plan = _planned(walk, terms, known)
    if plan.driver is not None:
        return plan
    length = _length_of_walk(known, wanted)
    if length <= FEW:
        return plan
    found = probe_again(known, terms, cap=length, most_fetched=_MOST_FETCHED).rarest(terms)
    return _driven(plan, terms, found) if found is not None and found.count <= length else plan


def plan_again(plan: Plan, conditions: Conditions) -> Plan:
    """A plan of other conditions made of the same terms, or of some of them: what was counted serves. No query."""
    context, known = plan.context, plan.probe
    if context.answered is not None and context.answered not in conjuncts(conditions.tree):
        # No longer of one experiment, which is all that was counted.
        context, known = replace(context, answered=None, experiment_id=None), Probe()
    terms = _terms(context, conditions)
    return _planned(_walk(context, _base(conditions), terms, conditions), terms, known)


def _walk(context: Context, base: Q, terms: list[Term], conditions: Conditions) -> Plan:
    """The plan that tests all terms on each run of the list."""
    all_terms, tested = _all(terms), _base(conditions, hidden=True)
    archive = conditions.archived is True
    return Plan(context, base, all_terms, all_terms, None, None, is_archive=archive, tested=tested)


def _planned(walk: Plan, terms: list[Term], known: Probe) -> Plan:
    found = known.rarest(terms)
    if found is not None and found.count <= FEW:
        return replace(_driven(walk, terms, found), probe=known)
    rarest = found.numbers if found else None
    return replace(walk, rarest=rarest, others=_others(terms, found), probe=known)


def _driven(walk: Plan, terms: list[Term], found: Rarest) -> Plan:
    return replace(
        walk,
        others=_others(terms, found),
        driver=found.numbers,
        rarest=found.numbers,
        is_few=found.count <= FEW,
    )


def _others(terms: list[Term], found: Rarest | None) -> Q:
    """All terms but the one whose numbers are exactly its runs."""
    return _all([term for term in terms if not (found and term is found.term and term.is_exact)])


def _length_of_walk(known: Probe, wanted: int) -> int:
    """About how many runs a walk goes through until so many are found, were the rest as the newest are."""
    if known.seen < SAMPLE:  # there are no more
        return 0
    return int(wanted * SAMPLE / (known.hits or 0.25))


def looked_at(plan: Plan, column: str, values: Sequence[str], most: int) -> list[tuple[int, int]]:
    """Of the newest so many runs with each value: how many there are, and how many fulfil all. One query."""
    # All parts are alike but for the value: Django writes one of them.
    sql, params = sampled(plan.walked().filter(**{column: _PLACE}), plan.terms, most)
    parts: list[Sql] = []
    for place, value in enumerate(values):
        own = tuple(value if each == _PLACE else each for each in params)
        parts.append((f"SELECT {place}, COUNT(*), COALESCE(SUM(hit), 0) FROM ({sql}) AS newest", own))  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(part for part, _ in parts), [each for _, own in parts for each in own]
        )
        return [(int(seen), int(hits)) for _, seen, hits in sorted(cursor.fetchall())]


def _all(terms: list[Term]) -> Q:
    return reduce(and_, (term.where for term in terms), Q())


def _terms(context: Context, conditions: Conditions) -> list[Term]:
    nodes = [node for node in conjuncts(conditions.tree) if node is not context.answered]
    terms = [term_of(node, condition(node, context), context) for node in nodes]
    terms += word_terms(conditions.search, context)
    if conditions.mine:
        mine = Q(Exact(Unindexed(F("created_by_id")), _viewer_id(context)))
        terms.append(Term("mine", mine, of_viewer(context), is_exact=True))
    return terms


def _viewer_id(context: Context) -> int:
    """The viewer's number, or 0, which nobody has."""
    return context.viewer.pk if context.viewer else 0


def _base(conditions: Conditions, *, hidden: bool = False) -> Q:
    """What holds besides the filter: where the runs lie, and what the switches say.

    With `hidden` SQLite does not look for a run without parent, whose number it has, in the index of parents.
    """
    deleted, archived = conditions.deleted, conditions.archived
    base = Q() if deleted is None else Q(deleted_at__isnull=not deleted)
    if archived is not None:
        base &= Q(archived_at__isnull=not archived)
    elif not (conditions.with_archive or conditions.mentions("archived")):
        base &= Q(archived_at=None)
    children = conditions.include_children
    if children is None:
        children = conditions.mentions("parent", "ancestor", "id")
    if children:
        return base
    return base & (Q(IsNull(Unindexed(F("parent_id")), True)) if hidden else Q(parent=None))
