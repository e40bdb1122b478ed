"""Run configurations as YAML files, in the form that the cloud writes. PyYAML is imported when it is needed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.errors import RunConfigurationException

if TYPE_CHECKING:
    from studio.client.script import Resources, RunConfiguration

FOLDERS = (".studio", ".azureml", "aml_config", ".")
NO_YAML = "Run configurations are YAML: install PyYAML with `pip install PyYAML`."
CONDA = "conda_dependencies.yml"


def _yaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise RunConfigurationException(NO_YAML) from None
    return yaml


def save(
    config: "RunConfiguration", path: str | Path | None, name: str | None, separate_environment: bool
) -> Path:
    """Write the configuration; return its file."""
    yaml = _yaml()
    given = Path(path or ".")
    # A path of two parts or with a suffix may name the file itself, as the cloud allows.
    file = given if name is None and given.suffix else given / ".studio" / (name or "local")
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = as_tree(config)
    conda = config.environment.python.conda_dependencies
    if conda is not None:
        (file.parent / CONDA).write_text(yaml.safe_dump(_conda_tree(conda), sort_keys=False))
    if separate_environment:
        (file.parent / "environment.yml").write_text(yaml.safe_dump(whole["environment"], sort_keys=False))
        whole["environment"] = "environment.yml"
    file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))
    return file


def as_tree(config: "RunConfiguration") -> dict[str, Any]:
    """Return the configuration under the keys of the file. What was loaded and is not ours stays as it was."""
    environment = config.environment
    command = config.command
    python = {
        "interpreterPath": environment.python.interpreter_path,
        "userManagedDependencies": environment.python.user_managed_dependencies,
        "condaDependenciesFile": CONDA if environment.python.conda_dependencies is not None else None,
    }
    return {
        **config._rest,
        "script": config.script,
        "arguments": [str(argument) for argument in config.arguments],
        "command": command
        if command is None or isinstance(command, str)
        else [str(word) for word in command],
        "target": config.target,
        "framework": config.framework,
        "communicator": config.communicator,
        "maxRunDurationSeconds": config.max_run_duration_seconds,
        "nodeCount": config.node_count,
        "resources": {key: value for key, value in vars(config.resources).items() if value is not None},
        "environment": {
            "name": environment.name,
            "version": environment.version,
            "python": python,
            "environmentVariables": dict(environment.environment_variables),
        },
        "history": config._rest.get("history")
        or {"outputCollection": True, "snapshotProject": True, "directoriesToWatch": ["logs"]},
    }


def find(path: str | Path, name: str | None) -> Path:
    """Return the file of a configuration. Raises RunConfigurationException that says where it was looked for."""
    given = Path(path)
    if given.is_file() and name is None:
        return given
    names = [name, f"{name}.runconfig"] if name else ["local", "local.runconfig"]
    places = [given / folder / file for folder in FOLDERS for file in names]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise RunConfigurationException(
            f"There is no run configuration {name or 'local'!r} in {given / '.studio'}; "
            f"RunConfiguration().save({str(given)!r}, {name or 'local'!r}) writes one."
        )
    return found


def load(path: str | Path, name: str | None) -> "RunConfiguration":
    """Read a configuration."""
    yaml = _yaml()
    file = find(path, name)
    try:
        tree = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as mistake:
        raise RunConfigurationException(f"{file} is not YAML: {mistake}") from None
    if not isinstance(tree, dict):
        raise RunConfigurationException(f"{file} should hold keys and values, such as `script: train.py`.")
    if isinstance(tree.get("environment"), str):
        tree["environment"] = yaml.safe_load((file.parent / tree["environment"]).read_text())
    return from_tree(tree, file)


def from_tree(tree: dict[str, Any], file: Path) -> "RunConfiguration":
    """Return the configuration of a file's keys; those that are not ours are kept for the next save."""
    from studio.client.script import RunConfiguration

    arguments = tree.get("arguments") or []
    config = RunConfiguration(
        tree.get("script"),
        arguments.split() if isinstance(arguments, str) else arguments,
        tree.get("framework"),
        tree.get("communicator"),
        command=tree.get("command") or None,
    )
    config.target = tree.get("target") or "local"
    config.max_run_duration_seconds = _whole(tree, "maxRunDurationSeconds", file)
    config.node_count = _whole(tree, "nodeCount", file) or 1
    config.resources = _resources(tree, file)
    environment = tree["environment"] if isinstance(tree.get("environment"), dict) else {}
    config.environment.name = str(environment.get("name") or "local")
    config.environment.version = environment.get("version")
    variables = {
        **(environment.get("environmentVariables") or {}),
        **(tree.get("environmentVariables") or {}),
    }
    config.environment_variables = variables
    python = environment.get("python") or {}
    config.environment.python.interpreter_path = python.get("interpreterPath") or "python"
    config.environment.python.user_managed_dependencies = bool(python.get("userManagedDependencies", True))
    known = as_tree(config)
    config._rest = {key: value for key, value in tree.items() if key not in known or key == "history"}
    return config


def _whole(tree: dict[str, Any], key: str, file: Path) -> int | None:
    value = tree.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise RunConfigurationException(f"{key} in {file} is a whole number, not {value!r}.")
    return value


def _resources(tree: dict[str, Any], file: Path) -> "Resources":
    from studio.client.script import Resources

    given = tree.get("resources") or {}
    known = [*vars(Resources())]
    if not isinstance(given, dict) or not set(given) <= set(known):
        raise RunConfigurationException(
            f"resources in {file} holds {', '.join(known)}, each if it is wanted."
        )
    return Resources(**given)


def _conda_tree(conda: Any) -> Any:
    """The cloud's object holds its tree as `_conda_dependencies`; a dict is one."""
    return getattr(conda, "_conda_dependencies", conda)
