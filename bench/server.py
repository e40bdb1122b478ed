"""A studio for one measurement, just as `studio up` serves it, and the process of any other server beside it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
UP = "import sys; from studio import serve; sys.exit(serve.main(sys.argv[1:]))"


@dataclass(frozen=True)
class Studio:
    """Where it answers and how to be let in."""

    url: str
    token: str
    workspace: str
    pid: int


def make_run(found: Studio, experiment: str) -> str:
    """A new running run; returns its id."""
    body = {"experiment": experiment, "start": True}
    return str(post(found, f"workspaces/{found.workspace}/runs/", body)["id"])


def post(found: Studio, path: str, body: Any) -> Any:
    """The answer of the REST API to this."""
    request = urllib.request.Request(
        f"{found.url}/api/v1/{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {found.token}", "Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


@contextmanager
def studio(folder: Path) -> Iterator[Studio]:
    """Run `studio up` (web server and worker) on the folder and a free port until the block ends."""
    command = [sys.executable, "-c", UP, "--no-browser", "--port", "0", "--data", str(folder)]
    words = folder / "up.log"
    described = folder / "server.json"
    described.unlink(missing_ok=True)
    with process(command, words, {"PYTHONPATH": str(ROOT)}) as server:
        wait_for(described.exists, server, words)
        yield Studio(**json.loads(described.read_text()), pid=server.pid)


@contextmanager
def process(
    command: list[str], words: Path, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the command and all that it starts until the block ends; what it says goes to the file."""
    with words.open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            pass
        end_group(started.pid)
        started.wait()


def end_group(leader: int) -> None:
    """End what the process left behind in its group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def wait_for(
    is_ready: Callable[[], bool], server: "subprocess.Popen[bytes]", words: Path, *, timeout_s: float = 180
) -> None:
    """Return when the server is ready. Raises RuntimeError with its last words when that does not come."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.poll() is None:
        if is_ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{words.read_text()[-4000:]}")


def answers(url: str) -> bool:
    """Whether something answers there with a success."""
    try:
        urllib.request.urlopen(url, timeout=2).read()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port on loopback that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scratch_folder(name: str) -> Path:
    """An empty folder for the measurement, beside the other temporary files."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"run-studio-bench-{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder
