"""A small studio on 127.0.0.1 that speaks the REST contract from memory and can be told to misbehave."""

import hashlib
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "studio_1_secret"
ENDED = ("Completed", "Failed", "Canceled")


class Refusal(Exception):
    """Answered in the contract's shape; `extra` stands beside the error."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None, **extra: Any) -> None:
        self.status, self.code, self.message, self.field, self.extra = status, code, message, field, extra


class FakeStudio:
    """State, faults and the list of what was asked. `url` is where it listens."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}
        self.data: dict[str, list[dict[str, Any]]] = {}
        self.metrics: dict[str, list[dict[str, Any]]] = {}
        self.files: dict[tuple[str, str], bytes] = {}
        self.log_marks: dict[str, list[str]] = {}
        self.keys: dict[str, Any] = {}
        self.experiments: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.beats: list[str] = []
        self.cancelled: dict[str, str] = {}
        self.ended_at: dict[str, str | None] = {}
        self.deleted: set[str] = set()
        self.fault: str | None = None
        self.faults_left = 10**9
        self.fault_paths = ""
        self.retry_after: str | None = None
        self.max_body = 16 << 20
        self.max_points = 100_000
        self.released = threading.Event()
        self.lock = threading.RLock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen, on the port it had before."""
        handler = type("Handler", (_Handler,), {"studio": self})
        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from here on; open ones break."""
        self.released.set()
        if self._server:
            self.fault = "drop"
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def come_back(self) -> None:
        """Listen again without faults."""
        self.fault, self.faults_left, self.fault_paths = None, 10**9, ""
        self.released.clear()
        if self._server is None:
            self.start()

    def misbehave(self, fault: str, times: int = 10**9, *, path: str = "") -> None:
        """`fault`: 500, 503, 429, 401, hang, drop (no answer, nothing done), lost (done, no answer), page, twice."""
        self.fault, self.faults_left, self.fault_paths = fault, times, path

    def take_fault(self, path: str) -> str | None:
        with self.lock:
            if self.fault and self.faults_left > 0 and self.fault_paths in path:
                self.faults_left -= 1
                return self.fault
        return None

    def values(self, run: str, name: str) -> list[Any]:
        """What arrived of one metric, in order of arrival."""
        return [
            value for part in self.metrics.get(run, []) if part["name"] == name for value in part["value"]
        ]

    def marks(self, run: str) -> list[str]:
        """The marks that came with each piece of the run's logs."""
        return self.log_marks.get(run, [])

    def log(self, run: str) -> str:
        return self.files.get((run, "user_logs/std_log.txt"), b"").decode()

    # One method for each kind of address; the names follow the contract.

    def create(self, body: dict[str, Any], key: str | None) -> tuple[int, Any]:
        with self.lock:
            if key and key in self.keys:
                return 200, self.runs[self.keys[key]]
            run_id = body.get("run_id") or str(uuid.uuid4())
            if run_id in self.runs:
                raise Refusal(409, "conflict", f"The run id {run_id!r} is taken; choose another.", "run_id")
            if body["experiment"] == "forbidden":
                raise Refusal(403, "not_allowed", "You may not write in this workspace.")
            number = len(self.runs) + 1
            run = {
                "id": run_id, "number": number, "display_name": body.get("display_name") or f"Run {number}",
                "experiment": body["experiment"], "workspace": "default", "type": body.get("type", ""),
                "status": "Running" if body.get("start") else "NotStarted", "status_reason": "",
                "target": body.get("target", ""), "parent": body.get("parent"), "root": run_id, "child_count": 0,
                "description": body.get("description", ""), "created_at": "2026-01-01T00:00:00Z",
                "started_at": "2026-01-01T00:00:00Z", "ended_at": None, "created_by": "ada", "error": None,
                "tags": body.get("tags", {}), "properties": body.get("properties", {}), "metrics": {},
                "params": body.get("params", {}), "script": body.get("script", ""), "arguments": [],
                "duration_s": 1.0, "archived_at": None, "url": f"/w/default/runs/{run_id}/",
            }  # fmt: skip
            if body.get("parent"):
                self.runs[body["parent"]]["child_count"] += 1
            self.runs[run_id] = run
            if key:
                self.keys[key] = run_id
            return 201, run

    def end(self, run: dict[str, Any], status: str, reason: str, error: Any = None) -> tuple[int, Any]:
        if run["status"] in ENDED and run["status"] != status:
            name = run["display_name"]
            raise Refusal(
                409, "conflict", f"{name} has already ended as {run['status']}; it cannot become {status}."
            )
        run.update(status=status, status_reason=reason, ended_at="2026-01-01T00:01:00Z", error=error)
        return 200, run

    def add_points(self, run: str, body: dict[str, Any], key: str) -> tuple[int, Any]:
        with self.lock:
            series = body["series"]
            total = sum(len(part["value"]) for part in series)
            if total > self.max_points:
                raise Refusal(413, "too_large", f"At most {self.max_points} points a call.")
            for part in series:
                if "bad" in part["name"] or "bad" in part["value"]:
                    raise Refusal(400, "invalid", f"The metric {part['name']!r} is not right.", "series")
            if key in self.keys:
                return 200, self.answer(run, accepted=0)
            self.keys[key] = run
            self.metrics.setdefault(run, []).extend(
                part for part in series if part["value"] or part["kind"] in ("list", "table")
            )
            return 200, self.answer(run, accepted=total)

    def answer(self, run: str, **more: Any) -> dict[str, Any]:
        return {**more, "status": self.runs[run]["status"], "cancel_requested": run in self.cancelled}

    def beat(self, run: str) -> tuple[int, Any]:
        self.beats.append(run)
        return 200, {**self.answer(run), "cancel_requested_by": self.cancelled.get(run), "next_s": 0.05}

    def append(self, run: str, path: str, offset: int, body: bytes) -> tuple[int, Any]:
        with self.lock:
            log = self.files.get((run, path), b"")
            if offset > len(log):
                raise Refusal(409, "conflict", "There is a gap before this piece.", size=len(log))
            self.files[run, path] = log + body[len(log) - offset :]
            return 200, self.answer(run, size=len(self.files[run, path]))

    def change(self, run: dict[str, Any], kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        known = run[kind]
        for key, value in body.get("set", {}).items():
            if kind != "tags" and known.get(key, value) != value:
                raise Refusal(
                    409, "conflict", f"The property {key!r} is {known[key]!r} and cannot change.", key
                )
            known[key] = value
        for key in body.get("remove", []):
            known.pop(key, None)
        return 200, known

    def metric_values(self, run: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        runs = [run]
        if query.get("recursive") == ["true"]:
            runs += [one["id"] for one in self.runs.values() if one["parent"] in runs]
        found: dict[str, Any] = {}
        for one in runs:
            for part in self.metrics.get(one, []):
                if query.get("name", [part["name"]]) == [part["name"]]:
                    entry = found.setdefault(one, {}).setdefault(
                        part["name"], {"kind": part["kind"], "value": []}
                    )
                    entry["value"] += part["value"]
        return 200, {"runs": found}

    def list_files(self, run: str) -> tuple[int, Any]:
        files = [
            {"path": path, "size": len(body), "is_log": path.startswith("user_logs/")}
            for (owner, path), body in self.files.items()
            if owner == run
        ]
        return 200, {"files": files}


def _fits(run: dict[str, Any], wanted: dict[str, list[str] | None]) -> bool:
    return all(values is None or run[name] in values for name, values in wanted.items())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    studio: FakeStudio

    def log_message(self, *_arguments: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True

    def do(self) -> None:
        studio = self.studio
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        studio.asked.append((self.command, self.path, self.headers.get("Idempotency-Key")))
        fault = studio.take_fault(self.path)
        if fault == "hang":
            studio.released.wait(20)
        if fault in ("hang", "drop"):
            return self.hang_up()
        if fault in ("500", "503", "429", "401", "502"):
            return self.send(
                int(fault), {"error": {"code": "unavailable", "message": f"A {fault}.", "field": None}}
            )
        if fault == "page":
            return self.send_bytes(200, b"<html>Please log in to the network</html>", "text/html")
        status, answer = self.work(body)
        if fault == "twice":
            status, answer = self.work(body)
        if fault == "lost":
            return self.hang_up()
        if isinstance(answer, bytes):
            return self.send_bytes(status, answer, "application/octet-stream")
        return self.send(status, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def work(self, body: bytes) -> tuple[int, Any]:
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                raise Refusal(401, "unauthenticated", "This token is not known.")
            if len(body) > self.studio.max_body:
                raise Refusal(413, "too_large", f"At most {self.studio.max_body} bytes.")
            return self.route(body)
        except Refusal as refusal:
            error = {"code": refusal.code, "message": refusal.message, "field": refusal.field}
            return refusal.status, {"error": error, **refusal.extra}

    def route(self, raw: bytes) -> tuple[int, Any]:
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        parts = [unquote(part) for part in address.path.removeprefix("/api/v1/").strip("/").split("/")]
        if parts[0] == "runs":
            return self.run_route(parts[1:], query, raw)
        body = json.loads(raw) if raw else {}
        if parts == ["me"]:
            workspaces = [{"name": "default", "role": "owner"}]
            return 200, {"user": "ada", "workspaces": workspaces, "version": "0.1.0"}
        if parts[0] == "workspaces" and len(parts) == 2:
            return 200, {"name": parts[1]}
        if parts[2:] == ["experiments"]:
            return self.experiments(body)
        if parts[2:] == ["runs"] and self.command == "POST":
            return self.studio.create(body, self.headers.get("Idempotency-Key"))
        if parts[2:] == ["runs"]:
            return self.list_runs(query)
        if parts[2:4] == ["runs", "bulk"]:  # it takes a while
            report = {"id": 7, "action": "trash", "done": len(parts) - 4, "unchanged": 0, "refused": []}
            return 202, {**report, "state": "done" if parts[4:] == ["7"] else "running"}
        raise Refusal(404, "not_found", "There is nothing at this address.")

    def experiments(self, body: dict[str, Any]) -> tuple[int, Any]:
        known = self.studio.experiments
        if self.command == "GET":
            return 200, {"results": list(known.values()), "next": None}
        fresh = {"id": len(known) + 1, "name": body["name"], "tags": {}, "counts": {}}
        return 200, known.setdefault(body["name"], fresh)

    def list_runs(self, query: dict[str, list[str]]) -> tuple[int, Any]:
        wanted = {"status": query.get("status"), "experiment": query.get("experiment")}
        return self.page(query, [run for run in self.studio.runs.values() if _fits(run, wanted)])

    def page(self, query: dict[str, list[str]], found: list[dict[str, Any]]) -> tuple[int, Any]:
        """Two a page, so that every test with three meets a second one."""
        start = int(query.get("after", ["0"])[0])
        more = f"{self.studio.url}{urlsplit(self.path).path}?after={start + 2}"
        more += "&recursive=true" if query.get("recursive") == ["true"] else ""
        return 200, {"results": found[start : start + 2], "next": more if start + 2 < len(found) else None}

    def run_route(self, parts: list[str], query: dict[str, list[str]], raw: bytes) -> tuple[int, Any]:
        studio, run_id = self.studio, parts[0]
        run = studio.runs.get(run_id)
        if run is None:
            raise Refusal(404, "not_found", f"There is no run {run_id}.")
        if run_id in studio.deleted:
            raise Refusal(410, "gone", f"{run['display_name']} was deleted.")
        kind, rest = parts[1] if parts[1:] else "", "/".join(parts[2:])
        if kind == "files" and rest:
            return self.file(run_id, rest, raw)
        if kind == "logs":
            studio.log_marks.setdefault(run_id, []).append(self.headers.get("X-Log-Marks", ""))
            return studio.append(run_id, rest, int(query["offset"][0]), raw)
        body = json.loads(raw) if raw else {}
        if kind == "":
            run.update(body if self.command == "PATCH" else {})
            return 200, run
        if kind in ("complete", "fail", "canceled", "cancel"):
            return self.end(run, kind, body)
        if kind in ("tags", "properties", "params"):
            return studio.change(run, kind, body)
        if kind == "heartbeat":
            return studio.beat(run_id)
        if kind == "metrics":
            return studio.add_points(run_id, body, self.headers["Idempotency-Key"])
        if kind == "children" and self.command == "POST":
            made = [studio.create({**child, "experiment": run["experiment"], "parent": run_id, "start": True}, None)[1]
                    for child in body["children"]]  # fmt: skip
            return 201, {"results": made}
        if kind == "children":
            below = {run_id}
            for one in studio.runs.values():
                if query.get("recursive") == ["true"] and one["parent"] in below:
                    below.add(one["id"])
            return self.page(query, [one for one in studio.runs.values() if one["parent"] in below])
        if kind == "inputs":
            return 200, {"data": studio.data.get(run_id, []), "models": []}
        if kind == "metric-values":
            return studio.metric_values(run_id, query)
        return studio.list_files(run_id)

    def end(self, run: dict[str, Any], kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        reason = body.get("reason", "")
        self.studio.ended_at[run["id"]] = body.pop("ended_at", None)
        if kind == "fail":
            return self.studio.end(run, "Failed", body["message"], body)
        if kind == "cancel":
            self.studio.cancelled[run["id"]] = "grace"
            return 200, run.update(status="CancelRequested") or run
        return self.studio.end(run, "Completed" if kind == "complete" else "Canceled", reason)

    def file(self, run: str, path: str, body: bytes) -> tuple[int, Any]:
        if self.command == "PUT":
            if hashlib.sha256(body).hexdigest() != self.headers.get("X-Content-SHA256"):
                raise Refusal(400, "invalid", "The checksum does not fit.")
            self.studio.files[run, path] = body
            return 201, {"path": path, "size": len(body)}
        if (run, path) not in self.studio.files:
            raise Refusal(404, "not_found", f"There is no file {path}.")
        return 200, self.studio.files[run, path]

    def send(self, status: int, answer: Any) -> None:
        self.send_bytes(status, json.dumps(answer).encode(), "application/json")

    def send_bytes(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.studio.retry_after and status in (429, 503):
            self.send_header("Retry-After", self.studio.retry_after)
        self.end_headers()
        self.wfile.write(body)
