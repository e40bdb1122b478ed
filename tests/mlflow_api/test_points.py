"""A batch's points are the same read at once and one by one."""

import json

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.mlflow_api.points import look_closer, points_of, read_usual

WHOLE = st.integers(0, 2**63 - 1)
metric = st.fixed_dictionaries(
    {
        "key": st.sampled_from(["loss", "val/loss", "acc", "größe"]),
        "value": st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(-(2**53), 2**53),
            st.sampled_from(["NaN", "Infinity", "-Infinity"]),
        ),
        "timestamp": WHOLE,
    },
    optional={"step": st.integers(-(2**63), 2**63 - 1)},
)


def usual(body):
    data = body if isinstance(body, str) else json.dumps(body)
    return read_usual(RequestFactory().post("/", data, content_type="application/json"))


def facts(points):
    return [
        (each.name, each.steps.tolist(), each.times.tolist(), each.values.tobytes(), str(each.values.dtype))
        for each in points
    ]


@settings(deadline=None, max_examples=100)
@given(st.lists(metric, max_size=40))
def test_both_ways_find_the_same(metrics):
    fields, columns = usual({"run_id": "a", "metrics": metrics, "tags": [], "other": 1})
    slow, closer = look_closer(metrics)
    assert facts(points_of(columns)) == facts(points_of(slow))
    assert len(closer) == len(metrics) and fields.sent == {"run_id": "a", "tags": []}
    for points in points_of(columns):
        sent = [each for each in metrics if each["key"] == points.name]
        assert points.times.tolist() == [each["timestamp"] for each in sent]
        assert points.values.tolist() == pytest.approx([float(each["value"]) for each in sent], nan_ok=True)


@pytest.mark.parametrize(
    "field",
    [
        {"value": "1e3"},
        {"value": True},
        {"value": None},
        {"timestamp": -1},
        {"timestamp": 2**63},
        {"timestamp": "5"},
        {"step": 2**63},
        {"step": 1.0},
        {"step": None},
        {"key": 5},
        {"model_id": "m-1"},
        {"dataset_name": "data"},
    ],
    ids=json.dumps,
)
def test_what_is_written_otherwise_takes_a_closer_look(field):
    point = {"key": "loss", "value": 0.5, "timestamp": 1, "step": 1}
    assert usual({"metrics": [point, point]}) is not None
    assert usual({"metrics": [point, point | field]}) is None


@pytest.mark.parametrize("body", ["null", "[]", "{}", '{"metrics": [NaN]}', '{"metrics": 1}', "[" * 10_000])
def test_so_does_what_is_no_batch(body):
    assert usual(body) is None
