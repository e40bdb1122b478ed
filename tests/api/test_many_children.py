"""Many child runs in one request, and a whole tree in one list."""

import pytest

from runs.models import Run
from tests import make


def children(*names: str) -> dict[str, object]:
    return {"children": [{"run_id": name, "tags": {"rate": name}} for name in names]}


def test_children_are_made_in_order_and_run(workspace, contributor, api_of) -> None:
    parent = make.run(workspace, run_id="sweep")
    answer = api_of(contributor)("POST", "runs/sweep/children/", children("a", "b", "c"))
    made = answer.json()["results"]
    assert answer.status_code == 201
    assert [(one["id"], one["status"], one["parent"], one["tags"]) for one in made] == [
        (name, "Running", "sweep", {"rate": name}) for name in "abc"
    ]
    parent.refresh_from_db()
    assert parent.child_count == 3


def test_the_same_key_makes_them_once(workspace, contributor, api_of) -> None:
    make.run(workspace, run_id="sweep")
    # So many that their ids are long: PostgreSQL counts the letters of a column, SQLite does not.
    body = {"children": [{"tags": {"n": str(number)}} for number in range(100)]}
    answers = [
        api_of(contributor)("POST", "runs/sweep/children/", body, Idempotency_Key="once") for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 200]
    first, second = ([one["id"] for one in answer.json()["results"]] for answer in answers)
    assert first == second and Run.objects.count() == 101


def test_all_are_made_or_none(workspace, contributor, api_of) -> None:
    make.run(workspace, run_id="sweep")
    answer = api_of(contributor)("POST", "runs/sweep/children/", children("a", "sweep"))
    assert answer.status_code == 409 and "taken" in answer.json()["error"]["message"]
    assert Run.objects.count() == 1


def test_there_is_a_limit_with_a_sentence(workspace, contributor, api_of) -> None:
    make.run(workspace, run_id="sweep")
    body = {"children": [{} for _ in range(101)]}
    answer = api_of(contributor)("POST", "runs/sweep/children/", body)
    assert answer.status_code == 400 and "100" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("who", "status"), [("reader", 403), ("stranger", 404)])
def test_others_make_none(workspace, request, api_of, who, status) -> None:
    make.run(workspace, run_id="sweep")
    person = request.getfixturevalue(who)
    assert api_of(person)("POST", "runs/sweep/children/", children("a")).status_code == status


def test_a_tree_is_listed_whole(workspace, reader, api_of) -> None:
    top = make.run(workspace, run_id="top")
    child = make.run(workspace, run_id="child", parent=top)
    make.run(workspace, run_id="grandchild", parent=child)
    make.run(workspace, run_id="elsewhere")
    api = api_of(reader)

    def listed(path: str) -> list[str]:
        return [one["id"] for one in api("GET", path).json()["results"]]

    assert listed("runs/top/children/") == ["child"]
    assert listed("runs/top/children/?recursive=true") == ["child", "grandchild"]
    assert listed("runs/child/children/?recursive=true") == ["grandchild"]


def test_a_long_tree_goes_on_the_next_page(workspace, reader, api_of, monkeypatch) -> None:
    from runs.api import runs

    monkeypatch.setattr(runs, "MOST_A_PAGE", 1)
    top = make.run(workspace, run_id="top")
    make.run(workspace, run_id="grandchild", parent=make.run(workspace, run_id="child", parent=top))
    page = api_of(reader)("GET", "runs/top/children/?recursive=true").json()
    rest = api_of(reader)("GET", page["next"].removeprefix("/api/v1/")).json()
    assert [one["id"] for one in page["results"] + rest["results"]] == ["child", "grandchild"]
    assert rest["next"] is None
