"""What the bootstrap decides: which requirements a command needs, and whether .venv holds them."""

import importlib.util
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from studio import bootstrap, bootstrap_install

PROJECT: dict[str, Any] = {
    "project": {
        "name": "run-studio",
        "dependencies": ["jmespath>=1.0"],
        "optional-dependencies": {"server": ["django>=5.2"], "demo": ["scikit-learn"], "monitor": ["psutil"]},
    },
    "dependency-groups": {
        "lint": ["ruff"],
        "dev": ["run-studio[server, demo]", "pytest", {"include-group": "lint"}],
    },
    "build-system": {"requires": ["hatchling"]},
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with a .venv whose Python is this one, and no stamp."""
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").write_text("home = /usr/bin\n")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", venv)
    monkeypatch.setattr(bootstrap, "STAMP", venv / "run-studio.json")
    monkeypatch.setattr(bootstrap, "INSTALLING", venv / "run-studio.installing")
    monkeypatch.setattr(bootstrap, "read_project", lambda: PROJECT)
    return tmp_path


def test_extras_of_the_project_itself_are_expanded() -> None:
    assert bootstrap.requirements(PROJECT, ["dev"]) == [
        "django>=5.2",
        "jmespath>=1.0",
        "pytest",
        "ruff",
        "scikit-learn",
    ]
    assert bootstrap.requirements(PROJECT, ["server"]) == ["django>=5.2", "jmespath>=1.0"]


@pytest.mark.parametrize(
    ("command", "arguments", "database", "sets"),
    [
        ("test", ["--postgres"], "", ["dev"]),
        ("up", [], "", ["server", "monitor"]),
        ("up", ["--demo"], "", ["server", "monitor", "demo"]),
        ("up", [], "postgres://db/x", ["server", "monitor", "postgres"]),
        ("migrate", [], "", ["server"]),
    ],
)
def test_each_command_asks_for_what_it_needs(
    command: str, arguments: list[str], database: str, sets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database)
    assert bootstrap.sets_for(command, arguments) == sets


def test_every_set_of_the_real_project_can_be_read() -> None:
    found = bootstrap.requirements(bootstrap.read_project(), ["dev", "server", "monitor", "demo", "postgres"])
    assert any(line.startswith("pytest") for line in found)
    assert not any(line.startswith("run-studio") for line in found)


def test_a_finished_installation_serves_every_smaller_set(checkout: Path) -> None:
    needed = bootstrap.requirements(PROJECT, ["server"])
    assert not bootstrap.is_stamped(needed)
    bootstrap.write_stamp(bootstrap.requirements(PROJECT, ["dev"]))
    assert bootstrap.is_stamped(needed)
    assert not bootstrap.is_stamped([*needed, "django>=6"])


def test_another_python_or_another_place_is_not_taken_for_finished(checkout: Path) -> None:
    bootstrap.write_stamp(["pytest"])
    assert bootstrap.is_stamped(["pytest"], sys.version_info[:2])
    assert not bootstrap.is_stamped(["pytest"], (3, 99))
    stamp = json.loads(bootstrap.STAMP.read_text())
    bootstrap.STAMP.write_text(json.dumps({**stamp, "root": "/elsewhere"}))
    assert not bootstrap.is_stamped(["pytest"])


def test_an_interrupted_installation_is_not_built_upon(checkout: Path) -> None:
    bootstrap.write_stamp(["pytest"])
    assert bootstrap.installed_before() == ["pytest"]
    bootstrap.INSTALLING.touch()
    assert bootstrap.installed_before() is None


def test_an_environment_that_uv_made_is_built_upon(checkout: Path) -> None:
    assert bootstrap.installed_before() is None
    (bootstrap.VENV / "pyvenv.cfg").write_text("uv = 0.13\n")
    assert bootstrap.installed_before() == []


def test_what_the_project_no_longer_asks_for_is_dropped(checkout: Path) -> None:
    bootstrap.write_stamp(["pytest", "an-old-one>=1"])
    assert bootstrap.installed_before() == ["pytest"]


def test_a_link_to_another_environment_gives_way_to_one_of_its_own(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "theirs"
    bootstrap.VENV.rename(theirs)
    bootstrap.VENV.symlink_to(theirs)
    monkeypatch.setattr(bootstrap_install, "make_environment", lambda folder, *, afresh: folder.mkdir())
    monkeypatch.setattr(bootstrap_install, "install", lambda *_, **__: None)
    monkeypatch.setattr(bootstrap_install, "version_of", lambda _: "3.11")
    bootstrap.prepare(["pytest"], 0)
    assert not bootstrap.VENV.is_symlink() and bootstrap.STAMP.exists()
    assert sorted(path.name for path in theirs.iterdir()) == ["bin", "pyvenv.cfg"]


def test_the_second_call_waits_for_the_first(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entered = threading.Event()

    def second_call() -> None:
        with bootstrap.locked():
            entered.set()

    with bootstrap.locked():
        second = threading.Thread(target=second_call)
        second.start()
        assert not entered.wait(0.1)
    second.join()
    assert entered.is_set()
    assert "waiting for it" in capsys.readouterr().out


def test_without_any_installer_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as ended:
        bootstrap_install.make_environment(tmp_path / ".venv", afresh=True)
    assert "apt-get install python3-venv" in str(ended.value)


def test_a_failed_installation_shows_the_installers_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = [sys.executable, "-c", "print('no such package'); raise SystemExit(1)"]
    monkeypatch.setattr(bootstrap_install, "installers", lambda _folder: [failing])
    lock = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(SystemExit) as ended:
        bootstrap_install.install(tmp_path, tmp_path, [], lock=lock)
    os.close(lock)
    assert "no such package" in capsys.readouterr().out
    assert "run the same command again" in str(ended.value)
