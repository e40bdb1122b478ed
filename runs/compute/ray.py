"""Ray, by the Jobs API of its dashboard over plain HTTP; the studio needs no package of Ray.

The id of a job follows from that of its run, and Ray takes each id once: a run is never started twice. What Ray
says is text of strangers, in which tokens may stand: it is cut short, and they are taken out.
"""

import re
import shlex
import time
from collections.abc import Collection
from typing import Any
from urllib.parse import quote

import orjson

from runs.compute.engine import LOG_BYTES, Engine, EngineAway, EngineRefused, Order, Seen, State
from runs.guarded_http import Answer, NoAnswer, ask

LIMIT_S, ROUND_S = 20.0, 40.0
ANSWER_BYTES = 8 * 2**20
STATES = {
    "PENDING": State.QUEUED,
    "RUNNING": State.RUNNING,
    "STOPPED": State.ENDED,
    "SUCCEEDED": State.ENDED,
    "FAILED": State.ENDED,
}
# On which machine a job runs, not how much of it: many jobs share what names a queue.
SHARE_OF_QUEUE = 0.001
REFUSALS = frozenset({400, 413, 422})
# How the head passes on what the agent of a machine refused.
REFUSED_INSIDE = b"Request failed with status code 400"
_RUN_TOKEN = re.compile(r"studio_\d+_[\w-]+")


