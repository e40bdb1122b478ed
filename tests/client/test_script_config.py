"""What a script needs to be run: ScriptRunConfig and RunConfiguration, and its file."""

import sys
from pathlib import Path

import pytest

from studio import Environment, LocalTarget, RunConfiguration, ScriptRunConfig
from studio.exceptions import RunConfigurationException, UserErrorException

CLOUDS = """
script: train.py
arguments: [--lr, 0.1]
target: local
framework: Python
communicator: None
maxRunDurationSeconds: 60
nodeCount: 1
environment:
  name: own
  python:
    interpreterPath: python3
    userManagedDependencies: true
  environmentVariables: {GREETING: hi}
history:
  outputCollection: true
  directoriesToWatch: [logs]
mpi: {processCountPerNode: 1}
"""


def test_a_configuration_comes_back_as_it_was_saved(home: Path) -> None:
    config = RunConfiguration("train.py", ["--lr", 0.1, "two words"])
    config.target = LocalTarget()
    config.environment_variables = {"N": 3}
    config.max_run_duration_seconds = 60
    config.save(home, "mine")
    assert (home / ".studio" / "mine").is_file()
    found = RunConfiguration.load(home, "mine")
    assert (found.script, found.arguments, found.target) == (
        "train.py",
        ["--lr", "0.1", "two words"],
        "local",
    )
    assert (found.environment_variables, found.max_run_duration_seconds) == ({"N": "3"}, 60)
    RunConfiguration.delete(home, "mine")
    with pytest.raises(RunConfigurationException, match="There is no run configuration 'mine' in"):
        RunConfiguration.load(home, "mine")


def test_a_file_of_the_clouds_is_read_and_keeps_what_is_not_ours(home: Path) -> None:
    (home / ".azureml").mkdir()
    (home / ".azureml" / "sklearn.runconfig").write_text(CLOUDS)
    config = RunConfiguration.load(home, "sklearn")
    assert (config.script, config.arguments, config.max_run_duration_seconds) == (
        "train.py",
        ["--lr", 0.1],
        60,
    )
    assert config.environment_variables == {"GREETING": "hi"}
    assert config.environment.python.interpreter_path == "python3"
    config.save(home, "again")
    assert "processCountPerNode: 1" in (home / ".studio" / "again").read_text()


def test_the_environment_may_have_a_file_of_its_own(home: Path) -> None:
    config = RunConfiguration("train.py")
    config.environment_variables["A"] = "b"
    config.save(home, "mine", separate_environment_yaml=True)
    assert (home / ".studio" / "environment.yml").is_file()
    assert RunConfiguration.load(home, "mine").environment_variables == {"A": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "is not YAML"),
        ("- a", "should hold keys and values"),
        ("nodeCount: many", "nodeCount in .* is a whole number, not 'many'"),
    ],
)
def test_a_file_that_is_not_right_says_why(home: Path, text: str, message: str) -> None:
    (home / "wrong.runconfig").write_text(text)
    with pytest.raises(RunConfigurationException, match=message):
        RunConfiguration.load(home / "wrong.runconfig")


def test_without_pyyaml_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(RunConfigurationException, match="pip install PyYAML"):
        RunConfiguration().save(home)


def test_what_is_given_here_wins_over_the_configuration(capsys) -> None:
    base = RunConfiguration("other.py", ["a"])
    config = ScriptRunConfig(".", "train.py", ["b"], base, compute_target="gpu", environment=Environment())
    assert (config.script, config.arguments, config.run_config.target) == ("train.py", ["b"], "local")
    assert "what was given is ignored" in capsys.readouterr().err
    assert ScriptRunConfig(".", run_config=base).script == "other.py"


def test_the_words_of_the_command() -> None:
    assert ScriptRunConfig(".", "train.py", ["--n", 3]).command_line()[2:] == ["train.py", "--n", "3"]
    assert ScriptRunConfig(".", command="a | b").command_line() == ["/bin/sh", "-c", "a | b"]
    assert ScriptRunConfig(".", command=["a", 1]).command_line() == ["a", "1"]


def test_what_cannot_be_obeyed_is_refused() -> None:
    with pytest.raises(RunConfigurationException, match="distributed_job_config is not supported"):
        ScriptRunConfig(".", "train.py", distributed_job_config=object())
    with pytest.raises(UserErrorException, match="Give either command, or script and arguments"):
        ScriptRunConfig(".", "train.py", command="a")
    with pytest.raises(RunConfigurationException, match="A target is given by its name"):
        RunConfiguration().target = 3
