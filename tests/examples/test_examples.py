"""The examples do what they say, against a real server."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Studio

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))


def start(number: int, studio: Studio, folder: Path) -> "subprocess.Popen[str]":
    """Start the example as a user would, with no trace left outside the folder."""
    script = next(EXAMPLES.glob(f"{number}_*.py"))
    told = {"STUDIO_URL": studio.url, "STUDIO_TOKEN": studio.token, "STUDIO_WORKSPACE": studio.workspace}
    own = {name: str(folder / name) for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    environment = {**os.environ, **told, **own, "PYTHONPATH": str(EXAMPLES.parent), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-u", str(script)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(number: int, studio: Studio, folder: Path) -> str:
    """Run the example to its end; returns what it printed."""
    pytest.importorskip("sklearn")
    return start(number, studio, folder).communicate(timeout=120)[0]


def ask(studio: Studio, method: str, path: str) -> Any:
    """Call the REST API."""
    headers = {"Authorization": f"Bearer {studio.token}", "Content-Type": "application/json"}
    body = b"{}" if method == "POST" else None
    request = urllib.request.Request(f"{studio.url}/api/v1/{path}", body, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def runs_of(studio: Studio, asked: str) -> list[dict[str, Any]]:
    """The runs that the parameters leave."""
    return ask(studio, "GET", f"workspaces/{studio.workspace}/runs/?{asked}")["results"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_example_compiles_and_says_how_to_run_it(script: Path) -> None:
    code = compile(script.read_text(), script.name, "exec")
    assert f"python examples/{script.name}" in (code.co_consts[0] or "")


def test_the_readme_names_each_example() -> None:
    words = (EXAMPLES / "README.md").read_text()
    assert [script.name for script in SCRIPTS if f"`{script.name}`" not in words] == []


def test_ridge_leaves_a_described_run_for_each_alpha(live_studio: Studio, tmp_path: Path) -> None:
    finish(1, live_studio, tmp_path)
    found = runs_of(live_studio, "experiment=diabetes-ridge")
    assert {run["status"] for run in found} == {"Completed"}
    assert len({run["params"]["alpha"] for run in found}) == 8
    assert all(run["description"] and run["tags"] == {"model": "ridge"} for run in found)
    files = ask(live_studio, "GET", f"runs/{found[0]['id']}/files/")["files"]
    assert "outputs/coefficients.csv" in [file["path"] for file in files]


def test_the_failing_one_keeps_its_exception_and_its_points(live_studio: Studio, tmp_path: Path) -> None:
    printed = finish(4, live_studio, tmp_path)
    run = runs_of(live_studio, "experiment=digits&status=Failed")[0]
    assert "FileNotFoundError" in printed
    assert "FileNotFoundError" in run["error"]["message"]
    assert 0.9 < run["metrics"]["test_accuracy"] <= 1


@pytest.mark.slow
def test_the_sweep_keeps_the_best_rate_of_its_children(live_studio: Studio, tmp_path: Path) -> None:
    finish(3, live_studio, tmp_path)
    sweep = runs_of(live_studio, "experiment=digits-sweep")[0]
    children = ask(live_studio, "GET", f"runs/{sweep['id']}/children/")["results"]
    best = max(children, key=lambda run: run["metrics"]["best_accuracy"])
    assert len(children) == 8
    assert sweep["metrics"]["best_accuracy"] == best["metrics"]["best_accuracy"]
    assert sweep["tags"]["best_rate"] == str(best["params"]["learning_rate"])


@pytest.mark.slow
def test_the_slow_one_keeps_its_model_when_it_is_cancelled(live_studio: Studio, tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    training = start(5, live_studio, tmp_path)
    try:
        run_id = training.stdout.readline().strip().rstrip("/").rsplit("/", 1)[1]
        wait_for_points(live_studio, run_id)
        ask(live_studio, "POST", f"runs/{run_id}/cancel/")
        training.communicate(timeout=60)
    finally:
        training.kill()
    files = ask(live_studio, "GET", f"runs/{run_id}/files/")["files"]
    assert ask(live_studio, "GET", f"runs/{run_id}/")["status"] == "Canceled"
    assert "outputs/model.pickle" in [file["path"] for file in files]


def wait_for_points(studio: Studio, run_id: str) -> None:
    """Return once the training has logged something."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if ask(studio, "GET", f"runs/{run_id}/")["metrics"]:
            return
        time.sleep(0.2)
    pytest.fail("The training logged nothing within a minute.")
