"""`azureml.core.environment` under the studio's name."""

from studio.client.script import Environment

__all__ = ["Environment"]
