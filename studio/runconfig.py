"""`azureml.core.runconfig` under the studio's name."""

from studio.client.script import RunConfiguration, ScriptRunConfig

__all__ = ["RunConfiguration", "ScriptRunConfig"]
