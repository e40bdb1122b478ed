"""`azureml.core.run` under the studio's name."""

from studio.client.experiment import get_run
from studio.client.run import Run

__all__ = ["Run", "get_run"]
