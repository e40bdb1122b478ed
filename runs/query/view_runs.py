"""The runs that a saved view finds: what its list shows, whoever opens it, and nothing that they may not see."""

from runs.models import Experiment, SavedView, User
from runs.query.columns import parse_sort
from runs.query.conditions import Conditions
from runs.query.filters import RunFilters
from runs.query.page_state import State, state_of, state_query
from runs.query.runs import RunPage, list_runs
from runs.query.selection import narrowed


def conditions_of_state(state: State) -> Conditions:
    """What the state leaves of a list. Raises Invalid as the list does."""
    query = state_query(state)
    return narrowed(RunFilters(query).conditions(), query)


def own_experiment(view: SavedView) -> Experiment | None:
    """The experiment whose list the view was saved on; None for All runs, or when it has gone."""
    found: Experiment | None = view.experiment
    return found if found is not None and found.deleted_at is None else None


def runs_of_view(
    view: SavedView, *, viewer: User, experiment: Experiment | None, cursor: str = "", limit: int = 50
) -> RunPage:
    """A page of its runs in its order, with all their values: of that experiment, or of the whole workspace."""
    state = state_of(view.address)
    return list_runs(
        view.workspace,
        conditions_of_state(state),
        viewer=viewer,
        experiment=experiment,
        sort=parse_sort(state_query(state).get("sort", "")),
        columns=None,
        cursor=cursor,
        limit=limit,
    )
