"""Runs a script with MLflow's own client against a live studio. Its package lives in an environment of its own."""

import json
import os
import subprocess
from typing import Any

import pytest

PYTHONS = ["MLFLOW_PYTHON", "MLFLOW2_PYTHON"]


def python_of(variable: str) -> str:
    """The Python of that variable; without one the test is skipped."""
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"{variable} names no Python with MLflow")
    return named


def run_script(studio: Any, python: str, script: str, *, needs: str = "") -> Any:
    """What the script printed as its last line, a JSON object. Skipped where a package that it needs is missing."""
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": f"{studio.url}/w/{studio.workspace}",
        "MLFLOW_TRACKING_TOKEN": studio.token,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    environment.pop("PYTHONPATH", None)
    for package in needs.split():
        found = f"import importlib.util as u; print(u.find_spec({package!r}))"
        if b"None" in subprocess.run([python, "-c", found], check=True, capture_output=True).stdout:
            pytest.skip(f"{package} is not installed beside MLflow")
    done = subprocess.run(
        [python, "-c", script], env=environment, cwd=studio.data, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{")))
