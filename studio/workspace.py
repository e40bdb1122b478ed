"""`azureml.core.workspace` under the studio's name."""

from studio.client.workspace import Workspace

__all__ = ["Workspace"]
