"""Runs `<command> up` on a new folder: it must answer, and leave nothing behind after Ctrl-C."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE_S = 240


def main(command: list[str]) -> None:
    """Start it, ask it, stop it."""
    mark = uuid.uuid4().hex
    with tempfile.TemporaryDirectory() as folder:
        studio = subprocess.Popen(
            [*command, "up", "--no-browser", "--port", "0", "--data", folder],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TRY_STUDIO": mark},
            start_new_session=True,
        )
        try:
            url = address_of(studio)
            for path in ("/healthz", "/login/"):
                print(f"{path}: {status_of(url, path)}")
            started = time.monotonic()
            os.killpg(studio.pid, signal.SIGINT)  # as a terminal does
            code = studio.wait(30)
            left = processes_with(mark)
            print(f"Ctrl-C: code {code} after {time.monotonic() - started:.1f} s, {len(left)} processes left")
            if code not in (0, 130) or left:  # uv says 130 whatever its program says
                sys.exit(f"These processes were left behind: {left}" if left else "It did not end well.")
        finally:
            for pid in processes_with(mark):
                os.kill(pid, signal.SIGKILL)


def address_of(studio: "subprocess.Popen[str]") -> str:
    """The address that it prints once it is ready."""
    assert studio.stdout is not None
    deadline = time.monotonic() + PATIENCE_S
    for line in studio.stdout:
        print(line, end="", flush=True)
        if line.startswith("  Address"):
            return line.split()[1]
        if time.monotonic() > deadline:
            break
    sys.exit("It ended, or took too long, before it was ready.")


def status_of(url: str, path: str) -> int:
    """The status of one GET, which must be 200."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    if status != 200:
        sys.exit(f"{path} answered {status}.")
    return status


def processes_with(mark: str) -> list[int]:
    """The living processes that were started here, known by a variable in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and mark.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # ended meanwhile
            continue
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
