"""Runs by MLflow's protocol: what is sent, what is stored, what is answered."""

import base64
from unittest.mock import ANY

import pytest
from django.test import Client

from runs.actions.upkeep import merge_segments
from runs.models import Metric, Run
from tests import make


@pytest.fixture
def run_id(send):
    return send("runs/create", experiment_id="0")[1]["run"]["info"]["run_id"]


def data_of(send, run_id):
    return send("runs/get", "GET", run_id=run_id)[1]["run"]["data"]


def test_a_run_stands_in_the_studio_as_the_others(send, workspace, owner):
    tags = [
        {"key": "mlflow.note.content", "value": "**first** try"},
        {"key": "mlflow.runName", "value": "baseline"},
        {"key": "team", "value": "vision"},
    ]
    made = send("runs/create", experiment_id="0", start_time=1_700_000_000_123, tags=tags)[1]["run"]
    run = Run.objects.get(public_id=made["info"]["run_id"])
    assert (run.display_name, run.description, run.status) == ("baseline", "**first** try", "Running")
    assert (run.experiment.name, run.experiment.number, run.created_by) == ("Default", 0, owner)
    assert made["info"]["start_time"] == 1_700_000_000_123
    assert made["info"]["artifact_uri"] == f"mlflow-artifacts:/0/{run.public_id}/artifacts"
    assert {tag["key"]: tag["value"] for tag in made["data"]["tags"]} == {
        "mlflow.runName": "baseline",
        "mlflow.note.content": "**first** try",
        "mlflow.user": "olga",
        "team": "vision",
    }


def test_a_child_names_its_parent(send, run_id):
    tags = [{"key": "mlflow.parentRunId", "value": run_id}]
    child = send("runs/create", experiment_id="0", tags=tags)[1]["run"]["info"]["run_id"]
    assert Run.objects.get(public_id=child).parent.public_id == run_id
    tags[0]["value"] = "nowhere"
    alone = send("runs/create", experiment_id="0", tags=tags)[1]["run"]
    assert Run.objects.get(public_id=alone["info"]["run_id"]).parent is None
    assert tags[0] in alone["data"]["tags"]


def test_a_parent_may_be_named_later_and_be_taken_away(send, run_id):
    child = send("runs/create", experiment_id="0")[1]["run"]["info"]["run_id"]
    tags = [{"key": "mlflow.parentRunId", "value": run_id}]
    assert send("runs/log-batch", run_id=child, tags=tags)[0] == 200
    assert Run.objects.get(public_id=child).parent.public_id == run_id
    assert send("runs/delete-tag", run_id=child, key="mlflow.parentRunId")[0] == 200
    assert Run.objects.get(public_id=child).parent is None
    assert tags[0] not in data_of(send, child)["tags"]
    for unknown in ("nowhere", child):
        assert send("runs/set-tag", run_id=child, key="mlflow.parentRunId", value=unknown)[0] == 200
    assert Run.objects.get(public_id=child).parent is None
    younger = send("runs/create", experiment_id="0")[1]["run"]["info"]["run_id"]
    assert send("runs/set-tag", run_id=child, key="mlflow.parentRunId", value=younger)[0] == 200
    assert Run.objects.get(public_id=child).parent.public_id == younger


@pytest.mark.parametrize(
    ("word", "status"),
    [("FINISHED", "Completed"), ("FAILED", "Failed"), ("KILLED", "Canceled"), (3, "Completed")],
)
def test_statuses_go_both_ways(send, run_id, word, status):
    _, answer = send("runs/update", run_id=run_id, status=word, end_time=1_700_000_000_000)
    assert answer["run_info"]["status"] == ("FINISHED" if word == 3 else word)
    assert Run.objects.get(public_id=run_id).status == status


