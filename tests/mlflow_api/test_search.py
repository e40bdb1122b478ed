"""Searches by MLflow's protocol: what is found, in which order, page by page."""

import pytest

from runs.actions.organise import archive_run
from runs.models import Run
from tests import make

VALUES = {
    "minus": "-Infinity",
    "low": -1000,
    "zero": 0,
    "high": 1000,
    "plus": "Infinity",
    "none": "NaN",
}


@pytest.fixture
def logged(send):
    """Runs named as VALUES, in this order, each with its value of the metric x; and one without."""
    for at, name in enumerate([*VALUES, "without"]):
        made = send("runs/create", experiment_id="0", run_name=name, start_time=1000 + at)[1]["run"]["info"]
        if name in VALUES:
            point = {"key": "x", "value": VALUES[name], "timestamp": 1}
            assert send("runs/log-metric", run_id=made["run_id"], **point)[0] == 200
        send("runs/log-parameter", run_id=made["run_id"], key="p", value=str(at + 8))


def found(send, **fields):
    status, answer = send("runs/search", **{"experiment_ids": ["0"], **fields})
    assert status == 200, answer
    return [run["info"]["run_name"] for run in answer.get("runs", [])]


ORDERS = {
    ("metrics.x",): "minus low zero high plus none without",
    ("metrics.x DESC",): "plus high zero low minus none without",
    ("params.p",): "zero high plus none without minus low",  # as texts: 10 11 12 13 14 8 9
    ("start_time ASC",): "minus low zero high plus none without",
    ("run_name",): "high low minus none plus without zero",
    ("tags.none", "metrics.x DESC"): "plus high zero low minus none without",
    ("status", "attributes.start_time ASC"): "minus low zero high plus none without",
    (): "without none plus high zero low minus",
}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_is_mlflow_s(send, logged, order):
    assert " ".join(found(send, order_by=order)) == ORDERS[order]


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_is_kept_over_pages_and_when_a_term_is_rare(send, logged, order):
    seen, token = [], ""
    for _ in range(len(VALUES) + 1):
        asked = {"experiment_ids": ["0"], "order_by": order, "max_results": 1, "page_token": token}
        answer = send("runs/search", filter="params.p != ''", **asked)[1]
        seen += [run["info"]["run_name"] for run in answer["runs"]]
        token = answer.get("next_page_token", "")
    assert (" ".join(seen), token) == (ORDERS[order], "")


def test_equal_runs_stand_newest_first_and_then_by_id(send):
    for at in (5, 9, 5, 9):
        send("runs/create", experiment_id="0", start_time=at)
    rows = Run.objects.order_by("-started_at", "public_id").values_list("public_id", flat=True)
    answer = send("runs/search", experiment_ids=["0"], order_by=["metrics.none DESC"])[1]
    assert [run["info"]["run_id"] for run in answer["runs"]] == list(rows)


FILTERS = {
    "metrics.x > 0": "high plus",
    "metrics.x != 0": "minus low high plus none",
    "params.p = '9' AND metrics.x < 5": "low",
    "params.p LIKE '1%' and attributes.start_time >= 1005": "none without",
    "tags.mlflow.runName = 'zero'": "zero",
    "attributes.run_name ILIKE 'Z%'": "zero",
    "tags.`mlflow.user` = 'olga' and run_name = 'zero'": "zero",
    "status = 'FINISHED'": "",
    "status = 'BOGUS'": "",
    "status != 'BOGUS'": "minus low zero high plus none without",
    "attributes.start_time > 1004.6 and start_time < 1.007e3": "none without",
    "start_time = 1.005E3": "none",
    "params.q IS NULL and run_name = 'plus'": "plus",
    "created = 1002": "zero",
}


@pytest.mark.parametrize("text", FILTERS)
def test_filters(send, logged, text):
    assert found(send, filter=text, order_by=["start_time"]) == FILTERS[text].split()


