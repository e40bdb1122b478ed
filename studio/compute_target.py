"""`azureml.core.compute_target` under the studio's name: the cloud has the same classes in two places."""

from studio.compute import *  # noqa: F403
from studio.compute import __all__ as __all__
