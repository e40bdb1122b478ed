"""`studio run download-snapshot`: unpacked where it is safe, with the command that starts it again."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment
from studio.client.cli import main
from studio.client.cli.run_snapshot import command_of
from studio.client.errors import UserErrorException
from studio.client.unpack import unpack
from tests.client.conftest import quiet


@pytest.fixture
def experiment(live_experiment: Experiment) -> Experiment:
    return live_experiment


def test_the_command_line_unpacks_it(
    experiment: Experiment,
    live_studio: Any,
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    with quiet(experiment) as run:
        taken = run.take_snapshot(sources)
    capsys.readouterr()
    again = tmp_path / "again"
    words = ["run", "download-snapshot", "-r", run.id, "-d", str(again)]
    assert main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["snapshot_id"], said["files"], said["folder"]) == (taken, 3, str(again))
    assert (again / "lib" / "data.py").read_bytes() == (sources / "lib" / "data.py").read_bytes()
    assert os.access(again / "run.sh", os.X_OK) and not os.access(again / "train.py", os.X_OK)
    assert main(words) == 1
    assert "is not empty" in capsys.readouterr().err
    assert main([*words, "--overwrite", "-o", "tsv"]) == 0
    assert main([*words[:4], "-d", str(tmp_path / "zips"), "--zip"]) == 0
    assert (tmp_path / "zips" / f"{taken}.zip").is_file()
    with quiet(experiment) as bare:
        pass
    assert main(["run", "download-snapshot", "-r", bare.id, "-d", str(tmp_path / "none")]) == 1
    assert "has no snapshot" in capsys.readouterr().err and not (tmp_path / "none").exists()


def test_a_zip_that_leads_out_of_its_folder_writes_nothing(tmp_path: Path) -> None:
    for name in ("../out.txt", "/out.txt", "a/../../out.txt", "a\\out.txt", "a/./b"):
        archive = tmp_path / "evil.zip"
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("fine.txt", "x")
            files.writestr(name, "x")
        with pytest.raises(UserErrorException, match="inside a folder"):
            unpack(archive, tmp_path / "folder")
        assert not (tmp_path / "folder").exists() and not (tmp_path / "out.txt").exists()


def test_a_link_that_lies_in_the_folder_is_not_written_through(tmp_path: Path) -> None:
    archive, folder, outside = tmp_path / "a.zip", tmp_path / "folder", tmp_path / "outside.txt"
    outside.write_text("mine")
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside)
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("a.txt", "theirs")
    unpack(archive, folder, overwrite=True)
    assert (outside.read_text(), (folder / "a.txt").read_text()) == ("mine", "theirs")


@pytest.mark.parametrize(
    ("definition", "command"),
    [
        (
            {"script": "train.py", "arguments": ["--rate", "0.1", "a b", "$(id)"]},
            "python train.py --rate 0.1 'a b' '$(id)'",
        ),
        ({"script": "train.py", "arguments": None}, "python train.py"),
        ({"script": "", "arguments": []}, None),
    ],
)
def test_a_command_is_ready_for_a_shell(definition: dict[str, Any], command: str | None) -> None:
    assert command_of(definition) == command