def test_the_tags_of_user_and_parent_are_what_was_set(send, workspace, owner):
    tags = [{"key": "mlflow.user", "value": "root"}, {"key": "mlflow.parentRunId", "value": "elsewhere"}]
    send("runs/create", experiment_id="0", run_name="set", tags=tags)
    parent = make.run(workspace, "Default", display_name="parent")
    make.run(workspace, "Default", display_name="child", parent=parent)
    one = {"order_by": ["run_name"]}
    assert found(send, filter="tags.mlflow.user = 'root'", **one) == ["set"]
    assert found(send, filter="tags.mlflow.user = 'olga'", **one) == ["child", "parent"]
    assert found(send, filter="tags.mlflow.user != 'olga'", **one) == ["set"]
    assert found(send, filter="tags.mlflow.parentRunId = 'elsewhere'", **one) == ["set"]
    assert found(send, filter=f"tags.mlflow.parentRunId = '{parent.public_id}'", **one) == ["child"]
    assert found(send, filter="tags.mlflow.parentRunId IS NULL", **one) == ["parent"]
    assert found(send, filter="tags.mlflow.parentRunId IS NOT NULL", **one) == ["child", "set"]


def test_an_order_is_by_what_a_script_set_and_else_by_what_the_run_has(send, workspace):
    parent = make.run(workspace, "digits", display_name="parent")  # olga's, as all without the tag
    make.run(workspace, "digits", display_name="child", parent=parent)
    number = str(parent.experiment.number)
    for name, user, above in (("b", "bob", "!"), ("z", "zoe", "~")):
        tags = [{"key": "mlflow.user", "value": user}, {"key": "mlflow.parentRunId", "value": above}]
        send("runs/create", experiment_id=number, run_name=name, start_time=1, tags=tags)

    def ordered(*order, **fields):
        return found(send, experiment_ids=[number], order_by=[*order, "run_name"], **fields)

    assert ordered("user_id") == ["b", "child", "parent", "z"]
    assert ordered("attributes.user_id DESC") == ["z", "child", "parent", "b"]
    assert ordered("tags.mlflow.user ASC", filter="run_name != 'parent'") == ["b", "child", "z"]
    assert ordered("tags.mlflow.parentRunId") == ["b", "child", "z", "parent"]
    assert ordered("tags.`mlflow.parentRunId` DESC") == ["z", "child", "b", "parent"]
    assert ordered("metrics.none", "user_id", "tags.mlflow.parentRunId", "params.none")[0] == "b"
    seen, token = [], ""
    while token is not None:
        asked = {
            "experiment_ids": [number],
            "order_by": ["user_id", "run_name"],
            "max_results": 1,
            "page_token": token,
        }
        answer = send("runs/search", **asked)[1]
        seen += [run["info"]["run_name"] for run in answer["runs"]]
        token = answer.get("next_page_token")
    assert seen == ["b", "child", "parent", "z"]


def test_the_trash_is_a_view_and_the_archive_is_in_use(send, logged, owner):
    thrown = Run.objects.get(display_name="zero").public_id
    send("runs/update", run_id=thrown, status="FINISHED")
    send("runs/delete", run_id=thrown)
    archive_run(Run.objects.get(display_name="high"), by=owner)
    assert "high" in found(send) and "zero" not in found(send)
    assert found(send, run_view_type="DELETED_ONLY") == ["zero"]
    assert len(found(send, run_view_type="ALL")) == len(found(send, run_view_type=3)) == 7


def test_several_experiments_and_none(send, logged, workspace):
    other = make.run(workspace, "other", display_name="elsewhere")
    both = ["0", str(other.experiment.number)]
    assert len(found(send, experiment_ids=both)) == 8
    assert found(send, experiment_ids=both, filter="metrics.x = 1000") == ["high"]
    assert found(send, experiment_ids=["777", "9" * 30]) == found(send, experiment_ids=[]) == []


def test_everything_of_a_run_is_in_the_answer(send, logged):
    whole = send("runs/search", experiment_ids=["0"], filter="run_name = 'low'")[1]["runs"][0]
    assert whole["data"]["metrics"] == [{"key": "x", "value": -1000.0, "timestamp": 1, "step": 0}]
    assert whole["data"]["params"] == [{"key": "p", "value": "9"}]
    assert {"key": "mlflow.user", "value": "olga"} in whole["data"]["tags"]
    assert (whole["info"]["start_time"], whole["info"]["lifecycle_stage"]) == (1001, "active")


