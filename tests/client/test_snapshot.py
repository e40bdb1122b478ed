"""Snapshots by the SDK against a real server: taken, sent once, refused, restored; and what git knows."""

import json
import os
import re
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, ScriptRunConfig, Workspace
from studio.client import folder as folders
from studio.client import snapshot as snapshots
from studio.client.cli import main
from studio.client.cli.run_snapshot import command_of
from studio.client.errors import SnapshotException, UserErrorException
from studio.client.folder import read_folder
from studio.client.git import git_diff, git_dirty, git_properties, without_credentials
from studio.client.hashes import ChangingFile, Hashes
from studio.client.run import Run
from studio.client.unpack import unpack
from tests.client.conftest import ROOT


@pytest.fixture
def experiment(live_studio: Any) -> Iterator[Experiment]:
    space = Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )
    return Experiment(space, "snapshots")


@pytest.fixture
def sources(home: Path) -> Path:
    """A small program of its own content, so that no other test has sent it before."""
    root = home / "program"
    (root / "lib").mkdir(parents=True)
    (root / "train.py").write_text(f"print('hello')  # {home}\n")
    (root / "lib" / "data.py").write_text(f"rows = {str(home)!r}\n" * 100)
    (root / "run.sh").write_text(f"#!/bin/sh\n# {home}\n")
    (root / "run.sh").chmod(0o755)
    return root


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


def names_in(path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def quiet(experiment: Experiment) -> Run:
    return experiment.start_logging(snapshot_directory=None)


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


def test_an_empty_folder_is_none(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with quiet(experiment) as run, pytest.raises(SnapshotException, match="no file that a snapshot"):
        run.take_snapshot(tmp_path / "empty")


def test_git_is_noted_with_the_run(
    experiment: Experiment, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(sources, "init", "-q", "-b", "main")
    git(sources, "remote", "add", "origin", "https://ada:ghp_secret@example.org/ada/program.git")
    (sources / ".env").write_text("KEY=secret\n")
    git(sources, "add", "-A", "-f")
    git(sources, "commit", "-q", "-m", "first")
    commit = git(sources, "rev-parse", "HEAD")
    monkeypatch.chdir(sources)
    with experiment.start_logging(snapshot_directory=None, properties={"author": "ada"}) as run:
        assert run.properties["azureml.git.commit"] == commit
    assert run.get_properties() == {
        "author": "ada",
        "azureml.git.repository_uri": "https://example.org/ada/program.git",
        "mlflow.source.git.repoURL": "https://example.org/ada/program.git",
        "azureml.git.branch": "main",
        "mlflow.source.git.branch": "main",
        "azureml.git.commit": commit,
        "mlflow.source.git.commit": commit,
    }
    (sources / "train.py").write_text("print('changed')\n")
    (sources / ".env").write_text("KEY=more secret\n")
    with experiment.start_logging(snapshot_directory=None) as run:
        pass
    assert run.get_properties()["azureml.git.dirty"] == "True"
    difference = run._read_file("git/uncommitted.diff").decode()
    assert "+print('changed')" in difference and "secret" not in difference


def test_a_difference_is_bounded(sources: Path) -> None:
    git(sources, "init", "-q")
    git(sources, "add", "-A")
    git(sources, "commit", "-q", "-m", "first")
    assert git_diff(sources) == b"" and git_dirty(sources) == {}
    (sources / "train.py").write_text("x\n" * 2_000_000)
    found = git_diff(sources)
    assert found.endswith(b"larger than 1 MiB.\n") and len(found) < 1.01 * (1 << 20)


def test_what_the_environment_says_of_git_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_properties(tmp_path) == {}
    monkeypatch.setenv("STUDIO_GIT_COMMIT", "4f1c09e")
    monkeypatch.setenv("STUDIO_GIT_BUILD_ID", "77")
    assert git_properties(tmp_path) == {
        "azureml.git.commit": "4f1c09e",
        "mlflow.source.git.commit": "4f1c09e",
        "azureml.git.build_id": "77",
    }


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://ada:secret@example.org/a.git", "https://example.org/a.git"),
        ("https://token@example.org/a.git", "https://example.org/a.git"),
        ("https://a:b@c@example.org/a.git", "https://example.org/a.git"),
        ("ssh://git:secret@example.org/a.git", "ssh://git@example.org/a.git"),
        ("git@example.org:ada/a.git", "git@example.org:ada/a.git"),
        ("https://example.org/a@b.git", "https://example.org/a@b.git"),
        ("/srv/git/a.git", "/srv/git/a.git"),
    ],
)
def test_a_repository_is_named_without_credentials(address: str, clean: str) -> None:
    assert without_credentials(address) == clean


def test_a_repository_cannot_make_git_run_programs(sources: Path) -> None:
    git(sources, "init", "-q")
    git(sources, "add", "-A")
    git(sources, "commit", "-q", "-m", "first")
    touched = sources.parent / "touched"
    script = sources / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {touched}\n")
    script.chmod(0o755)
    git(sources, "config", "core.fsmonitor", str(script))
    git(sources, "config", "diff.external", str(script))
    (sources / ".gitattributes").write_text("*.py diff=evil\n")
    git(sources, "config", "diff.evil.textconv", str(script))
    touched.unlink(missing_ok=True)  # git's own `config` may have asked the monitor
    (sources / "train.py").write_text("changed")
    assert git_properties(sources) and git_dirty(sources) and b"+changed" in git_diff(sources)
    assert not touched.exists()


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


def test_a_stream_is_no_folder(experiment: Experiment) -> None:
    with quiet(experiment) as run, pytest.raises((SnapshotException, UserErrorException)):
        run.take_snapshot("no/such/folder")