def test_the_end_that_came_first_counts_and_the_name_may_change(send, run_id):
    send("runs/update", run_id=run_id, status="FINISHED")
    status, answer = send("runs/update", run_id=run_id, status="FAILED", run_name="again")
    assert (status, answer["run_info"]["status"], answer["run_info"]["run_name"]) == (
        200,
        "FINISHED",
        "again",
    )


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("NaN", "NaN"),
        ("Infinity", 1.7976931348623157e308),
        ("-Infinity", -1.7976931348623157e308),
        ("1.5", 1.5),
    ],
)
def test_numbers_that_json_has_not(send, run_id, sent, answered):
    assert send("runs/log-metric", run_id=run_id, key="loss", value=sent, timestamp="7")[0] == 200
    point = {"key": "loss", "value": answered, "timestamp": 7, "step": 0}
    assert data_of(send, run_id)["metrics"] == [point]
    assert send("metrics/get-history", "GET", run_id=run_id, metric_key="loss")[1]["metrics"] == [point]


@pytest.mark.parametrize("values", [[1.0, 3.0, 2.0], [3.0, "NaN", "-Infinity"], ["NaN", 3.0]])
@pytest.mark.parametrize("together", [True, False])
def test_of_equal_steps_and_times_the_greatest_value_is_the_last(send, run_id, values, together):
    points = [{"key": "loss", "value": value, "timestamp": 7, "step": 1} for value in values]
    for sent in [points] if together else [[point] for point in points]:
        assert send("runs/log-batch", run_id=run_id, metrics=sent)[0] == 200
    assert data_of(send, run_id)["metrics"] == [{"key": "loss", "value": 3.0, "timestamp": 7, "step": 1}]


def test_a_run_may_begin_with_1970(send):
    info = send("runs/create", experiment_id="0", start_time=0)[1]["run"]["info"]
    assert info["start_time"] == 0
    assert send("runs/create", experiment_id="0")[1]["run"]["info"]["start_time"] > 0
    refused = send("runs/create", experiment_id="0", start_time=-1)
    assert refused[0] == 400 and "'start_time'" in refused[1]["message"]


def test_bare_nan_is_read(run_id, owner):
    client = Client(headers={"Authorization": f"Bearer {make.token(owner)}"})
    body = f'{{"run_id": "{run_id}", "key": "x", "value": NaN, "timestamp": 1}}'
    path = "/w/vision/api/2.0/mlflow/runs/log-metric"
    assert client.generic("POST", path, body, "application/json").status_code == 200


def test_a_request_that_is_sent_again_doubles_nothing(send, run_id):
    points = [{"key": "loss", "value": step / 2, "timestamp": 10 + step, "step": step} for step in range(5)]
    batch = {
        "metrics": [*points, points[0]],
        "params": [{"key": "lr", "value": "0.1"}],
        "tags": [{"key": "a", "value": "b"}],
    }
    for _ in range(2):
        assert send("runs/log-batch", run_id=run_id, **batch) == (200, {})
    late = {"key": "loss", "value": 9, "timestamp": 3, "step": 2}
    for _ in range(2):
        assert send("runs/log-metric", run_id=run_id, **late)[0] == 200
    found = send("metrics/get-history", "GET", run_id=run_id, metric_key="loss")[1]["metrics"]
    assert found == [{**late, "value": 9.0}, *points]


def test_steps_that_are_logged_anew_stand_beside_the_old_ones(send, run_id):
    def batch(time, value):
        return [
            {"key": key, "value": value, "timestamp": time + step, "step": step}
            for key in ("loss", "acc")
            for step in range(50)
        ]

    for sent in (batch(1000, 0.5), batch(9000, 0.25), batch(9000, 0.25), batch(1000, 0.5)):
        assert send("runs/log-batch", run_id=run_id, metrics=sent)[0] == 200
    metrics = (
        Metric.objects.filter(run__public_id=run_id)
        .order_by("name__text")
        .values_list("name__text", "count", "last", "last_time")
    )
    assert [*metrics] == [("acc", 100, 0.25, 9049), ("loss", 100, 0.25, 9049)]
    merge_segments(Metric.objects.get(run__public_id=run_id, name__text="loss").pk)
    send("runs/log-batch", run_id=run_id, metrics=[*batch(1000, 0.5), *batch(1000, 0.75)])
    assert [*metrics.values_list("count", flat=True)] == [150, 150]


