"""What the engine of Ray says over HTTP, and what it makes of each answer, right or wrong."""

import json
import shlex
from pathlib import Path

import pytest

from runs.compute.engine import EngineAway, EngineRefused, Order, Seen, State
from runs.compute.ray import RayEngine
from runs.definition import Resources
from tests.compute.ray_server import TOKEN, FakeRay, answering

RUN_TOKEN = "studio_7_abcDEF-123_456"
JOB = "studio-run-1"


@pytest.fixture
def ray():
    with answering() as server:
        yield server


def engine(ray: FakeRay, secret: str = TOKEN, **settings) -> RayEngine:
    whole = {"address": ray.url, "private": True, "python": "", "url": "", **settings}
    return RayEngine(whole, Path("/nowhere"), secret)


def order(**resources) -> Order:
    return Order("run-1", "http://studio.test", RUN_TOKEN, "vision", Resources(**resources))


def test_a_job_is_asked_for_with_the_run_s_own_token_and_nothing_else_of_the_server(ray, monkeypatch):
    monkeypatch.setenv("STUDIO_SECRET_KEY", "never")
    wished = order(cpus=4, gpus=1, memory_mb=100, queue="a100")
    assert engine(ray, python="/opt/my env/python").submit(wished) == JOB
    assert ray.posts() == [
        {
            "submission_id": JOB,
            "entrypoint": "'/opt/my env/python' -m studio.client.cli run exec run-1",
            "runtime_env": {
                "env_vars": {
                    "STUDIO_URL": "http://studio.test",
                    "STUDIO_TOKEN": RUN_TOKEN,
                    "STUDIO_WORKSPACE": "vision",
                }
            },
            "metadata": {"studio": "http://studio.test", "workspace": "vision", "run": "run-1"},
            "entrypoint_num_cpus": 4,
            "entrypoint_num_gpus": 1,
            "entrypoint_memory": 100 * 2**20,
            "entrypoint_resources": {"a100": 0.001},
        }
    ]


def test_a_job_that_wishes_nothing_takes_one_processor(ray):
    engine(ray).submit(order())
    (sent,) = ray.posts()
    assert sent["entrypoint_num_cpus"] == 1
    assert not {"entrypoint_num_gpus", "entrypoint_memory", "entrypoint_resources"} & {*sent}
    assert shlex.split(sent["entrypoint"])[0] == "python3"


def test_a_run_that_was_submitted_is_found_and_not_started_twice(ray):
    assert engine(ray).find("run-1") is None
    assert engine(ray).submit(order()) == engine(ray).submit(order()) == JOB
    assert engine(ray).find("run-1") == JOB and len(ray.posts()) == 1


def test_500_of_an_id_that_another_worker_sent_meanwhile_is_no_trouble(ray, monkeypatch):
    made = engine(ray)
    answers = iter([None, {"status": "PENDING"}])
    monkeypatch.setattr(made, "_job", lambda job_id: next(answers))
    ray.jobs[JOB] = {"status": "PENDING"}
    assert made.submit(order()) == JOB


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (500, b"No available agent to submit job, please try again later.", EngineAway, "500 No available"),
        (503, b"", EngineAway, "503$"),
        (400, b"Traceback\n  File x\nTypeError: entrypoint\n", EngineRefused, "400 TypeError: entrypoint$"),
        (
            500,
            b"Traceback\nRuntimeError: Request failed with status code 400: ...\nValueError: no such plugin.\n.\n",
            EngineRefused,
            "500 ValueError: no such plugin.$",
        ),
        (200, b"<html>Please sign in</html>", EngineAway, "an answer that is not one of Ray$"),
        (200, b"[1]", EngineAway, "an answer that is not one of Ray$"),
        (302, b"", EngineAway, "302: it leads to another address, which is not followed$"),
    ],
)
def test_what_is_not_taken_is_refused_or_tried_again_later(ray, status, body, kind, said):
    ray.say(
        "POST", "/api/jobs/", status, body, {"Location": f"{ray.url}/api/version"} if status == 302 else {}
    )
    with pytest.raises((EngineAway, EngineRefused), match=said) as problem:
        engine(ray).submit(order())
    assert problem.type is kind
    assert [path for _, path, _ in ray.asked].count("/api/version") == 0


