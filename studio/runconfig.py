"""`azureml.core.runconfig` under the studio's name."""

from studio.client.script import Resources, RunConfiguration, ScriptRunConfig

__all__ = ["Resources", "RunConfiguration", "ScriptRunConfig"]
