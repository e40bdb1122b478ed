"""Runs as a pandas DataFrame. pandas is imported when it is asked for."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from studio.client.errors import UserErrorException
from studio.client.values import from_wire

if TYPE_CHECKING:
    from studio.client.run import Run

PLAIN = (
    "display_name",
    "number",
    "experiment",
    "status",
    "type",
    "target",
    "parent",
    "created_by",
    "duration_s",
)
TIMES = ("created_at", "started_at", "ended_at")
KINDS = ("metrics", "params", "tags", "properties")


def frame_of(runs: Iterable["Run"]) -> Any:
    """Return a row for each run, indexed by id."""
    try:
        import pandas
    except ImportError:
        raise UserErrorException("to_pandas() needs pandas: install it with `pip install pandas`.") from None
    rows = {run.id: row_of(run._known()) for run in runs}
    frame = pandas.DataFrame.from_dict(rows, orient="index")
    frame.index.name = "id"
    for name in TIMES:
        if name in frame:
            frame[name] = pandas.to_datetime(frame[name], utc=True, format="ISO8601")
    return frame


def row_of(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a run as one flat row; a tag without a value is True."""
    row = {name: found.get(name) for name in (*PLAIN, *TIMES)}
    for kind in KINDS:
        for name, value in (found.get(kind) or {}).items():
            row[f"{kind}.{name}"] = True if value is None else from_wire(value)
    return row
