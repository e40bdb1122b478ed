"""What git knows of the sources is noted with a run, without secrets and without running anything."""

import subprocess
from pathlib import Path

import pytest

from studio import Experiment
from studio.client.git import git_diff, git_dirty, git_properties, without_credentials


@pytest.fixture
def experiment(live_experiment: Experiment) -> Experiment:
    return live_experiment


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


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