@pytest.mark.parametrize(
    ("status", "message", "seen"),
    [
        (
            "PENDING",
            "It may be waiting for resources (CPUs)",
            Seen(State.QUEUED, "it waits for free machines"),
        ),
        ("PENDING", None, Seen(State.QUEUED, "")),
        ("RUNNING", "Job is currently running.", Seen(State.RUNNING)),
        ("PAUSED", "a word of a later Ray", Seen(State.RUNNING)),
        ("SUCCEEDED", "Job finished successfully.", Seen(State.ENDED, "Job finished successfully.")),
        ("STOPPED", "", Seen(State.ENDED, "stopped")),
        (
            "FAILED",
            "Job entrypoint command failed with exit code 1, last available logs (truncated):\nsecrets",
            Seen(State.ENDED, "Job entrypoint command failed with exit code 1"),
        ),
        ("FAILED", f"env {RUN_TOKEN} and {TOKEN}", Seen(State.ENDED, "env studio_… and …")),
    ],
)
def test_states_are_told_in_the_studio_s_words(ray, status, message, seen):
    ray.jobs[JOB] = {"status": status, "message": message}
    assert engine(ray).states([JOB, "studio-gone"]) == {JOB: seen, "studio-gone": Seen(State.UNKNOWN)}


def test_a_404_that_is_not_ray_s_gives_no_run_up(ray):
    ray.say("GET", "/api/jobs/", 404, b"<h1>nginx</h1>")
    with pytest.raises(EngineAway, match="404 <h1>nginx</h1>"):
        engine(ray).states([JOB])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"status": 7}', b"[" * 100_000, b"\xff\xfe", b"null"])
def test_garbage_is_no_answer(ray, body):
    ray.say("GET", "/api/jobs/", 200, body)
    with pytest.raises(EngineAway, match="not one of Ray"):
        engine(ray).states([JOB])
    ray.say("GET", "/api/version", 200, body)
    with pytest.raises(EngineAway, match="not as the Jobs API of Ray does"):
        engine(ray).check()


def test_a_job_is_stopped_and_one_that_is_gone_is_let_be(ray):
    engine(ray).submit(order())
    engine(ray).stop(JOB, hard=True)
    assert ray.jobs[JOB]["status"] == "STOPPED"
    engine(ray).forget("run-1")
    assert ray.jobs == {}
    engine(ray).stop(JOB, hard=False)
    engine(ray).forget("run-1")
    ray.say("POST", f"/api/jobs/{JOB}/stop", 500, b"RuntimeError: no agent")
    with pytest.raises(EngineAway, match="500 RuntimeError: no agent"):
        engine(ray).stop(JOB, hard=True)


def test_the_log_of_a_start_comes_without_tokens_and_from_its_end(ray):
    ray.jobs[JOB] = {"status": "FAILED", "message": "the machine was lost"}
    ray.logs[JOB] = "x" * 50_000 + f"\nenv: {RUN_TOKEN} {TOKEN}\x00\nNo module named studio\n"
    log = engine(ray).start_log("run-1")
    assert log.endswith("\nenv: studio_… …�\nNo module named studio") and len(log) <= 16_000
    ray.say("GET", f"/api/jobs/{JOB}/logs", 500, b"the agent of that machine is gone")
    assert engine(ray).start_log("run-1") == "the machine was lost"
    assert engine(ray).start_log("run-2") == ""


def test_the_connection_is_tried_and_capacity_told(ray):
    assert engine(ray).check() == {
        "Ray": "2.60.0",
        "Machines": "2",
        "CPUs": "1 of 8 busy",
        "GPUs": "0 of 2 busy",
        "Memory": "1 of 24 GiB taken",
    }


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"{}",
        b'{"data": []}',
        b'{"data": {"clusterStatus": {"loadMetricsReport": {"usage": {"CPU": "all"}}}}}',
    ],
)
def test_capacity_that_ray_does_not_tell_is_left_out(ray, report):
    ray.say("GET", "/api/cluster_status", 200, report)
    assert engine(ray).check() == {"Ray": "2.60.0"}


def test_the_token_is_shown_to_ray_and_to_nobody_else(ray):
    with pytest.raises(EngineAway, match=r"does not take the token of this target \(403\)\.$") as wrong:
        engine(ray, "wrong-token").check()
    with pytest.raises(EngineAway, match=r"asks for a token \(401\)\.$"):
        engine(ray, "").check()
    ray.say("GET", "/api/jobs/", 500, f"you said {TOKEN}".encode())
    with pytest.raises(EngineAway, match=r"you said …$"):
        engine(ray).find("run-1")
    assert "wrong-token" not in str(wrong.value) and TOKEN not in json.dumps(ray.asked)
    assert RUN_TOKEN not in repr(order())


def test_ray_in_the_private_network_is_asked_only_where_that_is_allowed(ray):
    with pytest.raises(EngineAway, match="private network"):
        engine(ray, private=False).check()
    assert ray.asked == []


def test_a_ray_that_is_not_there_is_away(ray):
    ray.shutdown()
    ray.server_close()
    with pytest.raises(EngineAway, match=f"^Ray at {ray.url}: The connection was refused.$"):
        engine(ray).submit(order())


def test_many_jobs_of_a_slow_ray_are_asked_for_later(ray, monkeypatch):
    monkeypatch.setattr("runs.compute.ray.ROUND_S", -1.0)
    with pytest.raises(EngineAway, match="too slowly"):
        engine(ray).states([JOB])