MISTAKES = {
    "Invalid ordering key in order_by clause 'metrics.m BLAH'.": {"order_by": ["metrics.m BLAH"]},
    "supplied. It must be a positive integer": {"max_results": 0},
    "Invalid value 50001 for parameter 'max_results' supplied": {"max_results": 50_001},
    "Invalid page token, could not base64-decode": {"page_token": "nonsense"},
    "Invalid value \"NOPE\" for parameter 'run_view_type'": {"run_view_type": "NOPE"},
    "Invalid value 5 for parameter 'order_by'": {"order_by": 5},
    "Expected numeric value type for metric. Found 'a'": {"filter": "metrics.x > 'a'"},
    "metrics.x is a number: write 1 at character 13 without quotes": {"filter": "metrics.x > '1'"},
    "Expected numeric value type for numeric attribute: start_time. Found 'a'": {
        "filter": "attributes.start_time > 'a'"
    },
    "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']": {
        "filter": "foo.bar = 'a'"
    },
    "did you mean 'params'?": {"filter": "parms.lr = 'a'"},
    "Invalid attribute key 'nothing' specified. Valid keys are {'id', 'name', ": {"filter": "nothing = 'a'"},
    "Invalid attribute key 'start' specified.": {"filter": "attributes.start > 1"},
    "Invalid dataset key 'size' specified. Valid keys are {'name', 'digest', 'context'}": {
        "filter": "dataset.size = 'a'"
    },
    "Invalid comparator 'LIKE' not one of {'=', '!=', '<', ": {"filter": "metrics.x LIKE 'a'"},
    "Invalid comparator '>' not one of {'=', '!=', ": {"filter": "tags.team > 'a'"},
    "Invalid comparator '>=' not one of {'=', '!=', 'IN', ": {"filter": "params.p >= 'LR'"},
    "Invalid clause(s) in filter string. I did not understand 'x' at character 12: archived": {
        "filter": "archived = 'x'"
    },
    "Invalid clause(s) in filter string. I did not understand 'NAND' at character 17": {
        "filter": "metrics.x > 0.1 NAND params.p = 'a'"
    },
    "Invalid clause(s) in filter string. The filter ends too early": {"filter": "metrics.x"},
    "Invalid clause(s) in filter string. The quote ' at character 12": {"filter": "params.p = 'a"},
    "Invalid clause(s) in filter string. The quote ` ": {"filter": "`metrics.x > 0.1"},
    "Invalid attribute key 'begin' specified. Valid keys are": {"order_by": ["begin DESC"]},
    "Invalid entity type 'm'. Valid values are": {"order_by": ["m.acc"]},
    "Invalid order_by clause '`metrics.a'. Could not be parsed": {"order_by": ["`metrics.a"]},
    "Invalid order_by clause 'metrics.a DESC ASC'. Could not be parsed": {"order_by": ["metrics.a DESC ASC"]},
    "Invalid order_by clause 'metrics.a, metrics.b'. Could not": {"order_by": ["metrics.a, metrics.b"]},
    "Invalid order_by clause ''. Could not be parsed": {"order_by": [""]},
    "cannot be part of any value": {"filter": "params.a = '\x00'"},
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_told(send, message):
    status, answer = send("runs/search", **{"experiment_ids": ["0"], **MISTAKES[message]})
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert message in answer["message"]


def test_a_list_of_two_thousand_ids_is_a_filter(send, logged):
    ids = [f"{number:032x}" for number in range(2000)]
    ids += Run.objects.order_by("pk").values_list("public_id", flat=True)[:3]
    listed = ", ".join(f"'{each}'" for each in ids)
    assert len(found(send, filter=f"attributes.run_id IN ({listed})")) == 3
    sixty = " and ".join(f"params.p != 'x{number}'" for number in range(60))
    assert len(found(send, filter=sixty)) > 0
    status, answer = send("runs/search", experiment_ids=["0"], filter="x" * 100_001)
    assert status == 400 and "at most 100,000" in answer["message"]


def test_what_is_no_number_of_an_experiment_is_refused(send, client):
    status, answer = send("runs/search", experiment_ids=["0", "abc"])
    assert status == 400 and "Invalid experiment ID 'abc'" in answer["message"]
    path = "/w/vision/ajax-api/2.0/mlflow/experiments/search-datasets"
    assert client.post(path, {"experiment_ids": ["x"]}, content_type="application/json").status_code == 400
