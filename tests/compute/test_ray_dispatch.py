"""Runs of a Ray target from the queue to the end, past a dashboard that fails on the way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs import dispatcher
from runs.actions import compute, dispatch
from runs.actions import run as runs
from runs.actions.create import NewRun, create_run
from runs.lifecycle import Status
from runs.models import ApiToken, Dispatch, Run
from tests.compute.ray_server import TOKEN, answering

pytestmark = pytest.mark.django_db


@pytest.fixture
def ray():
    with answering() as server:
        yield server


@pytest.fixture
def target(ray, workspace, owner):
    settings = {"address": ray.url, "private": True}
    return compute.attach_target(workspace, "ray", "ray", settings, by=owner, enabled=True, token=TOKEN)


@pytest.fixture
def run(target, owner) -> Run:
    new = NewRun("digits", script="train.py", compute_target="ray", definition={"resources": {"cpus": 2}})
    return runs.move_run(create_run(target.workspace, new, by=owner)[0], Status.QUEUED, by=owner)


def look(after_s: float = 0.0) -> int:
    return dispatcher.look_after_runs(timezone.now() + timedelta(seconds=after_s))


def test_a_run_is_handed_over_with_a_token_of_its_own(ray, run):
    look()
    (job,) = ray.posts()
    assert (job["submission_id"], job["entrypoint_num_cpus"]) == (f"studio-{run.public_id}", 2)
    token = job["runtime_env"]["env_vars"]["STUDIO_TOKEN"]
    assert ApiToken.objects.get(run=run).pk == int(token.split("_")[1])
    assert Dispatch.objects.get().job_id == job["submission_id"]
    look(5)
    run.refresh_from_db()
    assert (run.status, run.status_reason) == ("Queued", "it waits for free machines")


def test_a_dispatch_that_died_half_way_is_found_again_and_not_started_twice(ray, run):
    (taken,) = dispatch.claim_dispatches()
    start = dispatch.prepare_start(taken)
    dispatcher.engine_of(taken.target).submit(dispatcher._order(start))  # and here the worker is killed
    look(61)
    assert (Dispatch.objects.get().state, len(ray.posts())) == ("submitted", 1)


def test_an_answer_that_was_lost_starts_nothing_twice(ray, run):
    ray.say("POST", "/api/jobs/", 504, b"gateway timeout")
    ray.jobs[f"studio-{run.public_id}"] = {"status": "RUNNING", "message": ""}
    look()
    assert Dispatch.objects.get().state == "submitted"


def test_a_ray_that_is_down_is_tried_again_and_its_reason_is_shown(ray, run):
    ray.say("GET", "/api/jobs/", 503, b"no healthy upstream")
    look()
    run.refresh_from_db()
    assert run.status == "Queued"
    assert run.status_reason == f"ray: Ray at {ray.url}: 503 no healthy upstream"
    ray.instead.clear()
    look(30)
    assert Dispatch.objects.get().state == "submitted"


def test_a_token_that_is_not_taken_is_told_and_no_token_is_shown(ray, run):
    ray.token = "another"
    look()
    run.refresh_from_db()
    assert "does not take the token of this target" in run.status_reason
    assert TOKEN not in run.status_reason + Dispatch.objects.get().last_error
    assert dispatcher.check_target(run.compute_target_id) == "ray does not answer"
    run.compute_target.refresh_from_db()
    assert run.compute_target.state == "failing" and TOKEN not in run.compute_target.state_reason


def test_what_ray_refuses_fails_with_its_words(ray, run):
    ray.say("POST", "/api/jobs/", 400, b"Traceback\nTypeError: entrypoint_num_cpus\n")
    look()
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("Failed", "NotStarted")
    assert "refused the run" in run.error_message and "TypeError: entrypoint_num_cpus" in run.error_message


def test_a_supervisor_that_does_not_start_fails_with_its_log_and_the_job_is_forgotten(ray, run):
    look()
    job_id = f"studio-{run.public_id}"
    token = ray.posts()[0]["runtime_env"]["env_vars"]["STUDIO_TOKEN"]
    ray.jobs[job_id] |= {"status": "FAILED", "message": "Job entrypoint command failed with exit code 1"}
    ray.logs[job_id] = f"{token}\nNo module named studio\n"
    look(5)
    run.refresh_from_db()
    assert (
        "(Job entrypoint command failed with exit code 1) before the script was started" in run.error_message
    )
    assert run.error_message.endswith("No module named studio")
    assert run.error_details == {"start_log": "studio_…\nNo module named studio"}
    look(10)
    assert (Dispatch.objects.get().state, ray.jobs) == ("ended", {})


def test_a_cancel_that_nobody_confirms_stops_the_job(ray, run, owner):
    look()
    job_id = f"studio-{run.public_id}"
    ray.jobs[job_id]["status"] = "RUNNING"
    runs.start_run(run, by=owner, heartbeat=True)
    runs.cancel_run(run, by=owner)
    look(62)
    assert ray.jobs[job_id]["status"] == "STOPPED"
    look(66)
    look(88)
    run.refresh_from_db()
    assert run.status == "Canceled" and "has ended" in run.status_reason


def test_a_ray_that_has_lost_its_jobs_ends_their_runs(ray, run, owner):
    look()
    runs.start_run(run, by=owner, heartbeat=True)
    ray.jobs.clear()
    look(16)
    look(40)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("Failed", "SupervisorLost")
