"""Run Studio: the public names of the SDK. Importing it needs neither Django nor the server."""

from typing import TYPE_CHECKING, Any

VERSION = "0.1.0"
__version__ = VERSION

if TYPE_CHECKING:
    from studio.client.compute import ComputeTarget, LocalTarget
    from studio.client.experiment import Experiment, get_run
    from studio.client.model import Model
    from studio.client.run import Run
    from studio.client.script import Environment, RunConfiguration, ScriptRunConfig
    from studio.client.workspace import Workspace

_HOMES = {
    "ComputeTarget": "studio.client.compute",
    "Environment": "studio.client.script",
    "Experiment": "studio.client.experiment",
    "LocalTarget": "studio.client.compute",
    "Model": "studio.client.model",
    "Run": "studio.client.run",
    "RunConfiguration": "studio.client.script",
    "ScriptRunConfig": "studio.client.script",
    "Workspace": "studio.client.workspace",
    "get_run": "studio.client.experiment",
}

__all__ = [
    "VERSION",
    "ComputeTarget",
    "Environment",
    "Experiment",
    "LocalTarget",
    "Model",
    "Run",
    "RunConfiguration",
    "ScriptRunConfig",
    "Workspace",
    "get_run",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that `import studio` itself costs next to nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'studio' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
