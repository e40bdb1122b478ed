"""The language of ignore files, beside git's own reading of it."""

import subprocess
from pathlib import Path

import pytest

from studio.client.folder import read_folder
from studio.client.ignore import is_ignored, read_rules

PATHS = [
    "a.py",
    "a.pyc",
    "b.log",
    "important.log",
    "data/a.csv",
    "data/keep.csv",
    "data/deep/a.csv",
    "data/deep/er/a.csv",
    "lib/a.py",
    "lib/data/a.csv",
    "lib/build/x",
    "build/x",
    "build/y/z",
    "docs/build/x",
    "foo/bar",
    "foo/x/bar",
    "foo/x/y/bar",
    "x/foo/bar",
    "abc/one",
    "abc/two/three",
    "#hash",
    "!bang",
    "space ",
    " lead",
    "tab\tname",
    "star*name",
    "back[1].txt",
    "back1.txt",
    "a-b",
    "q1",
    "q2",
    "qz",
    "Q1",
    "ä.txt",
    "deep/nested/.env",
    "deep/nested/a.tmp",
    "deep/a.tmp",
    "temp/a.tmp",
    "temp/keep/a.tmp",
    "n]x",
    "n-x",
    "frotz",
    "sub/frotz/file",
    "sub/*lit",
]
IGNORES = [
    "*.log\n!important.log",
    "build/",
    "/build",
    "/build/",
    "build",
    "data/*\n!data/keep.csv",
    "data/**\n!data/deep/\n!data/deep/a.csv",
    "**/build",
    "**/a.csv",
    "data/**/a.csv",
    "foo/**/bar",
    "foo/**",
    "abc/**",
    "**/foo/bar",
    "foo/*/bar",
    "f*r",
    "foo/b?r",
    "# comment\n\\#hash",
    "\\!bang",
    "!bang",
    "space\\ ",
    "space ",
    "space \\ ",
    " lead",
    "tab\tname",
    "star\\*name",
    "star*name",
    "back[[]1].txt",
    "back[1].txt",
    "back[1",
    "q[12]",
    "q[!12]",
    "q[^1]",
    "q[a-z]",
    "q[z-a]",
    "[[:upper:]]1",
    "[[:alpha:]][[:digit:]]",
    "[[:nonsense:]]1",
    "n[]x]x",
    "n[]-]x",
    "n[!]]x",
    "a[,-.]b",
    "*",
    "*\n!*.py\n!*/",
    "/*\n!/lib",
    "/*\n!/lib/\n/lib/*\n!/lib/a.py",
    "**",
    "/**",
    "**/",
    "*/",
    "/",
    "//",
    "a.py/",
    "frotz/",
    "sub/frotz/",
    "sub/\\*lit",
    "sub/*lit",
    "ä.*",
    "trailing\\",
    "a.py\\",
    "a.py\r\n*.log\r",
    "\ufeffa.py",
    "**foo/bar",
    "foo**bar",
    "foo/***/bar",
    "data/deep/**/",
    "deep/nested/*",
    "./a.py",
    "lib/../a.py",
    "?.py",
    "??.py",
    "[a]*",
    "[",
    "]",
    "\\",
    "a[/]b",
    "foo[/]bar",
    "*.py[cod]",
    ".env",
    ".*",
]
NESTED = [
    {"": "*.tmp", "deep": "!a.tmp"},
    {"": "*.csv", "data": "!*.csv\n/deep/"},
    {"": "/temp/*\n!/temp/keep", "temp": "*.tmp"},
    {"": "a.*", "lib": "!/a.py", "lib/data": "!a.csv"},
    {"deep": "nested/*.tmp\n/a.tmp", "deep/nested": "!a.tmp"},
    {"data": "*", "data/deep": "!a.csv"},
    {"lib": "/build"},
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def git_keeps(root: Path) -> set[str]:
    """What git would add: everything that it does not ignore."""
    words = ["git", "-c", "core.excludesFile=/dev/null", "ls-files", "-z", "--others", "--exclude-standard"]
    found = subprocess.run(words, cwd=root, capture_output=True, check=True).stdout
    return set(found.decode().split("\0")) - {""}


def we_keep(root: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr("studio.client.folder.DEFAULTS", "")
    found = read_folder(root)
    # A name that no snapshot can hold is not ignored: it is left out, and told.
    return {source.path for source in found.files} | {path for path, _ in found.left_out}


@pytest.mark.parametrize("text", IGNORES)
def test_an_ignore_file_means_what_it_means_to_git(
    tree: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / ".gitignore").write_bytes(text.encode())
    assert we_keep(tree, monkeypatch) == git_keeps(tree)
    (tree / ".gitignore").unlink()


@pytest.mark.parametrize("files", NESTED)
def test_ignore_files_in_folders_go_before_those_above(
    tree: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, text in files.items():
        (tree / folder / ".gitignore").write_text(text)
    assert we_keep(tree, monkeypatch) == git_keeps(tree)
    for folder in files:
        (tree / folder / ".gitignore").unlink()


@pytest.mark.parametrize("text", IGNORES)
def test_a_single_path_is_judged_as_git_check_ignore_does(tree: Path, text: str) -> None:
    (tree / ".gitignore").write_bytes(text.encode())
    rules = read_rules(text)
    tops = [path for path in PATHS if "/" not in path]
    words = ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "-z", "--stdin"]
    asked = "\0".join(tops).encode()
    found = subprocess.run(words, cwd=tree, input=asked, capture_output=True, check=False).stdout
    theirs = set(found.decode().split("\0")) - {""}
    (tree / ".gitignore").unlink()
    assert {path for path in tops if is_ignored(rules, path, is_folder=False)} == theirs


def test_amlignore_stands_in_the_place_of_gitignore(tmp_path: Path) -> None:
    for name in ("a.py", "b.py", "c.py", "lib/b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("a.py")
    (tmp_path / ".amlignore").write_text("/b.py")
    kept = {source.path for source in read_folder(tmp_path).files}
    assert kept == {".amlignore", ".gitignore", "a.py", "c.py", "lib/b.py"}


def test_what_no_program_is_made_of_is_left_out_unless_taken_in_again(tmp_path: Path) -> None:
    for name in (
        *(".git/config", ".env", "lib/.env", ".venv/x.py", "lib/__pycache__/a.pyc", "outputs/model.pt"),
        *("lib/outputs/x", ".ssh/id_rsa", "node_modules/x/y.js", "train.py", "logs/a.txt", ".env.example"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [source.path for source in read_folder(tmp_path).files] == [
        ".env.example",
        "lib/outputs/x",
        "train.py",
    ]
    (tmp_path / ".amlignore").write_text("!.env\n!/logs/\n!.git/\n")
    kept = {source.path for source in read_folder(tmp_path).files}
    assert {".env", "lib/.env", "logs/a.txt"} < kept and ".git/config" not in kept
