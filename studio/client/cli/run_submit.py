"""`studio run submit-script`: a script of this folder, run as `Experiment.submit` runs it."""

import argparse
from pathlib import Path

from studio.client.cli.output import show
from studio.client.cli.parsing import Noun, UsageException
from studio.client.cli.place import NO_EXPERIMENT, experiment_of, workspace_of
from studio.client.cli.run_logs import follow
from studio.client.errors import UserErrorException
from studio.client.experiment import Experiment
from studio.client.notices import warn
from studio.client.script import RunConfiguration, ScriptRunConfig

COLUMNS = ("id", "display_name", "experiment", "status", "target", "script")
NO_SCRIPT = "Please specify the script to run either via parameter or in the runconfig."


def add(noun: Noun) -> None:
    """Add the command."""
    parser = noun.add(
        "submit-script",
        submit_script,
        "run a script as a run and show what it prints",
        "-e digits train.py --lr 0.1",
    )
    add = parser.add_argument
    add(
        "-e",
        "--experiment-name",
        metavar="NAME",
        help="the experiment (default: that of the attached folder)",
    )
    add(
        "-c",
        "--run-configuration-name",
        metavar="NAME",
        help="a run configuration that was saved in .studio of the folder, such as local",
    )
    add("--source-directory", type=Path, metavar="DIR", help="the folder of the script (default: --path)")
    add("--ct", "--target", dest="target", metavar="TARGET", help="the compute target (default: local)")
    add(
        "-d",
        "--conda-dependencies",
        type=Path,
        metavar="FILE",
        help="packages, kept with the run; nothing is installed on this machine",
    )
    add("--async", dest="is_async", action="store_true", help="return at once; the run goes on")
    add(
        "script",
        nargs=argparse.REMAINDER,
        metavar="SCRIPT [ARGUMENT …]",
        help="the script, in the folder, and what it is given; options of studio stand before it",
    )


def submit_script(arguments: argparse.Namespace) -> int:
    """Submit it; unless `--async`, show its log until it ends. 1 when it did not complete."""
    workspace = workspace_of(arguments)
    name = experiment_of(arguments, workspace)
    if not name:
        raise UsageException(NO_EXPERIMENT)
    config = config_of(arguments)
    run = Experiment(workspace, name).submit(config)
    if arguments.is_async:
        return show(run._fetch(), arguments, COLUMNS)
    return follow(run, arguments)


def config_of(arguments: argparse.Namespace) -> ScriptRunConfig:
    """Return what is to be run. Raises for a configuration, folder or file that is not there."""
    source: Path = arguments.source_directory or Path(arguments.path)
    named = arguments.run_configuration_name
    configuration = RunConfiguration.load(arguments.path, named) if named else RunConfiguration()
    if arguments.target:
        configuration.target = arguments.target
    if arguments.conda_dependencies:
        _take_packages(configuration, arguments.conda_dependencies)
    words = arguments.script[1:] if arguments.script[:1] == ["--"] else arguments.script
    if not words:
        if not (configuration.script or configuration.command):
            raise UsageException(NO_SCRIPT)
        return ScriptRunConfig(source, run_config=configuration)
    return ScriptRunConfig(source, words[0], words[1:], run_config=configuration)


def _take_packages(configuration: RunConfiguration, file: Path) -> None:
    if not file.is_file():
        raise UserErrorException(f"There is no file {file}.")
    import yaml

    try:
        configuration.environment.python.conda_dependencies = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as mistake:
        raise UserErrorException(f"{file} is not YAML: {mistake}") from None
    if configuration.target == "local":
        warn("nothing is installed for a script on this machine: it runs with the packages that are here.")
