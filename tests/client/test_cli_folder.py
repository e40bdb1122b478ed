"""`studio folder attach`, and `studio run submit-script` in an attached folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, RunConfiguration, Workspace
from studio.client.cli import make_parser, run_submit
from studio.client.errors import UserErrorException
from studio.client.folder import read_folder
from tests.client.conftest import ROOT, Cli

SCRIPT = """
import sys
from studio import Run
run = Run.get_context()
run.log("answer", 42)
print("Hello", sys.argv[1:])
sys.exit(int(sys.argv[-1]))
"""


@pytest.fixture
def cli(live_cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return live_cli


@pytest.fixture
def project(home: Path) -> Path:
    folder = home / "cli-project"
    folder.mkdir()
    (folder / "train.py").write_text(SCRIPT)
    return folder


def test_a_folder_is_attached(cli: Cli, live_studio: Any, home: Path) -> None:
    found = cli.json("folder", "attach", "--path", "cli-attached")
    assert found == {
        "experiment_name": "cli-attached",
        "workspace_name": "default",
        "url": live_studio.url,
        "project_path": str(home / "cli-attached"),
        "written": [".studio/config.json", ".amlignore", ".studio/local"],
    }
    folder = home / "cli-attached"
    config = {"url": live_studio.url, "workspace": "default", "experiment": "cli-attached"}
    assert json.loads((folder / ".studio/config.json").read_text()) == config
    assert RunConfiguration.load(folder, "local").target == "local"
    (folder / ".amlignore").write_text("mine")
    (folder / ".studio/local").write_text("script: mine.py")
    assert cli.json("folder", "attach", "--path", "cli-attached")["written"] == []
    again = cli.json("folder", "attach", "--path", "cli-attached", "-e", "cli-other")
    assert again["written"] == [".studio/config.json"] and (folder / ".amlignore").read_text() == "mine"
    assert "cli-other" in cli.json("experiment", "list", "[].name")


def test_what_commands_fetch_into_the_folder_is_not_kept_with_later_runs(cli: Cli, project: Path) -> None:
    cli.json("folder", "attach", "--path", "cli-project", "-e", "cli-ignored")
    for name in ("outputs/model.bin", "assets/some-run/log.txt", "snapshot-some-run/train.py", "lib/data.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    kept = {one.path for one in read_folder(project).files}
    assert kept == {".amlignore", "train.py", "lib/data.py"}


def test_a_folder_that_cannot_be_attached_is_left_alone(cli: Cli, home: Path) -> None:
    said = cli.refused("folder", "attach", "--path", "two words")
    assert "No whitespace is allowed. 'two words' is not like that: name another with -e." in said
    (home / "file").touch()
    assert "exists and is not a directory" in cli.refused("folder", "attach", "--path", "file")
    assert "workspace" in cli.refused("folder", "attach", "--path", "new", "-w", "nowhere")
    assert not (home / "two words").exists() and not (home / "new").exists()


def test_commands_in_an_attached_folder_are_about_its_experiment(
    cli: Cli, live_studio: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Workspace.from_config(url=live_studio.url, token=live_studio.token, workspace="default")
    made = [
        space.client.post("workspaces/default/runs/", {"experiment": name})
        for name in ("cli-here", "cli-there")
    ]
    cli.json("folder", "attach", "--path", "inside", "-e", "cli-here")
    (home / "inside" / "deeper").mkdir()
    for path in ("inside", "inside/deeper"):
        listed = cli.json("run", "list", "--path", path, "--query", "[].id")
        assert listed == [made[0]["id"]], path
    assert made[1]["id"] in cli.json(
        "run", "list", "--path", "inside", "--all-experiments", "--query", "[].id"
    )
    assert cli.json("experiment", "show", "--path", "inside")["name"] == "cli-here"
    assert "Name the experiment" in cli.refused("experiment", "show", code=2)
    assert cli.json("run", "show", "-r", "1", "--path", "inside")["id"] == made[0]["id"]
    assert cli.json("run", "show", "-r", made[1]["id"], "--path", "inside")["experiment"] == "cli-there"
    assert [run["id"] for run in cli.json("run", "list", "--path", "inside", "-e", "cli-there")] == [
        made[1]["id"]
    ]


def test_the_experiment_of_another_studio_does_not_count(
    fake_cli: Cli, studio: Any, experiment: Experiment
) -> None:
    with experiment.start_logging():
        pass
    folder = Path(".studio")
    folder.mkdir()
    other = {"url": "http://127.0.0.1:9", "workspace": "default", "experiment": "elsewhere"}
    (folder / "config.json").write_text(json.dumps(other))
    assert len(fake_cli.json("run", "list")) == 1
    (folder / "config.json").write_text(json.dumps({**other, "url": studio.url}))
    assert fake_cli.json("run", "list") == []


def test_a_script_is_submitted_shown_and_told_how_it_ended(cli: Cli, project: Path) -> None:
    cli.json("folder", "attach", "--path", "cli-project", "-e", "cli-submitted")
    asked = ("run", "submit-script", "--path", "cli-project")
    code, out, err = cli(*asked, "-o", "none", "--", "train.py", "--lr", "0.5", "0")
    assert code == 0, err
    assert "Hello ['--lr', '0.5', '0']\n\nExecution Summary" in out
    newest = cli.json("run", "list", "--path", "cli-project", "--last", "1", "--query", "[0]")
    assert (newest["status"], newest["metrics"]) == ("Completed", {"answer": 42})
    assert (newest["script"], newest["arguments"]) == ("train.py", ["--lr", "0.5", "0"])
    code, out, err = cli(*asked, "-o", "none", "train.py", "3")
    assert code == 1 and "ended as Failed" in err


def test_a_script_is_submitted_and_left_alone(cli: Cli, project: Path) -> None:
    asked = ("run", "submit-script", "-e", "cli-async", "--source-directory", "cli-project", "--async")
    begun = cli.json(*asked, "train.py", "0")
    assert begun["experiment"] == "cli-async" and begun["status"] in ("NotStarted", "Running", "Completed")
    assert cli("run", "monitor-logs", "-r", begun["id"], "-o", "none")[0] == 0


def test_what_cannot_be_submitted_is_told(cli: Cli, project: Path) -> None:
    here = ("run", "submit-script", "-e", "cli-refused", "--path", "cli-project")
    assert "Please specify the script" in cli.refused(*here, code=2)
    assert "script path doesn't exist" in cli.refused(*here, "nope.py")
    assert "There is no run configuration 'nope'" in cli.refused(*here, "-c", "nope", "train.py")
    assert "does not exist" in cli.refused(*here, "--ct", "nowhere", "train.py")
    assert "Name the experiment: -e NAME" in cli.refused("run", "submit-script", "train.py", code=2)


def test_a_configuration_gives_what_is_not_given(project: Path, capsys: Any) -> None:
    saved = RunConfiguration("train.py", ["--a", "1"])
    saved.save(project, "small")
    (project / "packages.yml").write_text("dependencies: [numpy]")
    words = [
        "run",
        "submit-script",
        "--path",
        str(project),
        "-c",
        "small",
        "-d",
        str(project / "packages.yml"),
    ]
    config = run_submit.config_of(make_parser().parse_args(words))
    assert (config.script, config.arguments, config.source_directory) == (
        "train.py",
        ["--a", "1"],
        str(project),
    )
    assert config.run_config.environment.python.conda_dependencies == {"dependencies": ["numpy"]}
    assert "nothing is installed" in capsys.readouterr().err
    config = run_submit.config_of(make_parser().parse_args([*words, "other.py", "--b"]))
    assert (config.script, config.arguments) == ("other.py", ["--b"])
    (project / "packages.yml").write_text("a: [")
    with pytest.raises(UserErrorException, match="is not YAML"):
        run_submit.config_of(make_parser().parse_args(words))
