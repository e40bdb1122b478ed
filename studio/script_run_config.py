"""`azureml.core.script_run_config` under the studio's name."""

from studio.client.script import ScriptRunConfig

__all__ = ["ScriptRunConfig"]
