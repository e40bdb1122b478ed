"""`azureml.core.compute_target` under the studio's name."""

from studio.client.compute import ComputeTarget, LocalTarget, RayCompute, ServerCompute, SlurmCompute
from studio.client.errors import ComputeTargetException

__all__ = [
    "ComputeTarget",
    "ComputeTargetException",
    "LocalTarget",
    "RayCompute",
    "ServerCompute",
    "SlurmCompute",
]
