"""The floors and doors: what may import what, and where changes are made."""

import ast
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOORS = ["runs/web", "runs/api", "runs/mlflow_api", "runs/worker.py"]
WRITES = {
    "save",
    "create",
    "update",
    "delete",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "acreate",
    "asave",
    "aupdate",
    "adelete",
}


def sources(*places: str) -> list[Path]:
    """The Python files of these files and folders."""
    found: list[Path] = []
    for place in places:
        path = ROOT / place
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


def calls(path: Path) -> list[tuple[int, str]]:
    """Each method call in the file: its line and the method's name."""
    tree = ast.parse(path.read_text())
    return [
        (node.lineno, node.func.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]


def imports(path: Path) -> set[str]:
    """The modules that the file imports, at any depth of indentation."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", sources(*DOORS), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_door_changes_nothing_by_itself(path):
    written = [f"line {line}: .{name}()" for line, name in calls(path) if name in WRITES]
    assert not written, f"{path.name} writes; call an action instead: {written}"


@pytest.mark.parametrize("path", sources("runs/actions"), ids=lambda path: path.name)
def test_an_action_touches_only_the_database(path):
    forbidden = {"subprocess", "smtplib", "socket", "urllib", "http", "requests", "rest_framework"}
    found = {module for module in imports(path) if module.split(".")[0] in forbidden}
    assert not found and "django.http" not in imports(path) and "django.core.mail" not in imports(path)


@pytest.mark.parametrize("path", sources("runs", "studio"), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_unpickles_or_evaluates(path):
    modules = {module.split(".")[0] for module in imports(path)}
    assert not modules & {"pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
    tree = ast.parse(path.read_text())
    names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not names & {"eval", "exec"}


def test_the_client_imports_with_nothing_but_the_standard_library():
    code = (
        "import sys, builtins; real = builtins.__import__\n"
        "def guard(name, *a, **k):\n"
        "    top = name.split('.')[0]\n"
        "    if top in ('django', 'rest_framework', 'numpy', 'runs', 'jmespath', 'yaml', 'orjson'):\n"
        "        raise ImportError('not here: ' + name)\n"
        "    return real(name, *a, **k)\n"
        "builtins.__import__ = guard\n"
        "from studio import VERSION, Experiment, Run, Workspace\n"
        "print(VERSION, 'django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [__import__("studio").VERSION, "False"]


def test_every_path_of_the_readme_s_map_exists():
    text = (ROOT / "README.md").read_text()
    block = re.search(r"## The map\n+```\n(.*?)```", text, re.S)
    assert block, "The README has a section 'The map' with a block of paths."
    paths = [line.split()[0] for line in block[1].splitlines() if line.strip() and not line.startswith(" ")]
    assert len(paths) > 20
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert not missing


def test_no_module_is_called_what_everything_could_be_called():
    vague = {"utils", "util", "helpers", "common", "services", "managers", "misc"}
    found = [path for path in sources("runs", "studio", "tests", "bench") if path.stem in vague]
    assert not found


@pytest.mark.parametrize(
    ("package", "floor"),
    [
        ("django", (5, 2, 19)),
        ("djangorestframework", (3, 18)),
        ("bleach", (6, 4)),
        ("nh3", (0, 3, 8)),
        ("granian", (2, 8, 7)),
    ],
)
def test_packages_with_known_holes_are_not_installed(package, floor):
    version = tuple(int(part) for part in re.findall(r"\d+", importlib.metadata.version(package))[:3])
    assert version >= floor


def test_the_address_of_no_registry_and_no_lock_file_is_kept():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    assert not [name for name in tracked if name.endswith(("uv.lock", "package-lock.json", "poetry.lock"))]
