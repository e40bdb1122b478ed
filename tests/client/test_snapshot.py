"""Snapshots by the SDK against a real server: taken, sent once, refused, restored."""

import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment
from studio.client import snapshot as snapshots
from studio.client.errors import SnapshotException, UserErrorException
from tests.client.conftest import names_in, quiet


@pytest.fixture
def experiment(live_experiment: Experiment) -> Experiment:
    return live_experiment


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose bytes travel."""
    names: list[str] = []
    content, large = snapshots.Snapshot._content, snapshots.Snapshot._send_large

    def noted(self: Any, entry: Any) -> Any:
        names.append(entry.source.path)
        return content(self, entry)

    def noted_large(self: Any, entry: Any) -> Any:
        names.append(entry.source.path)
        return large(self, entry)

    monkeypatch.setattr(snapshots.Snapshot, "_content", noted)
    monkeypatch.setattr(snapshots.Snapshot, "_send_large", noted_large)
    return names


def test_a_folder_is_kept_and_comes_back_as_a_zip(
    experiment: Experiment, sources: Path, tmp_path: Path
) -> None:
    with quiet(experiment) as run:
        assert run.get_snapshot_id() is None
        with pytest.raises(SnapshotException, match="has no snapshot"):
            run.restore_snapshot()
        taken = run.take_snapshot(sources)
    assert (run.get_snapshot_id(), run.get_properties()["ContentSnapshotId"]) == (taken, taken)
    path = run.restore_snapshot(path=tmp_path / "back")
    assert path == str(tmp_path / "back" / f"{taken}.zip")
    assert names_in(path) == {
        name: (sources / name).read_bytes() for name in ("train.py", "lib/data.py", "run.sh")
    }
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("run.sh").external_attr >> 16 == 0o100755
    other = quiet(experiment)
    assert names_in(other.restore_snapshot(taken, str(tmp_path))) == names_in(path)
    other.complete()
    with pytest.raises(SnapshotException, match="no snapshot nowhere"):
        run.restore_snapshot("nowhere")


def test_it_is_taken_once(experiment: Experiment, sources: Path) -> None:
    with quiet(experiment) as run:
        taken = run.take_snapshot(sources)
        assert run.take_snapshot(sources) == taken
        (sources / "train.py").write_text("other")
        with pytest.raises(SnapshotException) as refusal:
            run.take_snapshot(sources)
    assert refusal.value.message == f"Cannot take snapshot as the run already has one: {taken}"


def test_files_that_did_not_change_are_not_sent_again(
    experiment: Experiment, sources: Path, sent: list[str]
) -> None:
    (sources / "weights.bin").write_bytes(os.urandom(3_000_000))
    with quiet(experiment) as run:
        run.take_snapshot(sources)
    assert sorted(sent) == ["lib/data.py", "run.sh", "train.py", "weights.bin"]
    sent.clear()
    (sources / "lib" / "data.py").write_text(f"rows = {sources}")
    with quiet(experiment) as run:
        run.take_snapshot(sources)
    assert sent == ["lib/data.py"]


def test_one_file_is_a_snapshot_too(experiment: Experiment, sources: Path) -> None:
    with quiet(experiment) as run:
        run.take_snapshot(str(sources / "train.py"))
    assert list(names_in(run.restore_snapshot())) == ["train.py"]


def test_names_that_other_systems_cannot_hold_are_refused_by_the_studio(
    experiment: Experiment, sources: Path
) -> None:
    (sources / "README").write_text("x")
    (sources / "readme").write_text("x")
    with quiet(experiment) as run:
        with pytest.raises(SnapshotException, match="differ only in capitals"):
            run.take_snapshot(sources)
        assert run.get_snapshot_id() is None


def test_a_file_that_changes_after_its_hash_was_taken_arrives_as_it_was_sent(
    experiment: Experiment, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = sources / "large.bin"
    large.write_bytes(os.urandom(2_000_000))
    ask = snapshots.Snapshot._ask

    def asked(self: Any) -> set[str]:
        found = ask(self)
        large.write_bytes(os.urandom(2_500_000))
        (sources / "train.py").write_text("changed meanwhile")
        return found

    monkeypatch.setattr(snapshots.Snapshot, "_ask", asked)
    with quiet(experiment) as run:
        run.take_snapshot(sources)
    kept = names_in(run.restore_snapshot())
    assert kept["train.py"] == b"changed meanwhile"
    assert kept["large.bin"] == large.read_bytes()


def test_too_many_new_files_say_how_to_send_them_all_the_same(
    experiment: Experiment, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2001):
        (sources / f"{number}.txt").write_text(f"{sources} {number}")
    run = quiet(experiment)
    with pytest.raises(SnapshotException, match=r"2,004 new files.*STUDIO_SNAPSHOT_NO_FILE_LIMIT"):
        run.take_snapshot(sources)
    monkeypatch.setenv("STUDIO_SNAPSHOT_NO_FILE_LIMIT", "1")
    run.take_snapshot(sources)
    assert len(names_in(run.restore_snapshot())) == 2004
    run.complete()


def test_an_empty_folder_is_none(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with quiet(experiment) as run, pytest.raises(SnapshotException, match="no file that a snapshot"):
        run.take_snapshot(tmp_path / "empty")


def test_a_stream_is_no_folder(experiment: Experiment) -> None:
    with quiet(experiment) as run, pytest.raises((SnapshotException, UserErrorException)):
        run.take_snapshot("no/such/folder")
