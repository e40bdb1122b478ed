"""Experiments by MLflow's protocol: renamed, deleted, restored; searched in any order, page by page."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from runs.actions.experiment import archive_experiment
from runs.models import Experiment, Run, Workspace
from tests import make


def made(send, name, **fields):
    return send("experiments/create", name=name, **fields)[1]["experiment_id"]


def found(send, **fields):
    status, answer = send("experiments/search", **{"max_results": 100, **fields})
    assert status == 200, answer
    return [experiment["name"] for experiment in answer.get("experiments", [])]


def got(send, number):
    return send("experiments/get", "GET", experiment_id=number)[1]["experiment"]


@pytest.fixture
def several(send):
    """Default is to come; alpha, Beta and gamma_1 were made a minute apart after it, and delta lies in the trash."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    tags = {"alpha": {"team": "vision", "lr": "1"}, "Beta": {"team": "Speech"}, "gamma_1": {}, "delta": {}}
    for at, (name, pairs) in enumerate(tags.items()):
        made(send, name, tags=[{"key": key, "value": value} for key, value in pairs.items()])
        moment = start + timedelta(minutes=at)
        Experiment.objects.filter(name=name).update(created_at=moment, changed_at=moment)
    Workspace.objects.update(created_at=start - timedelta(minutes=1))
    assert send("experiments/delete", experiment_id="4") == (200, {})
    return int(start.timestamp() * 1000)


def test_a_fresh_workspace_has_the_default_experiment_alone_and_is_not_changed_by_reading(send):
    assert found(send) == ["Default"]
    assert got(send, "0")["name"] == "Default" and not Experiment.objects.exists()
    assert [made(send, name) for name in ("a", "b")] == ["1", "2"]
    assert send("runs/create", experiment_id="0")[0] == 200
    assert sorted(found(send)) == ["Default", "a", "b"] and Experiment.objects.count() == 3


def test_one_is_renamed(send):
    number = made(send, "digits")
    before = got(send, number)
    assert before["last_update_time"] == before["creation_time"]
    assert send("experiments/update", experiment_id=number, new_name="letters") == (200, {})
    after = got(send, number)
    assert after["name"] == "letters" and after["last_update_time"] > after["creation_time"]
    made(send, "taken")
    status, answer = send("experiments/update", experiment_id=number, new_name="taken")
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    status, answer = send("experiments/update", experiment_id=number)
    assert status == 400 and "Missing value for required parameter 'new_name'" in answer["message"]
    status, answer = send("experiments/update", experiment_id=number, new_name="x" * 501)
    assert answer["message"] == "'name' exceeds the maximum length of 500 characters"
    assert send("experiments/update", experiment_id="999", new_name="y")[0] == 404
    assert send("experiments/update", experiment_id=number, new_name="a/../b")[0] == 400
    assert send("experiments/update", experiment_id="0", new_name="first") == (200, {})
    assert got(send, "0")["name"] == "first"


