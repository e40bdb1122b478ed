"""Which files of a folder are taken, and when they are read again."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment
from studio.client import folder as folders
from studio.client.errors import SnapshotException
from studio.client.folder import read_folder
from studio.client.hashes import ChangingFile, Hashes
from tests.client.conftest import names_in, quiet


@pytest.fixture
def experiment(live_experiment: Experiment) -> Experiment:
    return live_experiment


def test_files_that_cannot_be_taken_are_told(
    experiment: Experiment, sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = sources.parent / "secret.txt"
    outside.write_text("secret")
    (sources / "inside.py").symlink_to("train.py")
    (sources / "away.txt").symlink_to(outside)
    (sources / "broken").symlink_to("nothing")
    (sources / "circle").symlink_to("circle")
    (sources / "folder").symlink_to("lib")
    (sources / "back\\slash").write_text("x")
    os.mkfifo(sources / "pipe")
    Path(os.fsdecode(os.fsencode(sources) + b"/\xff.txt")).write_text("x")
    with quiet(experiment) as run:
        run.take_snapshot(sources)
    kept = names_in(run.restore_snapshot())
    assert set(kept) == {"train.py", "inside.py", "lib/data.py", "run.sh"}
    assert kept["inside.py"] == kept["train.py"]
    assert "leaves out" in capsys.readouterr().err
    reasons = dict(read_folder(sources).left_out)
    assert reasons["away.txt"] == "is a link that leads out of the folder"
    assert reasons["folder"] == "is a link to a folder"
    assert reasons["pipe"] == "is no file"
    assert len(reasons) == 7


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_unreadable_files_are_told(experiment: Experiment, sources: Path) -> None:
    (sources / "train.py").chmod(0)
    with quiet(experiment) as run:
        run.take_snapshot(sources)
    assert "train.py" not in names_in(run.restore_snapshot())


def test_what_is_being_written_while_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = tmp_path / "log.txt"
    growing.write_text("x")

    def reads(stream: Any) -> str:
        with growing.open("a") as more:
            more.write("more")
        return "0" * 64

    monkeypatch.setattr("studio.client.hashes._digest", reads)
    with pytest.raises(ChangingFile):
        Hashes().of(growing)


def test_large_files_are_not_read_again_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr("studio.client.hashes._digest", lambda stream: read.append(1) or "a" * 64)
    place = tmp_path / "weights"
    place.write_bytes(b"x" * 300_000)
    os.utime(place, (1_700_000_000, 1_700_000_000))

    def asked() -> None:
        hashes = Hashes()
        hashes.of(place)
        hashes.close()

    asked()
    asked()
    assert len(read) == 1
    place.write_bytes(b"y" * 300_000)
    os.utime(place, (1_700_000_000, 1_700_000_000))
    asked()
    assert len(read) == 2  # the same size and time, and yet another change of the inode


def test_a_folder_of_fifty_gigabytes_is_known_to_be_too_much_at_once(tmp_path: Path) -> None:
    for number in range(50):
        with (tmp_path / f"{number}.bin").open("wb") as sparse:
            sparse.truncate(1 << 30)
    began = time.process_time()
    with pytest.raises(SnapshotException, match=r"exceeds the limit of 300\.0 MB.*\.bin \(1024\.0 MB\)"):
        read_folder(tmp_path)
    assert time.process_time() - began < 1


def test_too_many_entries_end_the_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_ENTRIES", 20)
    for number in range(30):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "x.pyc").write_text("x")
    with pytest.raises(SnapshotException, match=r"at least .* entries"):
        read_folder(tmp_path)
