"""What Tab gives: commands, options, choices and names that the studio knows, in real shells where they are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studio import Experiment
from tests.client.conftest import ROOT, Cli
from tests.client.fake_server import TOKEN, FakeStudio


def words(cli: Cli, *line: str) -> list[str]:
    """The words that may stand in the last place of the line."""
    code, out, err = cli("__complete", *line)
    assert (code, err) == (0, "")
    return [found.split("\t")[0] for found in out.splitlines()]


@pytest.fixture
def runs(experiment: Experiment) -> None:
    for name in ("first-run", "second-run"):
        with experiment.start_logging(run_id=name):
            pass


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (["exp"], ["experiment"]),
        (["run", "sub"], ["submit-script"]),
        (["ml", "run", "mon"], ["monitor-logs"]),
        (["run", "list", "--arch"], ["--archived"]),
        (["run", "list", "-o", "js"], ["json", "jsonc"]),
        (["run", "mark", "--as", "C"], ["Completed", "Canceled"]),
        (["run", "download-logs", "-d", ""], [":files"]),
        (["run", "submit-script", "tr"], [":files"]),
        (["completion", "b"], ["bash"]),
        (["token", "create", "--days", "9"], ["90"]),
        (["nonsense", ""], []),
        (["run", "list", "--last", ""], []),
        (["version", ""], ["--help", "--workspace-name", "--path", "--query", "--output", "--output-metadata-file",
                           "--verbose", "--debug"]),
    ],
)  # fmt: skip
def test_words_of_the_command_line_are_completed(fake_cli: Cli, line: list[str], wanted: list[str]) -> None:
    assert words(fake_cli, *line) == wanted


def test_names_that_the_studio_knows_are_completed(fake_cli: Cli, runs: None) -> None:
    assert words(fake_cli, "run", "list", "-e", "") == ["digits"]
    assert words(fake_cli, "run", "show", "-r", "") == ["first-run", "second-run"]
    assert words(fake_cli, "run", "show", "-e", "other", "-r", "") == []
    assert words(fake_cli, "run", "show", "-e", "digits", "-r", "sec") == ["second-run"]
    assert fake_cli("__complete", "run", "show", "-r", "sec")[1] == "second-run\tdigits/2 Completed\n"


def test_names_of_compute_targets_are_completed(live_cli: Cli) -> None:
    live_cli("computetarget", "attach", "slurm", "-n", "tab-cluster", "--disable")
    for asked in (
        ("run", "submit-script", "--target"),
        ("run", "list", "--compute-target-name"),
        ("computetarget", "show", "-n"),
    ):
        assert words(live_cli, *asked, "tab-") == ["tab-cluster"]
        assert words(live_cli, *asked, "lo") == ["local"]
    assert words(live_cli, "computetarget", "attach", "slurm", "-n", "") == []
    live_cli("computetarget", "detach", "-n", "tab-cluster")


def test_where_no_studio_answers_nothing_is_said(fake_cli: Cli, studio: FakeStudio, runs: None) -> None:
    studio.stop()
    assert words(fake_cli, "run", "show", "-r", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_says_how_it_is_used(fake_cli: Cli, shell: str) -> None:
    code, out, _ = fake_cli("completion", shell)
    assert code == 0 and "studio __complete" in out
    assert shell in fake_cli("completion", "--help")[1]
    assert "bash, zsh, fish" in fake_cli.refused("completion", "tcsh", code=2)


ASKED = {
    "bash": """
        source <(studio completion bash)
        COMP_WORDS=(studio run show -r sec) COMP_CWORD=4
        compopt() { :; }
        _studio; echo "${COMPREPLY[@]}"
        COMP_WORDS=(studio run download -d li) COMP_CWORD=4
        _studio; echo "${COMPREPLY[@]}"
    """,
    "zsh": """
        autoload -U compinit && compinit -u -D
        source <(studio completion zsh)
        _describe() { print -l -- ${(P)${@[-1]}} }
        _files() { print library }
        words=(studio run show -r sec) CURRENT=5
        _studio | cut -d: -f1
        words=(studio run download -d li) CURRENT=5
        _studio
    """,
    "fish": """
        studio completion fish | source
        complete -C 'studio run show -r sec' | string split -f1 \\t
        complete -C 'studio run download -d li'
    """,
}


@pytest.mark.parametrize("shell", ASKED)
def test_a_real_shell_completes(environment: dict[str, str], runs: None, home: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (home / "library").touch()
    program = home / "bin" / "studio"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m studio.client.cli "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    asked = {**environment, "PATH": path, "HOME": str(home), "STUDIO_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    flags = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    ended = subprocess.run(
        [shell, *flags, "-c", ASKED[shell]], env=asked, cwd=home, capture_output=True, text=True, check=False
    )
    assert ended.stdout.split() == ["second-run", "library"], ended.stderr
