"""Holds a run in place while something is written to it, so that nothing is added to a deleted one."""

from runs.access import gone
from runs.models import Run


def hold(run: Run) -> None:
    """Lock the run's row until the transaction ends. Raises Gone when it lies in the trash or is deleted for good.

    The request found the run a moment ago; since then somebody may have thrown it away. Without the lock a late line
    would come into being beside the deletion, as a row or as bytes that nobody finds again.
    """
    rows = Run.objects.select_for_update(no_key=True).filter(pk=run.pk, deleted_at=None)
    if not rows.values_list("pk", flat=True).first():
        raise gone(run)
