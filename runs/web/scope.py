"""Which runs a list is of, and how the parameters of an address find them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from runs.access import Caller
from runs.models import Experiment, Run, Workspace
from runs.query.columns import Column, Sort, parse_columns
from runs.query.conditions import Conditions
from runs.query.default_columns import default_columns
from runs.query.filters import RunFilters
from runs.query.planner import PAGE, Plan
from runs.query.runs import plan_runs
from runs.query.selection import narrowed

NARROWING = ("parent", "below")
DEPTH = "depth"


def is_deep(asked: QueryDict) -> bool:
    """Whether the address of a run's children asks for all below it."""
    return asked.get(DEPTH) == "all"


@dataclass(frozen=True)
class Scope:
    """Which runs a list is of, before any filter."""

    workspace: Workspace
    experiment: Experiment | None = None
    parent: Run | None = None
    # The first metrics of the experiment, where they are known already.
    metrics: tuple[str, ...] | None = None
    # Below the parent: its children alone, or the runs at any depth.
    is_deep: bool = False

    @property
    def narrowing(self) -> dict[str, str]:
        """The parameter that says so."""
        if self.parent is None:
            return {}
        return {"below" if self.is_deep else "parent": self.parent.public_id}


def columns_of(scope: Scope, text: str) -> Sequence[Column]:
    """Those of the address, or what this list shows when nobody has chosen."""
    inside = scope.experiment or (scope.parent.experiment if scope.parent else None)
    return parse_columns(text) if text else default_columns(inside, scope.metrics)


def conditions_of(scope: Scope, asked: QueryDict) -> Conditions:
    """What the parameters say together; the runs below a run are narrowed to its own."""
    if scope.parent is not None:
        asked = asked.copy()
        for name in NARROWING:
            asked.pop(name, None)
        for name, value in scope.narrowing.items():
            asked[name] = value
    return narrowed(RunFilters(asked).conditions(), asked)


def plan_of(
    scope: Scope,
    caller: Caller,
    asked: QueryDict,
    sort: Sequence[Sort],
    columns: Sequence[Column] = (),
    *,
    wanted: int = PAGE,
) -> Plan:
    """How to find so many runs of what the parameters ask for, to be shown in these columns."""
    return plan_runs(
        scope.workspace,
        conditions_of(scope, asked),
        viewer=caller.user,
        experiment=scope.experiment,
        sort=sort,
        columns=columns,
        wanted=wanted,
    )
