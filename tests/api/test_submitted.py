"""Submitted runs over REST: their definition, their token, their stages."""

import pytest

from tests import make

DEFINITION = {"environment": {"KEY": "a secret of ours"}, "resources": {"gpus": 2}}


@pytest.fixture
def run(workspace, api_of, contributor):
    new = {
        "experiment": "digits",
        "script": "train.py",
        "arguments": ["--lr", "a b"],
        "definition": DEFINITION,
    }
    answer = api_of(contributor)("POST", f"workspaces/{workspace.name}/runs/", new)
    assert answer.status_code == 201
    return workspace.runs.get(public_id=answer.json()["id"])


def test_the_definition_is_all_that_it_takes_to_execute_the_run(run, api_of, contributor):
    snapshot = make.snapshot(run, {"train.py": b"print(1)"})
    found = api_of(contributor)("GET", f"runs/{run.public_id}/definition/").json()
    assert found == {
        "run": run.public_id,
        "experiment": "digits",
        "workspace": "vision",
        "target": "",
        "snapshot": snapshot.sha256,
        "script": "train.py",
        "arguments": ["--lr", "a b"],
        "command": None,
        "interpreter": "python",
        "environment": {"KEY": "a secret of ours"},
        "max_run_duration_seconds": None,
        "cancel_grace_seconds": None,
        "resources": {"cpus": None, "gpus": 2, "memory_mb": None, "time_s": None, "queue": None},
    }


def test_who_may_only_read_sees_no_values_of_the_environment(run, api_of, reader, contributor):
    for asking in (api_of(reader), api_of(contributor, scope="read")):
        answer = asking("GET", f"runs/{run.public_id}/definition/")
        assert answer.json()["environment"] == {"KEY": None}
        assert "a secret of ours" not in answer.content.decode()
    assert "a secret of ours" not in api_of(reader)("GET", f"runs/{run.public_id}/").content.decode()


def test_a_run_that_its_own_program_began_has_no_definition(workspace, api_of, owner):
    made = make.run(workspace)
    answer = api_of(owner)("GET", f"runs/{made.public_id}/definition/")
    assert answer.status_code == 404
    assert "was not submitted" in answer.json()["error"]["message"]


def test_a_wrong_definition_makes_no_run(workspace, api_of, owner):
    new = {"experiment": "digits", "definition": {"resources": {"cpus": "four"}}}
    answer = api_of(owner)("POST", f"workspaces/{workspace.name}/runs/", new)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == "definition.resources.cpus"
    assert not workspace.runs.exists()


def test_a_script_gets_a_token_and_leads_its_run_by_it(run, api_of, contributor):
    from tests.conftest import Api

    text = api_of(contributor)("POST", f"runs/{run.public_id}/token/").json()["token"]
    script = Api(text)
    for step, body, status in (
        ("stage", {"status": "Preparing", "heartbeat": True}, "Preparing"),
        ("start", {"heartbeat": True}, "Running"),
        ("stage", {"status": "Finalizing"}, "Finalizing"),
        ("complete", {}, "Completed"),
    ):
        answer = script("POST", f"runs/{run.public_id}/{step}/", body)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert api_of(contributor)("POST", f"runs/{run.public_id}/token/").status_code == 409


def test_a_stage_is_one_of_those_between(run, api_of, contributor):
    speaking = api_of(contributor)
    assert speaking("POST", f"runs/{run.public_id}/stage/", {"status": "Completed"}).status_code == 400
    speaking("POST", f"runs/{run.public_id}/complete/")
    assert speaking("POST", f"runs/{run.public_id}/stage/", {"status": "Finalizing"}).status_code == 409


def test_a_run_is_run_again_and_the_two_are_linked(run, api_of, contributor, owner):
    make.snapshot(run, {"train.py": b"print(1)"})
    speaking = api_of(contributor)
    path = f"runs/{run.public_id}/resubmit/"
    answer = speaking("POST", path, {"arguments": ["--lr", "1"]}, Idempotency_Key="k")
    assert answer.status_code == 201
    made = answer.json()
    assert (made["resubmitted_from"], made["arguments"], made["status"]) == (
        run.public_id,
        ["--lr", "1"],
        "NotStarted",
    )
    again = speaking("POST", path, {"arguments": ["--lr", "1"]}, Idempotency_Key="k")
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    assert speaking("GET", f"runs/{run.public_id}/").json()["resubmitted_from"] is None
    assert speaking("POST", path, {"target": "gpu"}).status_code == 404
    assert speaking("POST", path, {"arguments": "--lr 1"}).status_code == 400


def test_a_run_that_its_own_program_began_is_run_again_where_its_script_is_there(
    workspace, api_of, contributor, reader, stranger
):
    own = make.run(workspace, script="train.py", arguments=["--lr", "1"])
    path = f"runs/{own.public_id}/resubmit/"
    answer = api_of(contributor)("POST", path)
    assert answer.status_code == 409 and "has no snapshot" in answer.json()["error"]["message"]
    make.snapshot(own, {"train.py": b"print(1)"})
    answer = api_of(contributor)("POST", path)
    assert (answer.status_code, answer.json()["script"]) == (201, "train.py")
    order = api_of(contributor)("GET", f"runs/{answer.json()['id']}/definition/").json()
    assert (order["interpreter"], order["arguments"]) == ("python", ["--lr", "1"])
    assert api_of(reader)("POST", path).status_code == 403
    assert api_of(stranger)("POST", path).status_code == 404


def test_lists_read_the_origins_of_all_runs_at_once(run, api_of, contributor, reads):
    make.snapshot(run, {"train.py": b"print(1)"})
    speaking = api_of(contributor)
    for _ in range(2):
        speaking("POST", f"runs/{run.public_id}/resubmit/")
    path = f"workspaces/{run.workspace.name}/runs/"
    speaking("GET", path)
    with reads(at_most=14):
        few = speaking("GET", path)
    for _ in range(8):
        speaking("POST", f"runs/{run.public_id}/resubmit/")
    with reads(at_most=14):
        many = speaking("GET", path)
    assert (len(few.json()["results"]), len(many.json()["results"])) == (3, 11)


def test_the_pages_of_both_runs_show_each_other(run, api_of, client_of, contributor):
    make.snapshot(run, {"train.py": b"print(1)"})
    made = api_of(contributor)(
        "POST", f"runs/{run.public_id}/resubmit/", {"display_name": "slower <b>"}
    ).json()
    browser = client_of(contributor)
    origin_page = browser.get(f"/w/vision/runs/{run.public_id}/").content.decode()
    assert "Resubmitted as" in origin_page and f"/w/vision/runs/{made['id']}/" in origin_page
    assert "slower &lt;b&gt;" in origin_page
    page = browser.get(f"/w/vision/runs/{made['id']}/").content.decode()
    assert "Resubmitted from" in page and f"/w/vision/runs/{run.public_id}/" in page
    history = browser.get(f"/w/vision/runs/{run.public_id}/activity/").content.decode()
    assert "ran it again" in history
    again = browser.get(f"/w/vision/runs/{run.public_id}/again/").content.decode()
    assert f"studio run resubmit -r {run.public_id} -w vision -- --lr &#x27;a b&#x27;" in again
    assert f"workspace.get_run(&#x27;{run.public_id}&#x27;).resubmit(arguments=" in again
