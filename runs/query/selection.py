"""All runs that match, for one change of them: their numbers only, and never more than one change takes."""

from runs.models import Experiment, User, Workspace
from runs.query.conditions import Conditions
from runs.query.runs import plan_runs, run_ids


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
