"""Runs over REST: made, read, led through their lives."""


def test_a_run_is_made_with_its_experiment_and_values(workspace, contributor, api_of):
    api = api_of(contributor)
    body = {
        "experiment": "digits",
        "display_name": "first",
        "start": True,
        "tags": {"quality": "great run", "debug": None},
        "params": {"lr": 0.1},
        "properties": {"author": "carl"},
    }
    answer = api("POST", "workspaces/vision/runs/", body)
    assert answer.status_code == 201, answer.content
    run = answer.json()
    assert run["status"] == "Running" and run["number"] == 1 and run["experiment"] == "digits"
    assert run["tags"] == {"debug": None, "quality": "great run"}
    assert run["params"] == {"lr": "0.1"} and run["properties"] == {"author": "carl"}
    assert run["url"] == f"/w/vision/runs/{run['id']}/"
    assert api("GET", f"runs/{run['id']}/").json()["display_name"] == "first"


def test_the_same_idempotency_key_gives_the_same_run(workspace, contributor, api_of):
    api = api_of(contributor)
    made = [
        api("POST", "workspaces/vision/runs/", {"experiment": "digits"}, Idempotency_Key="k")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in made] == [201, 200]
    assert made[0].json()["id"] == made[1].json()["id"]


def test_a_taken_run_id_is_refused_with_a_sentence(workspace, contributor, api_of):
    api = api_of(contributor)
    body = {"experiment": "digits", "run_id": "mine"}
    assert api("POST", "workspaces/vision/runs/", body).status_code == 201
    answer = api("POST", "workspaces/vision/runs/", body)
    assert answer.status_code == 409
    assert answer.json()["error"] == {
        "code": "conflict",
        "message": "The run id 'mine' is taken; choose another.",
        "field": "run_id",
    }


def test_an_ended_run_stays_ended(workspace, contributor, api_of):
    api = api_of(contributor)
    run = api("POST", "workspaces/vision/runs/", {"experiment": "digits", "start": True}).json()
    assert api("POST", f"runs/{run['id']}/complete/").json()["status"] == "Completed"
    assert api("POST", f"runs/{run['id']}/complete/").status_code == 200
    answer = api("POST", f"runs/{run['id']}/fail/", {"message": "late"})
    assert answer.status_code == 409
    assert "has already ended as Completed" in answer.json()["error"]["message"]


def test_a_failure_keeps_message_code_and_trace(workspace, contributor, api_of):
    api = api_of(contributor)
    run = api("POST", "workspaces/vision/runs/", {"experiment": "digits", "start": True}).json()
    body = {
        "message": "out of memory\nmore",
        "code": "UserError",
        "details": {"debug_stack_trace": "Traceback"},
    }
    failed = api("POST", f"runs/{run['id']}/fail/", body).json()
    assert failed["status"] == "Failed" and failed["status_reason"] == "out of memory"
    assert failed["error"]["details"] == {"debug_stack_trace": "Traceback"}


def test_cancel_is_asked_heard_and_confirmed(workspace, contributor, api_of):
    api = api_of(contributor)
    body = {"experiment": "digits", "start": True, "heartbeat": True}
    run = api("POST", "workspaces/vision/runs/", body).json()
    assert api("POST", f"runs/{run['id']}/heartbeat/").json()["cancel_requested"] is False
    assert (
        api("POST", f"runs/{run['id']}/cancel/", {"reason": "too slow"}).json()["status"] == "CancelRequested"
    )
    beat = api("POST", f"runs/{run['id']}/heartbeat/").json()
    assert beat["cancel_requested"] is True and beat["cancel_requested_by"] == "carl"
    assert api("POST", f"runs/{run['id']}/canceled/").json()["status"] == "Canceled"


def test_a_run_with_nobody_behind_it_is_canceled_at_once(workspace, contributor, api_of):
    api = api_of(contributor)
    run = api("POST", "workspaces/vision/runs/", {"experiment": "digits", "start": True}).json()
    assert api("POST", f"runs/{run['id']}/cancel/").json()["status"] == "Canceled"


def test_only_name_description_and_archive_can_be_patched(workspace, contributor, api_of):
    api = api_of(contributor)
    run = api("POST", "workspaces/vision/runs/", {"experiment": "digits"}).json()
    body = {
        "display_name": "renamed",
        "description": "**bold**",
        "status": "Completed",
        "id": "x",
        "created_by": "sven",
        "number": 9,
    }
    changed = api("PATCH", f"runs/{run['id']}/", body).json()
    assert changed["display_name"] == "renamed" and changed["description"] == "**bold**"
    assert (changed["status"], changed["id"], changed["created_by"]) == ("NotStarted", run["id"], "carl")


def test_two_editors_of_a_description_lose_nothing(workspace, contributor, api_of):
    api = api_of(contributor)
    run = api("POST", "workspaces/vision/runs/", {"experiment": "digits"}).json()
    first = {"description": "one", "description_version": 0}
    assert api("PATCH", f"runs/{run['id']}/", first).status_code == 200
    answer = api("PATCH", f"runs/{run['id']}/", {"description": "two", "description_version": 0})
    assert answer.status_code == 409 and answer.json()["version"] == 1
    assert api("GET", f"runs/{run['id']}/").json()["description"] == "one"


def test_children_are_listed_in_the_order_they_were_made(workspace, contributor, api_of):
    api = api_of(contributor)
    top = api("POST", "workspaces/vision/runs/", {"experiment": "sweep"}).json()
    for name in ("a", "b"):
        body = {"experiment": "sweep", "parent": top["id"], "display_name": name}
        child = api("POST", "workspaces/vision/runs/", body).json()
        assert child["parent"] == child["root"] == top["id"]
    listed = api("GET", f"runs/{top['id']}/children/").json()["results"]
    assert [run["display_name"] for run in listed] == ["a", "b"]
    assert api("GET", f"runs/{top['id']}/").json()["child_count"] == 2


def test_a_parent_of_another_workspace_is_not_found(workspace, contributor, stranger, api_of):
    other = api_of(stranger)("POST", "workspaces/elsewhere/runs/", {"experiment": "x"}).json()
    body = {"experiment": "digits", "parent": other["id"]}
    assert api_of(contributor)("POST", "workspaces/vision/runs/", body).status_code == 404
