"""Holds a run in place while something is written to it, so that nothing is added to a deleted one."""

from runs.access import gone
from runs.errors import Gone
from runs.models import LoggedModel, Run
from runs.prepared import Prepared

_HELD = Prepared(
    lambda number: Run.objects.select_for_update(no_key=True).only("pk").filter(pk=number, deleted_at=None),
    int,
)


def hold(run: Run) -> None:
    """Lock the run's row until the transaction ends. Raises Gone when it lies in the trash or is deleted for good.

    The request found the run a moment ago; since then somebody may have thrown it away. Without the lock a late line
    would come into being beside the deletion, as a row or as bytes that nobody finds again.
    """
    if _HELD.first(run.pk) is None:
        raise gone(run)


def hold_owner(owner: Run | LoggedModel) -> None:
    """The same for whose files are written: a run, or a model that was logged without one."""
    if isinstance(owner, Run):
        return hold(owner)
    rows = LoggedModel.objects.select_for_update(no_key=True).filter(pk=owner.pk, deleted_at=None)
    if not rows.values_list("pk", flat=True).first():
        raise Gone(f"The model {owner.name} was deleted and takes nothing more.")
    return None
