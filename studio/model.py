"""`azureml.core.model` under the studio's name."""

from studio.client.model import Model

__all__ = ["Model"]