class RayEngine(Engine):
    """Jobs of a Ray cluster, asked for at the address of its dashboard."""

    def check(self) -> dict[str, str]:
        """Ask for the version and, where Ray tells it, for what is busy."""
        answer = self._ask("GET", "api/version")
        version = _tree(answer).get("ray_version")
        if not answer.is_taken or not isinstance(version, str):
            raise EngineAway(
                f"{self._address} answers ({answer.status}), but not as the Jobs API of Ray does."
            )
        status = self._ask("GET", "api/cluster_status")
        return {"Ray": self._shown(version)[:40], **_capacity(_tree(status))}

    def submit(self, order: Order) -> str:
        """Hand the supervisor over as the entrypoint of a job; its environment alone holds the token."""
        job_id = _job_id(order.run_id)
        if self._job(job_id) is not None:
            return job_id
        answer = self._ask("POST", "api/jobs/", self._body(order, job_id))
        if answer.is_taken and _tree(answer).get("submission_id") == job_id:
            return job_id
        # Of an id that it has Ray says 500, as of troubles of its own: only asking tells.
        if self._job(job_id) is not None:
            return job_id
        is_refused = answer.status in REFUSALS or REFUSED_INSIDE in answer.body
        raise (EngineRefused if is_refused else EngineAway)(self._words_of(answer))

    def _body(self, order: Order, job_id: str) -> dict[str, Any]:
        asked = order.resources
        wishes = {
            # Without any, Ray would start every job at once, all on its head.
            "entrypoint_num_cpus": asked.cpus or 1,
            "entrypoint_num_gpus": asked.gpus,
            "entrypoint_memory": asked.memory_mb * 2**20 if asked.memory_mb else None,
            "entrypoint_resources": {asked.queue: SHARE_OF_QUEUE} if asked.queue else None,
        }
        return {
            "submission_id": job_id,
            "entrypoint": shlex.join(self.words(order.run_id)),
            "runtime_env": {"env_vars": self.environment(order)},
            "metadata": {"studio": order.url, "workspace": order.workspace, "run": order.run_id},
            **{key: value for key, value in wishes.items() if value},
        }

    def words(self, run_id: str) -> list[str]:
        """The command, by the Python of Ray's machines."""
        python = str(self.settings.get("python") or "python3")
        return [python, "-m", "studio.client.cli", "run", "exec", run_id]

    def environment(self, order: Order) -> dict[str, str]:
        """What Ray adds to its own environment. Who may ask Ray can read it: nothing of the server's goes there."""
        return {"STUDIO_URL": order.url, "STUDIO_TOKEN": order.token, "STUDIO_WORKSPACE": order.workspace}

    def find(self, run_id: str) -> str | None:
        """By its id."""
        job_id = _job_id(run_id)
        return None if self._job(job_id) is None else job_id

    def states(self, job_ids: Collection[str]) -> dict[str, Seen]:
        """One question for each: the list of all would have those of others, without a limit."""
        until, seen = time.monotonic() + ROUND_S, {}
        for job_id in job_ids:
            if time.monotonic() > until:
                raise EngineAway(f"Ray at {self._address} answers too slowly.")
            seen[job_id] = self._seen(self._job(job_id))
        return seen

    def _seen(self, job: dict[str, Any] | None) -> Seen:
        if job is None:
            return Seen(State.UNKNOWN)
        # A word of a later Ray is no reason to give a run up.
        state = STATES.get(job["status"], State.RUNNING)
        if state == State.RUNNING:
            return Seen(state)
        message = self._shown(job.get("message"))
        if state == State.QUEUED:
            return Seen(state, "it waits for free machines" if "resources" in message else message[:300])
        reason = message.partition(", last available logs")[0]
        return Seen(state, " ".join(reason.split())[:600] or str(job["status"]).lower())

    def stop(self, job_id: str, *, hard: bool) -> None:
        """Have Ray stop it: TERM to all its processes, and KILL 3 s later; there is no harder way."""
        answer = self._ask("POST", f"{_path(job_id)}/stop")
        if not answer.is_taken and not _is_unknown(answer):
            raise EngineAway(self._words_of(answer))

    def start_log(self, run_id: str) -> str:
        """What the job printed, or Ray's own words where there is no log, as of a machine that is lost."""
        job_id = _job_id(run_id)
        job = self._job(job_id) or {}
        try:
            logs = _tree(self._ask("GET", f"{_path(job_id)}/logs")).get("logs")
        except EngineAway:
            logs = None
        return self._shown(logs or job.get("message"))[-LOG_BYTES:].strip()

    def forget(self, run_id: str) -> None:
        """Have Ray forget the job, and with it the token of the run."""
        self._ask("DELETE", _path(_job_id(run_id)))

    def _job(self, job_id: str) -> dict[str, Any] | None:
        """What Ray says of the job; None when it says that there is none."""
        answer = self._ask("GET", _path(job_id))
        if _is_unknown(answer):
            return None
        job = _tree(answer)
        if not answer.is_taken or not isinstance(job.get("status"), str):
            raise EngineAway(self._words_of(answer))
        return job

    @property
    def _address(self) -> str:
        return str(self.settings["address"])

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask Ray. Raises EngineAway without an answer, and when the token is not taken."""
        headers = {"User-Agent": "run-studio", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        try:
            answer = ask(
                method,
                f"{self._address}/{path}",
                None if body is None else orjson.dumps(body),
                headers,
                allows_private=bool(self.settings.get("private")),
                limit_s=LIMIT_S,
                most_bytes=ANSWER_BYTES,
            )
        except NoAnswer as problem:
            raise EngineAway(f"Ray at {self._address}: {self._shown(str(problem))}") from None
        if answer.status in (401, 403):
            said = "does not take the token of this target" if self.secret else "asks for a token"
            raise EngineAway(f"Ray at {self._address} {said} ({answer.status}).")
        return answer

    def _words_of(self, answer: Answer) -> str:
        """What went wrong, in one line: of a traceback the last words."""
        if answer.is_taken or 300 <= answer.status < 400:
            said = "an answer that is not one of Ray" if answer.is_taken else str(answer)
        else:
            lines = [
                line.strip() for line in self._shown(answer.body.decode("utf-8", "replace")).splitlines()
            ]
            last = next((line for line in reversed(lines) if len(line) > 1), "")
            said = f"{answer.status} {last[:300]}".strip()
        return f"Ray at {self._address}: {said}"

    def _shown(self, text: Any) -> str:
        """The text for people, without tokens."""
        if not isinstance(text, str):
            return ""
        hidden = text.replace(self.secret, "…") if self.secret else text
        return _RUN_TOKEN.sub("studio_…", hidden).replace("\x00", "�")


def _job_id(run_id: str) -> str:
    return f"studio-{run_id}"


def _path(job_id: str) -> str:
    return f"api/jobs/{quote(job_id, safe='')}"


def _is_unknown(answer: Answer) -> bool:
    """Whether Ray says that there is no such job; another 404 may come from whoever stands before it."""
    return answer.status == 404 and b"does not exist" in answer.body


def _tree(answer: Answer) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _capacity(status: dict[str, Any]) -> dict[str, str]:
    """What is busy of the cluster, as far as Ray tells it."""
    tree: Any = status
    for key in ("data", "clusterStatus", "loadMetricsReport"):
        tree = tree.get(key) if isinstance(tree, dict) else None
    report = tree if isinstance(tree, dict) else {}
    usage, machines = report.get("usage"), report.get("usageByNode")
    found = {"Machines": str(len(machines))} if isinstance(machines, dict) and machines else {}
    if not isinstance(usage, dict):
        return found
    for key, word, unit in (("CPU", "CPUs", 1), ("GPU", "GPUs", 1), ("memory", "Memory", 2**30)):
        match usage.get(key):
            case [int() | float() as busy, int() | float() as whole]:
                said = f"{busy / unit:.4g} of {whole / unit:.4g}"
                found[word] = f"{said} GiB taken" if key == "memory" else f"{said} busy"
    return found
