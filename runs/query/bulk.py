"""Changes of many runs, as far as they are."""

from runs.errors import NotFound
from runs.limits import INTEGER_MAX
from runs.models import BulkChange, Workspace


def bulk_change(workspace: Workspace, number: int | str) -> BulkChange:
    """The change of that number, how far it is and what was refused; without the runs' numbers.

    Raises NotFound for another workspace's, and for one that is older than a day: it is forgotten.
    """
    text, found = str(number), None
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= INTEGER_MAX:
        rows = BulkChange.objects.defer("numbers").select_related("user", "workspace")
        found = rows.filter(pk=int(text), workspace=workspace).first()
    if found is None:
        raise NotFound("There is no such change of runs here; after a day it is forgotten.")
    return found
