"""What a script needs to be run: ScriptRunConfig, RunConfiguration and its environment."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.compute import LOCAL
from studio.client.errors import RunConfigurationException, UserErrorException
from studio.client.notices import warn

if TYPE_CHECKING:
    from studio.client.run import Run

MAX_RUN_SECONDS = 2592000


class PythonSection:
    """Which Python runs the script: `interpreter_path`, the one of this program unless it is set."""

    def __init__(self) -> None:
        self.interpreter_path = "python"
        self.user_managed_dependencies = True
        self.conda_dependencies: Any = None


class Environment:
    """What a script finds around it: `environment_variables`, and the Python that runs it.

    The packages are those of that Python: nothing is installed here.
    """

    def __init__(self, name: str = "local", **kwargs: Any) -> None:
        self.name = name
        self.version: str | None = None
        self.environment_variables: dict[str, str] = {}
        self.python = PythonSection()

    def __repr__(self) -> str:
        return f"Environment(Name: {self.name})"


class Resources:
    """What a run asks a compute target for; None is what the target gives by itself. `local` heeds none of it."""

    def __init__(
        self,
        cpus: int | None = None,
        gpus: int | None = None,
        memory_mb: int | None = None,
        time_s: int | None = None,
        queue: str | None = None,
    ) -> None:
        """`time_s`: how long the job may run. `queue`: the partition."""
        self.cpus, self.gpus, self.memory_mb, self.time_s, self.queue = cpus, gpus, memory_mb, time_s, queue

    def __repr__(self) -> str:
        return f"Resources({', '.join(f'{key}={value}' for key, value in vars(self).items() if value)})"


class RunConfiguration:
    """How a script is run: on which target, with which Python, arguments and environment variables."""

    def __init__(
        self,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        conda_dependencies: Any = None,
        command: str | Sequence[Any] | None = None,
    ) -> None:
        """`framework`, `communicator` and `conda_dependencies` are kept and saved; a local run uses none."""
        self.script = script
        self.arguments = list(arguments or [])
        self.command = command
        self.framework = framework or "Python"
        self.communicator = communicator or "None"
        self.environment = Environment()
        self.environment.python.conda_dependencies = conda_dependencies
        self.max_run_duration_seconds: int | None = None
        self.node_count = 1
        self.resources = Resources()
        self._target = LOCAL
        self._rest: dict[str, Any] = {}

    @property
    def target(self) -> str:
        """The name of the compute target; may be set, also to a ComputeTarget."""
        return self._target

    @target.setter
    def target(self, value: Any) -> None:
        self._target = target_name(value)

    @property
    def environment_variables(self) -> dict[str, str]:
        """The environment variables that the script gets; may be set and changed."""
        return self.environment.environment_variables

    @environment_variables.setter
    def environment_variables(self, value: Mapping[str, Any]) -> None:
        self.environment.environment_variables = {str(key): str(text) for key, text in value.items()}

    def save(
        self, path: str | Path | None = None, name: str | None = None, separate_environment_yaml: bool = False
    ) -> None:
        """Write it as YAML to `<path>/.studio/<name>`, beside it `conda_dependencies.yml` if there are any.

        Raises RunConfigurationException where PyYAML is not installed.
        """
        from studio.client.script_file import save

        save(self, path, name, separate_environment_yaml)

    @staticmethod
    def load(path: str | Path, name: str | None = None) -> "RunConfiguration":
        """Read `<path>/.studio/<name>` or `<name>.runconfig`; `path` may also be the file itself.

        Raises RunConfigurationException that says what is missing or not right.
        """
        from studio.client.script_file import load

        return load(path, name)

    @staticmethod
    def delete(path: str | Path, name: str) -> None:
        """Delete a saved configuration. Raises RunConfigurationException when there is none."""
        from studio.client.script_file import find

        find(path, name).unlink()

    def __repr__(self) -> str:
        return f"RunConfiguration(script={self.script}, arguments={self.arguments}, target={self.target})"


class ScriptRunConfig:
    """A folder, the script in it, and how it is run: what `Experiment.submit` takes."""

    def __init__(
        self,
        source_directory: str | Path,
        script: str | None = None,
        arguments: Sequence[Any] | None = None,
        run_config: RunConfiguration | None = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: "Run | None" = None,
        max_run_duration_seconds: int | None = MAX_RUN_SECONDS,
        command: str | Sequence[Any] | None = None,
        docker_runtime_config: Any = None,
    ) -> None:
        """With `run_config`, target and environment are those of it, and ones given here are ignored with a warning;
        script, arguments and command given here win. `resume_from` is kept as a property of the run;
        `distributed_job_config` and `docker_runtime_config` are the cloud's and refused, as nothing here obeys them.
        """
        _refuse(distributed_job_config=distributed_job_config, docker_runtime_config=docker_runtime_config)
        if command is not None and (script is not None or arguments is not None):
            raise UserErrorException("Give either command, or script and arguments.")
        self.source_directory = str(source_directory)
        self.run_config = run_config or RunConfiguration()
        if run_config is None:
            self.run_config.target = compute_target if compute_target is not None else LOCAL
            self.run_config.environment = environment or self.run_config.environment
        elif compute_target is not None or environment is not None:
            warn(
                "With run_config, compute_target and environment are those of it: what was given is ignored."
            )
        self.script = script if script is not None else self.run_config.script
        self.arguments = list(arguments) if arguments is not None else list(self.run_config.arguments)
        self.command = (
            command if command is not None else (self.run_config.command if script is None else None)
        )
        self.resume_from = resume_from
        self.max_run_duration_seconds = self.run_config.max_run_duration_seconds or max_run_duration_seconds

    def command_line(self) -> list[str]:
        """Return what is started, word by word. A command of one text is a line for the shell."""
        if self.command is not None:
            if isinstance(self.command, str):
                return ["/bin/sh", "-c", self.command]
            return [str(word) for word in self.command]
        if not self.script:
            raise UserErrorException(
                "Please specify the script to run either via parameter or in the runconfig"
            )
        python = self.run_config.environment.python.interpreter_path
        chosen = sys.executable if python in ("", "python") else python
        return [chosen, "-u", self.script, *(str(argument) for argument in self.arguments)]

    def definition(self) -> dict[str, Any]:
        """Return how it is executed, as the studio keeps it with the run; script and arguments stand beside it."""
        command = self.command
        return {
            "command": command if command is None or isinstance(command, str) else self.command_line(),
            "interpreter": self.run_config.environment.python.interpreter_path or "python",
            "environment": dict(self.run_config.environment_variables),
            "max_run_duration_seconds": self.max_run_duration_seconds,
            "resources": dict(vars(self.run_config.resources)),
        }

    def __repr__(self) -> str:
        return f"ScriptRunConfig(source_directory={self.source_directory}, script={self.script})"


def target_name(value: Any) -> str:
    """Return the name of a target, given by name or as an object."""
    name = value if isinstance(value, str) else getattr(value, "name", None)
    if not isinstance(name, str) or not name:
        raise RunConfigurationException(
            f"A target is given by its name, such as 'local', not as {value!r:.60}."
        )
    return name


def _refuse(**given: Any) -> None:
    for name, value in given.items():
        if value is not None:
            raise RunConfigurationException(
                f"{name} is not supported: scripts run as one process on this machine."
            )
