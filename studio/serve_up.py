"""One run of `studio up`: prepares, starts the children, watches them, ends them."""

import argparse
import hashlib
import http.client
import importlib.metadata
import importlib.util
import json
import os
import shlex
import sys
import time
import webbrowser
from pathlib import Path
from typing import Any

from studio import VERSION
from studio.serve_address import Address, Refusal
from studio.serve_processes import PACKAGES, Child, signal_name, stop_all
from studio.stop_signal import StopSignal

READY_TIMEOUT_S = 90
# Shared among the processes of the web server: each may take a connection of PostgreSQL, which has a hundred.
THREADS, LEAST_THREADS = 64, 8
# Packages whose static files are collected with ours.
WITH_STATIC = ("django-htmx", "plotly", "drf-spectacular-sidecar", "djangorestframework", "whitenoise")


def threads(workers: int) -> dict[str, str]:
    """How many threads each process of the web server has, unless the environment says."""
    if os.environ.get("STUDIO_THREADS", "").strip():
        return {}
    return {"STUDIO_THREADS": str(max(LEAST_THREADS, THREADS // workers))}


class Up:
    """The studio of one data folder at one address."""

    def __init__(self, options: argparse.Namespace, folder: Path, address: Address) -> None:
        self.options, self.folder, self.address = options, folder, address
        self.stop = StopSignal()
        self.public_url = os.environ.get("STUDIO_PUBLIC_URL", "").strip().rstrip("/") or address.public_url
        self.environment = self.make_environment()
        where = ["--address", address.ip, "--port", str(address.port), "--workers", str(options.workers)]
        self.web = Child("web server", "studio.serve_web", where, self.environment | threads(options.workers))
        self.worker = Child("worker", "runs.worker", [], self.environment)
        self.children = [self.web, self.worker]

    def make_environment(self) -> dict[str, str]:
        """What every child is told."""
        hosts = [os.environ.get("STUDIO_HOSTS", ""), *self.address.allowed_hosts()]
        return {
            **os.environ,
            "STUDIO_PUBLIC_URL": self.public_url,
            "STUDIO_HOSTS": ",".join(host for host in hosts if host),
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> int:
        """Serve until told to stop or the web server fails; the exit code."""
        try:
            facts = self.prepare()
            if self.stop.is_set or not self.wait_until_ready():
                return 0
            self.write_server_file(facts)
            self.worker.start()
            self.announce(facts)
            self.start_demo(facts)
            return self.watch()
        finally:
            stop_all(self.children)

    def prepare(self) -> dict[str, Any]:
        """Have tables, static files and the first user, with the web server starting meanwhile where it may."""
        stamp, now = self.folder / "prepared.json", self.fingerprint()
        is_known = read_json(stamp).get("fingerprint") == now
        tasks = [] if is_known else ["--collect"]
        # Beyond this machine nothing may listen before the first user is known to have a password.
        if not self.address.is_loopback:
            tasks += ["--beyond", self.address.host]
        child = Child("preparation", "studio.serve_prepare", tasks, self.environment)
        self.children.append(child)
        child.start(answer=True)
        if is_known and self.address.is_loopback:
            self.web.start()
        facts = self.answer_of(child)
        if not self.stop.is_set:
            if facts["migrated"] and self.web.is_running():
                stop_all([self.web])
            if not self.web.is_running():
                self.web.start()
            write_private(stamp, {"fingerprint": now})
        return facts

    def answer_of(self, child: Child) -> dict[str, Any]:
        """What the preparation printed, once it has ended. Raises Refusal when it failed."""
        while child.is_running() and not self.stop.wait(0.02):
            pass
        if self.stop.is_set:
            return {}
        code = child.exit_code()
        if code:
            child.said()
            raise Refusal(f"The studio did not start ({signal_name(code)}); the reason stands above.")
        assert child.process is not None and child.process.stdout is not None  # noqa: S101
        answer: dict[str, Any] = json.loads(child.process.stdout.read())
        return answer

    def wait_until_ready(self) -> bool:
        """Wait until /healthz answers; False when told to stop meanwhile. Raises Refusal."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not self.is_healthy():
            code = self.web.exit_code()
            if code is not None and not self.stop.is_set:
                raise Refusal(f"The web server did not start ({signal_name(code)}):\n{self.web.said()}")
            if time.monotonic() > deadline:
                raise Refusal(f"The web server did not answer within {READY_TIMEOUT_S} seconds.")
            if self.stop.wait(0.03):
                return False
        return True

    def is_healthy(self) -> bool:
        """Whether the web server and its database answer."""
        host = self.address.ip
        if self.address.is_everywhere:
            host = "::1" if ":" in host else "127.0.0.1"
        connection = http.client.HTTPConnection(host, self.address.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def write_server_file(self, facts: dict[str, Any]) -> None:
        """Tell programs of this user where the studio is; it stays after a stop, so that the token is kept."""
        where = {"url": self.address.local_url, "token": facts["token"], "workspace": facts["workspace"]}
        write_private(self.folder / "server.json", where)

    def way_to_it(self) -> str:
        """What programs of this user are to be told, where the data folder is not the one they look in."""
        from studio.settings import default_data_folder

        if self.folder == default_data_folder().expanduser().resolve():
            return ""
        return f"            (scripts find this studio with STUDIO_DATA={shlex.quote(str(self.folder))})\n"

    def announce(self, facts: dict[str, Any]) -> None:
        """Print where the studio is, and open it."""
        link = f"{self.public_url}/login/link/{facts['login']}/"
        print(
            f"\nRun Studio {VERSION} is ready.\n\n"
            f"  Sign in   {link}\n"
            f"            (once, within 30 minutes, as {facts['user']}; another one: studio link)\n"
            f"  Address   {self.public_url}/\n"
            f"  Data      {self.folder}\n"
            f"{self.way_to_it()}"
            f"  Stop      Ctrl-C\n",
            flush=True,
        )
        has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if has_display and not self.options.no_browser:
            webbrowser.open(link)

    def start_demo(self, facts: dict[str, Any]) -> None:
        """Run the example trainings, when asked to and where what they train with is installed."""
        if not self.options.demo:
            return
        if importlib.util.find_spec("sklearn") is None:
            print(
                "The demo trains with scikit-learn, which is not installed. "
                "Install it with: pip install 'run-studio[demo]'; then start again with --demo.",
                flush=True,
            )
            return
        told = {"STUDIO_URL": self.address.local_url, "STUDIO_TOKEN": facts["token"]}
        told["STUDIO_WORKSPACE"] = facts["workspace"]
        demo = Child("demo", "studio.serve_demo", [], {**self.environment, **told})
        self.children.append(demo)
        demo.start()

    def watch(self) -> int:
        """Restart the worker whenever it crashes; end with the web server, or when told to."""
        restart_at: float | None = None
        while not self.stop.is_set:
            code = self.web.exit_code()
            if code is not None:
                print(f"The web server ended ({signal_name(code)}):\n{self.web.said()}", file=sys.stderr)
                return 1
            code = self.worker.exit_code()
            if code is not None and restart_at is None:
                pause_s = self.worker.pause_s()
                restart_at = time.monotonic() + pause_s
                print(
                    f"The worker ended ({signal_name(code)}); it starts again in {pause_s:.0f} s.",
                    file=sys.stderr,
                )
            if restart_at is not None and time.monotonic() >= restart_at:
                restart_at = None
                self.worker.start()
            self.stop.wait(None if restart_at is None else max(0.0, restart_at - time.monotonic()))
        print("Stopping.", flush=True)
        return 0

    def fingerprint(self) -> str:
        """What decides whether this folder was prepared for this version: migrations, static files, database."""
        from studio.settings import ASSETS

        files = [*(ASSETS / "static").rglob("*"), *(PACKAGES / "runs" / "migrations").glob("*.py")]
        stats = sorted(
            (str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()
        )
        versions = [importlib.metadata.version(name) for name in WITH_STATIC]
        parts = [VERSION, sys.version, versions, stats, os.environ.get("DATABASE_URL", "")]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """The object in that file; empty where there is none."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Write the object for its owner's eyes alone, whole or not at all."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file)
    draft.replace(path)
