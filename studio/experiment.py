"""`azureml.core.experiment` under the studio's name."""

from studio.client.experiment import Experiment

__all__ = ["Experiment"]