def test_history_comes_in_pages(send, run_id):
    for step in range(5):
        send("runs/log-metric", run_id=run_id, key="m", value=step, timestamp=step, step=-step)
    seen, token = [], "0"
    while token:
        asked = {"run_id": run_id, "metric_key": "m", "max_results": 2, "page_token": token}
        page = send("metrics/get-history", "GET", **asked)[1]
        seen += [point["value"] for point in page["metrics"]]
        token = page.get("next_page_token")
    assert seen == [0, 1, 2, 3, 4]
    assert send("metrics/get-history", "GET", run_id=run_id, metric_key="none") == (200, {})


def test_parameters_never_change(send, run_id):
    send("runs/log-parameter", run_id=run_id, key="p", value="1")
    assert send("runs/log-parameter", run_id=run_id, key="p", value="1")[0] == 200
    status, answer = send("runs/log-parameter", run_id=run_id, key="p", value="2")
    said = "Changing param values is not allowed. Param with key='p' was already logged with value='1'"
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE") and said in answer["message"]
    params = [{"key": "new", "value": "x"}, {"key": "p", "value": "9"}]
    status, answer = send("runs/log-batch", run_id=run_id, params=params)
    assert "[{'key': 'p', 'old_value': '1', 'new_value': '9'}]" in answer["message"]
    assert data_of(send, run_id)["params"] == [{"key": "p", "value": "1"}]


