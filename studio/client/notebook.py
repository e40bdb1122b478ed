"""What a notebook shows of runs and experiments: a small table, and a view that follows a run.

All text is a stranger's: everything is escaped, and only the studio's own addresses become links.
"""

import time
from collections.abc import Mapping
from typing import Any

from studio.client.errors import StudioException
from studio.client.heart import ENDED
from studio.client.record import RunRecord

REFRESH_S = 2.0
MOST_VALUES = 20


class RunShown(RunRecord):
    """The part of a run that shows it."""

    def show(self, *, follow: bool | None = None, refresh_s: float = REFRESH_S) -> None:
        """Show the run: in a notebook a table that is renewed, elsewhere its link and status.

        `follow`: keep renewing it until the run has ended (Ctrl-C stops looking, never the run). Without it, a run
        that this program executes is shown once, any other is followed.
        """
        display = _notebook_display()
        if display is None:
            print(f"{self!r}\n{self.get_portal_url()}")
            return
        from IPython.display import HTML

        follows = self._live is None if follow is None else follow
        handle = display(HTML(self._as_html()), display_id=True)
        while follows and handle is not None and self._found.get("status") not in ENDED:
            try:
                time.sleep(refresh_s)
            except KeyboardInterrupt:
                return
            handle.update(HTML(self._as_html()))

    def _as_html(self) -> str:
        """The run with its newest values, read now; what was known where the studio does not answer."""
        try:
            self._fetch()
        except StudioException as problem:
            return table_html({**self._shown(), "": str(problem)}, self.get_portal_url())
        return table_html({**self._shown(), **self._values()}, self.get_portal_url())

    def _shown(self) -> dict[str, Any]:
        found = self._found
        return {
            "Experiment": self._experiment.name,
            "Name": found.get("display_name") or "",
            "Id": self._id,
            "Type": found.get("type") or "",
            "Status": found.get("status", "not read yet"),
            "Reason": found.get("status_reason") or "",
        }

    def _values(self) -> dict[str, Any]:
        found = self._found
        tags = ", ".join(
            key if value is None else f"{key}: {value}" for key, value in found.get("tags", {}).items()
        )
        seconds = found.get("duration_s")
        metrics = list(found.get("metrics", {}).items())[:MOST_VALUES]
        values = {"Tags": tags, "Duration": "" if seconds is None else f"{seconds:,.0f} s"}
        values["Child runs"] = str(found.get("child_count") or "")
        return values | {f"metrics.{name}": value for name, value in metrics}

    def _repr_html_(self) -> str:
        """The run as a notebook shows it: what is known, without asking."""
        return table_html(self._shown(), self.get_portal_url())


def table_html(rows: Mapping[str, Any], page: str) -> str:
    """Return a table of names and values with a link to the page in the studio; empty values are left out."""
    from html import escape

    cells = "".join(
        f"<tr><th scope='row'>{escape(str(name))}</th><td>{escape(str(value))}</td></tr>"
        for name, value in rows.items()
        if str(value)
    )
    link = ""
    if page.startswith(("http://", "https://")):
        link = (
            "<tr><th scope='row'>Details</th><td>"
            f"<a href='{escape(page)}' target='_blank' rel='noopener'>Link to Run Studio</a></td></tr>"
        )
    return f"<table>{cells}{link}</table>"


def _notebook_display() -> Any:
    """IPython's `display` where a notebook is listening; None anywhere else. Imports nothing new."""
    import sys

    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    return display
