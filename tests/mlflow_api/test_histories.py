"""Histories of many runs at once."""

import numpy as np
import pytest

from runs.actions.batch import log_batch
from runs.actions.tracking import Points
from tests import make

BULK = "/w/vision/ajax-api/2.0/mlflow/metrics/get-history-bulk"


@pytest.fixture
def runs(workspace):
    return sorted((make.run(workspace) for _ in range(3)), key=lambda run: run.public_id)


def log(run, steps, times, values):
    arrays = (np.array(values, dtype=np.float64), np.array(steps), np.array(times))
    log_batch(run, by=make.owner_of(run.workspace), points=[Points("loss", *arrays)])


def told(answer):
    return [(m["run_id"], m["timestamp"], m["step"], m["value"]) for m in answer.json().get("metrics", [])]


def test_points_come_run_by_run_by_time_step_and_value(client, runs):
    one, two, _ = runs
    log(one, [2, 1, 1], [10, 10, 10], [1, 5, 3])
    log(two, [0], [5], [float("nan")])
    fields = {"run_id": [run.public_id for run in reversed(runs)] + ["nowhere"], "metric_key": "loss"}
    assert told(client.get(BULK, fields)) == [
        (one.public_id, 10, 1, 3.0),
        (one.public_id, 10, 1, 5.0),
        (one.public_id, 10, 2, 1.0),
        (two.public_id, 5, 0, "NaN"),
    ]
    assert len(told(client.get(BULK, {**fields, "max_results": 2}))) == 2


def test_so_many_points_of_each_run_evenly_with_the_first_and_the_last(client, runs):
    for run in runs:
        log(run, range(1000), range(1000), range(1000))
    fields = {"run_ids": [run.public_id for run in runs], "metric_key": "loss", "max_results": 20}
    found = told(client.get(BULK + "-interval", fields))
    for run in runs:
        own = [point for point in found if point[0] == run.public_id]
        assert [point[2] for point in own] == [*range(0, 950, 50), 999]
    near = told(client.get(BULK + "-interval", {**fields, "start_step": 10, "end_step": 12}))
    assert [point[2] for point in near if point[0] == runs[0].public_id] == [10, 11, 12]


def test_of_several_values_of_a_step_the_same_are_told_as_by_mlflow(client, runs):
    run = runs[0]
    log(run, [step for step in range(10) for _ in "12"], [1, 2] * 10, range(20))
    fields = {"run_ids": [run.public_id], "metric_key": "loss"}
    for most, seen in (
        (5, [(0, 1), (2, 1), (4, 1), (6, 1), (9, 2)]),
        (3, [(0, 1), (3, 2), (9, 2)]),
        (1, [(9, 2)]),
    ):
        found = told(client.get(BULK + "-interval", {**fields, "max_results": most}))
        assert [(step, time) for _, time, step, _ in found] == seen
    nowhere = {**fields, "start_step": 50, "end_step": 60}
    assert told(client.get(BULK + "-interval", nowhere)) == []


def test_what_is_wrong_is_told(client, runs):
    known = runs[0].public_id
    for route, fields in (
        ("", {"metric_key": "loss"}),
        ("", {"run_id": known}),
        ("", {"run_id": [f"r{n}" for n in range(101)], "metric_key": "loss"}),
        ("", {"run_id": known, "metric_key": "loss", "max_results": 25_001}),
        ("-interval", {"run_ids": known, "metric_key": "loss", "max_results": 2501}),
        ("-interval", {"run_ids": known, "metric_key": "loss", "start_step": 1}),
        ("-interval", {"run_ids": known, "metric_key": "loss", "start_step": 3, "end_step": 1}),
    ):
        answer = client.get(BULK + route, fields)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), fields


def test_texts_have_no_such_history(client, workspace):
    run = make.run(workspace, metrics={"loss": ["warm", "cold"]})
    fields = {"run_id": run.public_id, "run_ids": run.public_id, "metric_key": "loss"}
    assert told(client.get(BULK, fields)) == told(client.get(BULK + "-interval", fields)) == []


def test_a_flat_line_keeps_as_many_points_as_are_asked_for(client, runs):
    log(runs[0], range(10), range(10), [10.0] * 10)
    fields = {"run_ids": [runs[0].public_id], "metric_key": "loss", "max_results": 5}
    assert [point[2] for point in told(client.get(BULK + "-interval", fields))] == [0, 2, 4, 6, 9]


def test_samples_come_by_step(client, runs):
    log(runs[0], [0, 1, 2], [30, 20, 10], [1, 2, 3])
    fields = {"run_ids": [runs[0].public_id], "metric_key": "loss"}
    assert [point[2] for point in told(client.get(BULK + "-interval", fields))] == [0, 1, 2]


def test_a_run_that_there_is_not_has_an_empty_history(send):
    fields = {"run_id": "0" * 32, "metric_key": "loss"}
    assert send("metrics/get-history", "GET", **fields) == (200, {})