def test_one_is_deleted_with_its_runs_and_restored(send):
    number = made(send, "digits")
    run = send("runs/create", experiment_id=number)[1]["run"]["info"]["run_id"]
    assert send("experiments/delete", experiment_id=number) == (200, {})
    assert got(send, number)["lifecycle_stage"] == "deleted"
    by_name = send("experiments/get-by-name", "GET", experiment_name="digits")[1]["experiment"]
    assert by_name["lifecycle_stage"] == "deleted"
    assert send("runs/get", "GET", run_id=run)[1]["run"]["info"]["lifecycle_stage"] == "deleted"
    closed = f"The experiment {number} must be in the 'active' state. Current state is deleted."
    for route, fields in (
        ("runs/create", {}),
        ("experiments/set-experiment-tag", {"key": "a", "value": "b"}),
        ("experiments/delete-experiment-tag", {"key": "a"}),
    ):
        status, answer = send(route, experiment_id=number, **fields)
        assert (status, answer["message"]) == (400, closed), route
    status, answer = send("experiments/delete", experiment_id=number)
    assert (status, answer["message"]) == (404, f"No Experiment with id={number} exists")
    status, answer = send("experiments/update", experiment_id=number, new_name="y")
    assert (status, answer["message"]) == (400, "Cannot rename a non-active experiment.")
    status, answer = send("experiments/create", name="digits")
    assert (status, answer["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert send("experiments/restore", experiment_id=number) == (200, {})
    assert send("experiments/restore", experiment_id=number)[0] == 404
    assert got(send, number)["lifecycle_stage"] == "active"
    assert Run.objects.get().deleted_at is None


def test_the_default_experiment_is_deleted_like_any_other(send):
    assert send("experiments/delete", experiment_id="0") == (200, {})
    assert found(send) == [] and found(send, view_type="DELETED_ONLY") == ["Default"]
    status, answer = send("runs/create", experiment_id="0")
    assert (status, answer["message"]) == (
        400,
        "The experiment 0 must be in the 'active' state. Current state is deleted.",
    )
    assert send("experiments/restore", experiment_id="0") == (200, {})
    assert found(send) == ["Default"]


def test_one_with_a_run_of_an_engine_is_kept(send, workspace):
    run = make.run(workspace, definition={"command": ["python", "train.py"]})
    status, answer = send("experiments/delete", experiment_id=str(run.experiment.number))
    assert (status, answer["error_code"]) == (409, "RESOURCE_CONFLICT") and "cancel it first" in answer[
        "message"
    ]


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("", "Default alpha Beta gamma_1"),
        ("name = 'alpha'", "alpha"),
        ("name != 'alpha'", "Default Beta gamma_1"),
        ("attribute.name LIKE 'B%'", "Beta"),
        ("attr.name LIKE 'b%'", ""),
        ("name ILIKE '%A%'", "Default alpha Beta gamma_1"),
        ("name LIKE 'Def%' AND experiment_id = '0'", "Default"),
        ("experiment_id IN ('1', '2')", "alpha Beta"),
        ("experiment_id NOT IN ('1', '2')", "Default gamma_1"),
        ("tags.team = 'vision'", "alpha"),
        ("tag.team != 'vision'", "Beta"),
        ("tags.`team` ILIKE 's%'", "Beta"),
        ("tags.team IS NOT NULL", "alpha Beta"),
        ("tags.team IS NULL", "Default gamma_1"),
        ("tags.team = 'vision' AND tags.lr = '1'", "alpha"),
        ("creation_time > {start}", "Beta gamma_1"),
        ("creation_time <= {start}", "Default alpha"),
        ("creation_time = {start}", "alpha"),
        ("creation_time != {start}", "Default Beta gamma_1"),
        ("last_update_time >= {start} AND last_update_time < 1767225720000", "alpha Beta"),
        ("not name = 'alpha' and (name = 'Beta' or tags.lr is not null)", "Beta"),
    ],
)
def test_they_are_searched(send, several, filter, names):
    assert found(send, filter=filter.format(start=several), order_by=["creation_time ASC"]) == names.split()


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ([], "gamma_1 Beta alpha Default"),
        (["name"], "Beta Default alpha gamma_1"),
        (["name DESC"], "gamma_1 alpha Default Beta"),
        (["attribute.experiment_id ASC"], "Default alpha Beta gamma_1"),
        (["last_update_time ASC"], "Default alpha Beta gamma_1"),
        (["creation_time DESC", "name ASC"], "gamma_1 Beta alpha Default"),
    ],
)
def test_they_are_ordered_and_paged(send, several, order, names):
    assert found(send, order_by=order) == names.split()
    pages, token = [], None
    while token != "":
        fields = {"page_token": token} if token else {}
        _, answer = send("experiments/search", max_results=3, order_by=order, **fields)
        pages.append([experiment["name"] for experiment in answer["experiments"]])
        token = answer.get("next_page_token", "")
    assert pages == [names.split()[:3], names.split()[3:]]


def test_equal_ones_stand_by_their_numbers(send):
    for name in ("a", "b", "c"):
        made(send, name)
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    Experiment.objects.update(created_at=moment)
    assert found(send) == ["a", "b", "c", "Default"]
    assert found(send, order_by=["creation_time DESC"]) == ["c", "b", "a", "Default"]


