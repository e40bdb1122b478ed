"""Run Studio: the public names of the SDK. Importing it needs neither Django nor the server."""

from typing import TYPE_CHECKING, Any

VERSION = "0.1.0"

if TYPE_CHECKING:
    from studio.client.experiment import Experiment
    from studio.client.run import Run
    from studio.client.workspace import Workspace

__all__ = ["VERSION", "Experiment", "Run", "Workspace"]

_HOMES = {
    "Experiment": "studio.client.experiment",
    "Run": "studio.client.run",
    "Workspace": "studio.client.workspace",
}


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import studio` itself costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'studio' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