REFUSED = [
    ({"key": "a", "timestamp": 1}, "Missing value for required parameter 'value'."),
    (
        {"key": "a?b", "value": 1, "timestamp": 1},
        "Invalid value \"a?b\" for parameter 'name' supplied: Names may",
    ),
    ({"key": "a//b", "value": 1, "timestamp": 1}, "This name would resolve to 'a/b'"),
    ({"key": "x" * 251, "value": 1, "timestamp": 1}, "'Metric name' exceeds the maximum length of 250"),
    ({"key": "a", "value": 1, "timestamp": -1}, "Timestamp must be a nonnegative long"),
    ({"key": "a", "value": "much", "timestamp": 1}, "Invalid value \"much\" for parameter 'value'"),
    (
        {"key": 31, "value": 1, "timestamp": 1},
        "Invalid value 31 for parameter 'key' supplied:  Hint: Value was of",
    ),
    ({"key": "a", "value": 1, "timestamp": 1, "step": 2**63}, "for parameter 'step'"),
    ({"key": "a", "value": [1], "timestamp": 1}, "Invalid value [1] for parameter 'value'"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED)
def test_mistakes_are_told_in_mlflow_s_words(send, run_id, fields, message):
    status, answer = send("runs/log-metric", run_id=run_id, **fields)
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE") and message in answer["message"]


def test_batches_have_limits(send, run_id):
    metrics = [{"key": "m", "value": 1, "timestamp": 1, "step": step} for step in range(1001)]
    _, answer = send("runs/log-batch", run_id=run_id, metrics=metrics)
    assert "at most 1000 metrics. Got 1001 metrics." in answer["message"]
    twice = [{"key": "dp", "value": "1"}] * 2
    _, answer = send("runs/log-batch", run_id=run_id, params=twice)
    assert "Duplicate parameter keys have been submitted: ['dp']" in answer["message"]
    _, answer = send("runs/log-batch", run_id=run_id, metrics=[{"key": "m", "value": 1}])
    assert "'metrics[0].timestamp'" in answer["message"]
    assert "metrics" not in data_of(send, run_id)


def test_tags_change_and_go(send, run_id):
    send("runs/set-tag", run_id=run_id, key="mlflow.runName", value="renamed")
    send("runs/set-tag", run_id=run_id, key="a", value="1")
    assert Run.objects.get(public_id=run_id).display_name == "renamed"
    assert send("runs/delete-tag", run_id=run_id, key="a") == (200, {})
    status, answer = send("runs/delete-tag", run_id=run_id, key="a")
    assert (status, answer["message"]) == (404, f"No tag with name: a in run with id {run_id}")


@pytest.mark.parametrize("status", ["RUNNING", "FINISHED"])
def test_a_deleted_run_is_read_and_takes_nothing(send, run_id, status):
    send("runs/update", run_id=run_id, status=status)
    for _ in range(2):
        assert send("runs/delete", run_id=run_id) == (200, {})
    info = send("runs/get", "GET", run_id=run_id)[1]["run"]["info"]
    assert (info["lifecycle_stage"], info["status"]) == ("deleted", status)
    _, answer = send("runs/set-tag", run_id=run_id, key="a", value="1")
    assert answer["message"] == f"The run {run_id} must be in the 'active' state. Current state is deleted."
    assert send("runs/restore", run_id=run_id) == (200, {})
    assert send("runs/set-tag", run_id=run_id, key="a", value="1") == (200, {})


def test_experiments_have_whole_numbers(send, owner):
    default = send("experiments/get", "GET", experiment_id="0")[1]["experiment"]
    assert (default["name"], default["experiment_id"]) == ("Default", "0")
    first = send("experiments/create", name="digits", tags=[{"key": "a", "value": "b"}])[1]
    assert first == {"experiment_id": "1"}
    found = send("experiments/get-by-name", "GET", experiment_name="digits")[1]["experiment"]
    assert found["tags"] == [{"key": "a", "value": "b"}]
    status, answer = send("experiments/create", name="digits")
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert (
        send("experiments/get", "GET", experiment_id="999")[1]["message"]
        == "No Experiment with id=999 exists"
    )
    assert send("experiments/get", "GET", experiment_id="abc")[0] == 400
    missing = send("experiments/get-by-name", "GET", experiment_name="nope")
    assert missing[1]["message"] == "Could not find experiment with name 'nope'"
    assert send("experiments/create", name="x", artifact_location="file:///etc")[0] == 400


def test_both_spellings_and_both_ways_of_signing_in(workspace, owner):
    given = [f"olga:{make.PASSWORD}", f"olga:{make.token(owner)}"]
    for text in given:
        basic = base64.b64encode(text.encode()).decode()
        client = Client(headers={"Authorization": f"Basic {basic}"})
        path = "/api/2.0/mlflow/runs/create"  # she is in one workspace alone
        assert client.post(path, {"experimentId": "0"}, content_type="application/json").status_code == 200
    assert client.post(path, {"experiment_id": "0"}).status_code == 400  # a form, as other sites can send


def test_a_run_of_another_workspace_is_not_found(send, owner):
    other = make.run(make.workspace(owner=owner))
    status, answer = send("runs/get", "GET", run_id=other.public_id)
    assert (status, answer["message"]) == (404, f"Run with id={other.public_id} not found")


def test_any_key_is_a_tag_of_a_new_run_as_with_mlflow(send):
    keys = ["git@url", "x(y)", "a//b", "k" * 256]
    tags = [{"key": key, "value": "1"} for key in keys]
    made = send("runs/create", experiment_id="0", tags=tags)[1]["run"]
    assert {*keys} <= {tag["key"] for tag in made["data"]["tags"]}
    assert send("runs/set-tag", run_id=made["info"]["run_id"], key="x(y)", value="2")[0] == 400


def test_a_long_description_is_cut_and_nothing_beside_it_lost(send, run_id):
    note = {"key": "mlflow.note.content", "value": "é" * 40_000}
    assert send("runs/log-batch", run_id=run_id, tags=[note, {"key": "team", "value": "vision"}]) == (200, {})
    tags = {tag["key"]: tag["value"] for tag in data_of(send, run_id)["tags"]}
    assert tags["mlflow.note.content"] == "é" * 32_768 and tags["team"] == "vision"
    assert send("runs/set-tag", run_id=run_id, **{**note, "value": "x" * 70_000}) == (200, {})
    assert len(Run.objects.get().description) == 65_536


def test_a_name_of_several_lines_becomes_one(send, run_id):
    tag = {"key": "mlflow.runName", "value": "first\n  second\ttry "}
    assert send("runs/log-batch", run_id=run_id, tags=[tag], params=[{"key": "a", "value": "1"}]) == (200, {})
    assert Run.objects.get().display_name == "first second try"
    assert send("runs/update", run_id=run_id, run_name="  \n") == (200, {"run_info": ANY})
    assert Run.objects.get().display_name == "first second try"
    assert send("runs/create", experiment_id="0", run_name=" \n")[1]["run"]["info"]["run_name"].strip()


def test_a_param_is_known_however_its_letters_are_composed(send, run_id):
    composed, sign = "\u00c5", "\u212b"  # a letter, and the sign of a unit that is the same letter
    for key, value in ((composed, "1"), (sign, "2")):
        status, answer = send("runs/log-parameter", run_id=run_id, key=key, value=value)
    assert status == 400 and "already logged with value='1'" in answer["message"]
    param = {"key": sign, "value": "9"}
    status, answer = send("runs/log-batch", run_id=run_id, params=[param])
    assert status == 400 and "'new_value': '9'" in answer["message"]


def test_a_run_takes_thousands_of_params(send, run_id):
    for start in range(0, 1200, 100):
        params = [{"key": f"p{number}", "value": "1"} for number in range(start, start + 100)]
        assert send("runs/log-batch", run_id=run_id, params=params) == (200, {})
    assert len(data_of(send, run_id)["params"]) == 1200


def test_whose_a_run_is_says_the_script(send):
    tags = [{"key": "mlflow.user", "value": "nina"}]
    made = [
        send("runs/create", experiment_id="0", **fields)[1]["run"]["info"]
        for fields in ({"tags": tags}, {"user_id": "anderson"}, {"user_id": "a", "tags": tags}, {})
    ]
    assert [info["user_id"] for info in made] == ["nina", "anderson", "nina", "olga"]
    for text in ("attributes.user_id = 'anderson'", "tags.mlflow.user = 'anderson'", "user_id LIKE 'ander%'"):
        answer = send("runs/search", experiment_ids=["0"], filter=text)[1]
        assert [run["info"]["run_id"] for run in answer["runs"]] == [made[1]["run_id"]]


def test_what_a_run_is_called_stays_when_its_tag_goes(send, run_id):
    before = Run.objects.get().display_name
    for key in ("mlflow.runName", "mlflow.user"):
        assert send("runs/delete-tag", run_id=run_id, key=key) == (200, {})
    assert Run.objects.get().display_name == before


@pytest.mark.parametrize("route", ["log-metric", "log-parameter", "set-tag", "log-batch"])
def test_the_run_is_looked_at_before_all_other_fields(send, route):
    status, answer = send(f"runs/{route}", run_id=31, key="a", value=41, metrics="foo")
    assert status == 400 and "Invalid value 31 for parameter 'run_id' supplied" in answer["message"]
    assert "Missing value for required parameter 'run_id'" in send(f"runs/{route}", key=7)[1]["message"]


def test_children_of_a_deleted_run_go_on_and_come_under_it_again(send, workspace, owner):
    parent = make.run(workspace, display_name="sweep")
    tagged = [{"key": "mlflow.parentRunId", "value": parent.public_id}]
    child = send("runs/create", experiment_id="0", tags=tagged)[1]["run"]["info"]["run_id"]
    other = make.run(workspace, "elsewhere", parent=parent)
    grandchild = make.run(workspace, parent=other)
    assert send("runs/delete", run_id=parent.public_id) == (200, {})
    assert send("runs/delete", run_id=parent.public_id) == (200, {})
    metric = {"key": "loss", "value": 1, "timestamp": 1}
    for run_id in (child, other.public_id, grandchild.public_id):
        info = send("runs/get", "GET", run_id=run_id)[1]["run"]["info"]
        assert info["lifecycle_stage"] == "active"
        assert send("runs/log-metric", run_id=run_id, **metric) == (200, {})
    assert Run.objects.get(public_id=child).parent is None
    assert Run.objects.get(pk=grandchild.pk).root_id == other.pk
    assert send("runs/restore", run_id=parent.public_id) == (200, {})
    again = Run.objects.get(pk=parent.pk)
    assert {run.public_id for run in again.children.all()} == {child, other.public_id}
    assert again.child_count == 2
    assert Run.objects.get(pk=grandchild.pk).root_id == parent.pk