def test_views_show_what_is_deleted_and_the_archive_is_no_trash(send, several, owner):
    archive_experiment(Experiment.objects.get(name="alpha"), by=owner)
    assert found(send, view_type="ACTIVE_ONLY") == ["gamma_1", "Beta", "alpha", "Default"]
    assert found(send, view_type="DELETED_ONLY") == found(send, view_type=2) == ["delta"]
    assert found(send, view_type="ALL") == ["delta", "gamma_1", "Beta", "alpha", "Default"]


def test_the_note_is_searched_and_shown_as_a_tag(send, several):
    send("experiments/set-experiment-tag", experiment_id="1", key="mlflow.note.content", value="**hello**")
    assert found(send, filter="tags.mlflow.note.content LIKE '%hello%'") == ["alpha"]
    assert found(send, filter="tags.`mlflow.note.content` IS NULL") == ["gamma_1", "Beta", "Default"]
    tags = {tag["key"]: tag["value"] for tag in got(send, "1")["tags"]}
    assert tags == {"team": "vision", "lr": "1", "mlflow.note.content": "**hello**"}


def test_a_search_asks_no_more_for_many_than_for_few(send, several, django_assert_max_num_queries):
    for number in range(30):
        made(send, f"e{number}", tags=[{"key": "a", "value": "b"}])
    with django_assert_max_num_queries(12):
        assert len(found(send)) == 34


def test_get_searches_as_well(send, several):
    status, answer = send(
        "experiments/search", "GET", max_results="2", order_by=["name ASC", "experiment_id"]
    )
    assert status == 200 and [each["name"] for each in answer["experiments"]] == ["Beta", "Default"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"max_results": None}, "Missing value for required parameter 'max_results'"),
        ({"max_results": 0}, "It must be a positive integer"),
        ({"max_results": 50_001}, "Invalid value 50001 for parameter 'max_results' supplied"),
        ({"page_token": "none"}, "Invalid page token, could not base64-decode"),
        ({"order_by": ["name BLAH"]}, "Invalid ordering key in order_by clause 'name BLAH'."),
        ({"order_by": ["tags.team"]}, "Invalid ordering key in order_by clause 'tags.team'."),
        ({"order_by": ["status"]}, "Invalid attribute key 'status' specified. Valid keys are {'name', "),
        (
            {"filter": "metrics.loss > 1"},
            "Invalid entity type 'metrics'. Valid values are ['tag', 'attribute']. I did not understand 'metrics.loss'",
        ),
        ({"filter": "status = 'x'"}, "Invalid attribute key 'status' specified."),
        ({"filter": "name > 'x'"}, "does not fit"),
        ({"filter": "creation_time = 'x'"}, "is compared with a time"),
        ({"filter": "name = 'x"}, "is not closed"),
    ],
)
def test_what_is_wrong_is_said(send, fields, words):
    status, answer = send("experiments/search", **{"max_results": 10, **fields})
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert words in answer["message"]


def test_a_token_of_another_order_is_refused(send, several):
    token = send("experiments/search", max_results=1)[1]["next_page_token"]
    status, answer = send("experiments/search", max_results=1, order_by=["name"], page_token=token)
    assert status == 400 and "it is of a search with another order_by" in answer["message"]


@pytest.mark.parametrize("name", ["/Users/me@example.org/digits", "/Shared/x/", "a//b", "s3://bucket/x"])
def test_names_with_slashes_anywhere_have_a_page(send, client, workspace, owner, name):
    number = made(send, name)
    assert got(send, number)["name"] == name
    send("runs/create", experiment_id=number, run_name="first")
    browser = Client()
    browser.force_login(owner)
    page = browser.get("/w/vision/experiments/")
    address = reverse("experiment", args=["vision", name])
    assert address in page.content.decode()
    opened = browser.get(address)
    assert opened.status_code == 200 and "first" in opened.content.decode()
    assert client.get(f"/api/v1/workspaces/vision/experiments/{quote(name, safe='')}/").json()["name"] == name


def test_a_tag_of_an_experiment_is_as_long_as_mlflow_s(send):
    number = made(send, "digits")
    assert send("experiments/set-experiment-tag", experiment_id=number, key="t", value="v" * 20_000) == (
        200,
        {},
    )
    for key, value in (("t", "v" * 20_001), ("a?", "1"), ("a//b", "1"), ("k" * 251, "1")):
        status, answer = send("experiments/set-experiment-tag", experiment_id=number, key=key, value=value)
        assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
