"""Runs that keep the folder they are started in, by themselves, with a real server."""

import re
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, ScriptRunConfig, Workspace
from studio.client import folder as folders
from tests.client.conftest import ROOT, names_in, quiet


@pytest.fixture
def experiment(live_experiment: Experiment) -> Experiment:
    return live_experiment


def test_a_run_takes_its_folder_when_it_begins(
    experiment: Experiment, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    monkeypatch.chdir(sources)
    with experiment.start_logging() as run:
        run.log("loss", 1)
    assert set(names_in(run.restore_snapshot())) == {"train.py", "lib/data.py", "run.sh"}
    with experiment.start_logging(snapshot_directory="lib") as run:
        assert run.get_snapshot_id() is not None
    assert set(names_in(run.restore_snapshot())) == {"data.py"}
    with experiment.start_logging(snapshot_directory=None) as run:
        pass
    assert run.get_snapshot_id() is None


def test_a_snapshot_that_fails_is_told_and_the_training_goes_on(
    experiment: Experiment,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    monkeypatch.setattr(folders, "SNAPSHOT_BYTES", 10)
    with experiment.start_logging(snapshot_directory=sources) as run:
        run.log("loss", 1)
    said = capsys.readouterr().err
    assert f"Failed to take a snapshot of {sources}. Pass snapshot_directory=None to start_logging" in said
    assert "Your total snapshot size exceeds the limit" in said and "lib/data.py" in said
    assert (run.get_status(), run.get_snapshot_id()) == ("Completed", None)
    with experiment.start_logging(snapshot_directory="nowhere") as run:
        pass
    assert "There is no file or folder" in capsys.readouterr().err


def test_a_home_folder_is_not_taken_by_itself(
    experiment: Experiment,
    sources: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    monkeypatch.setenv("HOME", str(sources))
    monkeypatch.chdir(sources)
    with experiment.start_logging() as run:
        pass
    assert "is no folder of one program" in capsys.readouterr().err
    assert run.get_snapshot_id() is None
    assert run.take_snapshot(".")


def test_a_submitted_script_keeps_its_folder(
    experiment: Experiment, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    run = experiment.submit(ScriptRunConfig(source_directory=str(sources), script="train.py"))
    run.wait_for_completion()
    assert set(names_in(run.restore_snapshot())) == {"train.py", "lib/data.py", "run.sh"}


def test_a_run_that_is_run_again_names_its_origin(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_RESUBMITTED_FROM", "4f6c")
    with quiet(experiment) as run:
        pass
    assert run.get_properties() == {"resubmitted from": "4f6c"}


def test_offline_there_is_no_snapshot_and_that_is_said(
    live_studio: Any, sources: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    monkeypatch.setenv("STUDIO_MODE", "offline")
    monkeypatch.chdir(sources)
    space = Workspace.from_config(url=live_studio.url, token=live_studio.token)
    with Experiment(space, "offline").start_logging() as run:
        run.log("loss", 1)
    assert "Failed to take a snapshot" in capsys.readouterr().err


def test_what_the_document_shows_works_as_it_is_written(
    experiment: Experiment, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STUDIO_SNAPSHOT")
    for folder in ("src", "project"):
        (home / folder).mkdir()
        (home / folder / "train.py").write_text("print(1)")
    names: dict[str, Any] = {"experiment": experiment}
    text = (ROOT / "docs" / "sdk.md").read_text()
    for block in re.findall(r"```py\n(.*?)```", text, re.DOTALL):
        exec(block, names)
    assert names_in(names["zip_path"]) == {"train.py": b"print(1)"}
