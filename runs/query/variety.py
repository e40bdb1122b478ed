"""What differs among runs: which keys and attributes tell them apart, and which say the same of all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import Aggregate, Count, F, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from runs.models import Run
from runs.query.columns import Column, Sort
from runs.query.expressions import Listed, is_one_of
from runs.query.fields import Source
from runs.query.planner import Plan
from runs.query.runs import page_of
from runs.query.time_limit import limited_time
from runs.query.value_terms import TABLES

# The first so many runs of a list tell what differs in it.
MOST_RUNS = 200
_ATTRIBUTES: dict[str, Callable[[Run], object]] = {
    "status": lambda run: run.status,
    "experiment": lambda run: run.experiment_id,
    "target": lambda run: run.target,
    "created_by": lambda run: run.created_by_id,
    "type": lambda run: run.run_type,
    "parent": lambda run: run.parent_id,
    "children": lambda run: run.child_count,
}


@dataclass(frozen=True)
class Variety:
    """Of `run_count` runs: the keys that have more than one value, or that some lack, and the others that occur."""

    run_count: int = 0
    differing: dict[str, set[str]] = field(default_factory=dict)
    constant: dict[str, set[str]] = field(default_factory=dict)

    def is_constant(self, column: Column) -> bool:
        """Whether the column says the same of all runs. Of fewer than two nothing can be said."""
        source = Source.ATTRIBUTE if column.field is None else column.field.source
        key = column.key if column.field is None else column.field.key
        if self.run_count < 2:
            return False
        if source in TABLES:  # a key that no run has is an empty column
            return key not in self.differing.get(source, ())
        return key in self.constant.get(source, ())


def variety_of(plan: Plan, sort: Sequence[Sort]) -> Variety:
    """What differs among the first 200 runs of the list. Six queries, whatever they hold."""
    with limited_time():
        runs = page_of(plan, sort=sort, columns=(), limit=MOST_RUNS).runs
        found = Variety(len(runs))
        for source in TABLES:
            _note(found, source, [run.pk for run in runs])
    for key, read in _ATTRIBUTES.items():
        values = {read(run) for run in runs}
        (found.differing if len(values) > 1 else found.constant).setdefault(Source.ATTRIBUTE, set()).add(key)
    return found


def _note(found: Variety, source: Source, runs: list[int]) -> None:
    """Which keys of this kind differ."""
    rows = (
        TABLES[source]
        ._default_manager.filter(is_one_of(Listed(runs), "run_id"))
        .order_by()
        .values_list("name__text")
    )
    for text, count, present, kinds in rows.annotate(**_counts(source)):
        is_same = count == len(runs) and kinds < 2 and present in (0, count)
        (found.constant if is_same else found.differing).setdefault(source, set()).add(text)


def _counts(source: Source) -> dict[str, Aggregate | Combinable]:
    """How many runs have the key, how many a value of it, and how many different ones."""
    if source == Source.METRIC:  # a last value is a number, or a word such as NaN
        kinds = Count("last", distinct=True) + Count("last_text", distinct=True)
        return {"n": Count("pk"), "present": Count("pk"), "kinds": kinds}
    whole = Coalesce(F("full"), F("value"), output_field=TextField())
    return {"n": Count("pk"), "present": Count(whole), "kinds": Count(whole, distinct=True)}
