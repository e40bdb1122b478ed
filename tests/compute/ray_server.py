"""A small HTTP server that answers as the dashboard of Ray 2.60 does, for tests of what is said to it and of troubles.

Ray itself is tried in test_ray.py.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "cluster-secret-0123456789abcdef"
USAGE = {"CPU": [1.0, 8.0], "GPU": [0.0, 2.0], "memory": [2.0**30, 24.0 * 2**30], "node:10.0.0.1": [0.0, 1.0]}
REPORT = {"usage": USAGE, "usageByNode": {"4f05": {}, "4f06": {}}}


class FakeRay(ThreadingHTTPServer):
    """Keeps the jobs that are sent, and what was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.jobs: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.token = TOKEN
        # (method, start of the path): a status, headers and a body instead of the right answer.
        self.instead: dict[tuple[str, str], tuple[int, dict[str, str], bytes]] = {}

    def say(
        self, method: str, path: str, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """Answer this from now on, whatever would be right."""
        self.instead[method, path] = (status, headers or {}, body)

    def posts(self) -> list[Any]:
        """The jobs that were asked for."""
        return [body for method, path, body in self.asked if (method, path) == ("POST", "/api/jobs/")]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: FakeRay

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(sent) if sent else None
        self.server.asked.append((self.command, self.path, body))
        for (method, path), (status, headers, text) in self.server.instead.items():
            if method == self.command and self.path.startswith(path):
                self._send(status, text, headers)
                return
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            is_wrong = "Authorization" in self.headers
            said = b"Forbidden: Invalid" if is_wrong else b"Unauthorized: Missing"
            self._send(403 if is_wrong else 401, said + b" authentication token")
        else:
            self._job(body)

    def _job(self, body: Any) -> None:
        server, (*_, last) = self.server, self.path.rstrip("/").split("/")
        if self.path == "/api/version":
            return self._json({"version": "4", "ray_version": "2.60.0"})
        if self.path == "/api/cluster_status":
            return self._json({"data": {"clusterStatus": {"loadMetricsReport": REPORT}}})
        if (self.command, self.path) == ("POST", "/api/jobs/"):
            return self._submit(body)
        job_id = self.path.split("/")[3]
        if job_id not in server.jobs:
            return self._send(404, f"Job {job_id} does not exist".encode())
        job = server.jobs[job_id]
        if last == "stop":
            job["status"] = "STOPPED"
            return self._json({"stopped": True})
        if last == "logs":
            return self._json({"logs": server.logs.get(job_id, "")})
        if self.command == "DELETE":
            del server.jobs[job_id]
            return self._json({"deleted": True})
        return self._json(job)

    def _submit(self, body: Any) -> None:
        job_id = body["submission_id"]
        if job_id in self.server.jobs:
            said = f"ValueError: Job with submission_id {job_id} already exists. Please use a different one.\n.\n"
            return self._send(500, b"Traceback (most recent call last):\n" + said.encode())
        self.server.jobs[job_id] = {"status": "PENDING", "message": "It may be waiting for resources", **body}
        return self._json({"job_id": job_id, "submission_id": job_id})

    def _json(self, tree: Any) -> None:
        self._send(200, json.dumps(tree).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = _answer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[FakeRay]:
    """Such a server, on a free port of loopback."""
    server = FakeRay()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
