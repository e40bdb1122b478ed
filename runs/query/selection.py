"""Chosen runs: those that a list has ticked, and for one change of many all that match."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import QueryDict

from runs.errors import Invalid
from runs.models import Experiment, User, Workspace
from runs.query.conditions import Conditions
from runs.query.fields import Field, Source
from runs.query.nodes import Compare, Op, all_of
from runs.query.runs import plan_runs, run_ids

# Ticked one by one; for more there is "all that match".
MOST_SELECTED = 200


def selected_of(asked: QueryDict) -> list[str]:
    """The public ids that are ticked, each once. Raises Invalid when they are too many."""
    ids = list(dict.fromkeys(value for value in asked.getlist("selected") if value))
    if len(ids) > MOST_SELECTED:
        raise Invalid(
            f"At most {MOST_SELECTED} runs can be ticked one by one; these are {len(ids):,}. "
            "Use a filter and “all that match”.",
            field="selected",
        )
    return [value for value in ids if "\x00" not in value]


def is_only_selected(asked: Mapping[str, Any]) -> bool:
    """Whether just the ticked runs are shown."""
    return asked.get("only") == "selected"


def narrowed(conditions: Conditions, asked: QueryDict) -> Conditions:
    """The conditions, and where just the ticked runs are asked for, those alone."""
    if not is_only_selected(asked):
        return conditions
    chosen = Compare(Field(Source.ATTRIBUTE, "id"), Op.IN, tuple(selected_of(asked)) or ("",))
    return replace(conditions, tree=all_of([conditions.tree, chosen]))


def matching_numbers(
    workspace: Workspace,
    conditions: Conditions,
    *,
    viewer: User | None,
    experiment: Experiment | None = None,
    most: int,
) -> tuple[list[int], bool]:
    """The numbers of the runs that fulfil the conditions, newest first, at most `most`; and whether there are more."""
    plan = plan_runs(workspace, conditions, viewer=viewer, experiment=experiment)
    numbers = run_ids(plan, most=most + 1)
    return numbers[:most], len(numbers) > most
