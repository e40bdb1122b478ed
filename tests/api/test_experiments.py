"""Experiments over REST."""

import pytest

from tests import make

PATH = "workspaces/vision/experiments/"


@pytest.fixture
def api(api_of, contributor):
    return api_of(contributor)


def test_one_is_found_or_made_and_read(api, workspace):
    body = {"name": "team a/digits", "description": "ten", "tags": {"team": "vision"}}
    assert [api("POST", PATH, body).status_code for _ in range(2)] == [201, 200]
    run = make.run(workspace, "team a/digits")
    found = api("GET", f"{PATH}team%20a%2Fdigits/").json()
    assert (found["tags"], found["counts"]) == ({"team": "vision"}, {"Running": 1})
    assert found["last_run"] == {"id": run.public_id, "number": 1, "status": "Running"}
    assert found["url"] == "/w/vision/experiments/team%20a/digits/"


def test_one_is_described_tagged_archived_and_restored(api, workspace):
    make.experiment(workspace, "digits")
    path = f"{PATH}digits/"
    changed = api("PATCH", path, {"description": "new", "tags": {"a": "1", "b": None}}).json()
    assert (changed["description"], changed["description_version"]) == ("new", 1)
    changed = api("PATCH", path, {"remove_tags": ["a"], "archived": True, "id": 9}).json()
    assert (changed["name"], changed["tags"]) == ("digits", {"b": None})
    assert changed["archived_at"] and changed["description"] == "new"
    assert api("PATCH", path, {"archived": False}).json()["archived_at"] is None


def test_two_editors_of_a_description_lose_nothing(api, workspace):
    make.experiment(workspace, "digits")
    assert api("PATCH", f"{PATH}digits/", {"description": "a", "description_version": 0}).status_code == 200
    answer = api("PATCH", f"{PATH}digits/", {"description": "b", "description_version": 0})
    assert (answer.status_code, answer.json()["version"]) == (409, 1)


def test_they_are_searched_sorted_and_paged(api, workspace, monkeypatch):
    monkeypatch.setattr("runs.api.experiments.MOST_A_PAGE", 2)
    for name in ("b", "a", "c"):
        make.experiment(workspace, name)
    first = api("GET", f"{PATH}?sort=name").json()
    assert [one["name"] for one in first["results"]] == ["a", "b"]
    second = api("GET", first["next"].removeprefix("/api/v1/")).json()
    assert [one["name"] for one in second["results"]] == ["c"] and second["next"] is None
    assert [one["name"] for one in api("GET", f"{PATH}?q=B").json()["results"]] == ["b"]
    assert [one["name"] for one in api("GET", PATH).json()["results"]] == ["c", "a"]


@pytest.mark.parametrize("query", ["sort=owner", "cursor=x", "q=%00", "q=" + "x" * 501])
def test_nonsense_is_told(api, query):
    assert api("GET", f"{PATH}?{query}").json()["error"]["field"] in ("sort", "cursor", "q")


@pytest.mark.parametrize(
    "body", [{"tags": []}, {"remove_tags": "a"}, {"description": None}, {"archived": "maybe"}]
)
def test_a_body_of_the_wrong_shape_is_told(api, workspace, body):
    make.experiment(workspace, "digits")
    assert api("PATCH", f"{PATH}digits/", body).status_code == 400


def test_the_list_takes_as_many_queries_for_many_as_for_few(api, workspace, reads):
    for name in "abcdefgh":
        make.run(workspace, name)
    with reads(at_most=9):
        assert len(api("GET", PATH).json()["results"]) == 8
