"""`azureml.widgets` under the studio's name: `RunDetails(run).show()` is `run.show()`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studio.client.run import Run


class RunDetails:
    """Shows a run and follows it, in a notebook."""

    def __init__(self, run_instance: "Run") -> None:
        self._run = run_instance

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show it, as `run.show()`. The arguments are the cloud's own and not used."""
        self._run.show()


__all__ = ["RunDetails"]
