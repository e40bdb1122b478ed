"""Who may read and change which logged models: those who may read and change the run that made it."""

from collections.abc import Collection

from django.db.models import QuerySet

from runs.access import Caller, Need, get_workspace_of_run
from runs.access_run_tokens import check_reaches_run, check_whole_account, within_reach
from runs.errors import Gone, NotFound
from runs.models import Experiment, LoggedModel, Run, Workspace


def get_logged_model(
    caller: Caller, workspace: Workspace | str, public_id: str, need: Need = "read", *, deleted: bool = False
) -> LoggedModel:
    """The model of that id, with its experiment and its run; a deleted one where `deleted`.

    Raises NotFound or NotAllowed.
    """
    name = workspace if isinstance(workspace, str) else workspace.name
    inside = get_workspace_of_run(caller, name, need)
    missing = _missing(public_id)
    rows = LoggedModel.objects.select_related("experiment", "run", "created_by").filter(workspace=inside)
    found = rows.filter(public_id=public_id).first() if "\x00" not in public_id else None
    if found is None or (found.deleted_at is not None and not deleted):
        raise missing
    if found.run is None:
        check_whole_account(caller.token)
    else:
        found.run.workspace, found.run.experiment = inside, found.experiment
        check_reaches_run(caller.token, found.run)
    found.workspace = inside
    return found


def find_logged_model(caller: Caller, public_id: str) -> LoggedModel:
    """The model of that id in whichever workspace of the caller's it is, also one in the trash. Raises NotFound."""
    named = LoggedModel.objects.filter(public_id=public_id).values_list("workspace__name", flat=True)
    name = named.first() if "\x00" not in public_id else None
    try:
        return get_logged_model(caller, name or "", public_id, deleted=True)
    except NotFound:  # which would name a workspace that is not the caller's
        raise _missing(public_id) from None


def _missing(public_id: str) -> NotFound:
    return NotFound(f"There is no model {public_id[:80]!r} here, or it is not shared with you.")


def get_model_in_use(
    caller: Caller, workspace: Workspace | str, public_id: str, need: Need = "read"
) -> LoggedModel:
    """The same, but members are told with Gone of one in the trash, by itself or with its run or its experiment."""
    found = get_logged_model(caller, workspace, public_id, need, deleted=True)
    if not found.is_in_use:
        raise Gone(f"The model {found.name} lies in the trash; for 30 days it can be restored.")
    return found


def logged_models_for(
    caller: Caller, workspace: Workspace, experiments: Collection[Experiment]
) -> QuerySet[LoggedModel]:
    """The models in use in these experiments of the workspace that the caller has got.

    Those of runs and experiments in the trash are left out. The token of one run finds those of its tree.
    """
    rows = LoggedModel.objects.filter(workspace=workspace, deleted_at=None, experiment__deleted_at=None)
    rows = rows.filter(experiment__in=[experiment.pk for experiment in experiments])
    if caller.token is None or caller.token.run_id is None:
        return rows.filter(LoggedModel.with_run())
    return rows.filter(run__in=within_reach(caller.token, Run.objects.filter(deleted_at=None)))
