"""Many callers at once against a real server: nobody wins twice, nothing is lost, nothing doubles."""

import json
import secrets
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest


@pytest.fixture
def call(live_studio):
    """Speaks JSON to the real server; gives the status and the answer."""

    def send(method, path, body=None, **headers):
        request = urllib.request.Request(f"{live_studio.url}/api/v1/{path}", method=method)
        request.add_header("Authorization", f"Bearer {live_studio.token}")
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, json.dumps(body or {}).encode(), timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return send


def together(count, job):
    """Do the job `count` times at once; the answers."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(job, range(count)))


def new_run(call, **fields):
    body = {"experiment": f"race-{secrets.token_hex(4)}", "start": True, **fields}
    return call("POST", "workspaces/default/runs/", body)[1]


def test_numbers_of_racing_creators_have_no_gaps_and_no_twins(call):
    name = f"race-{secrets.token_hex(4)}"
    made = together(12, lambda _: call("POST", "workspaces/default/runs/", {"experiment": name}))
    assert [status for status, _ in made] == [201] * 12
    assert sorted(run["number"] for _, run in made) == list(range(1, 13))
    counts = call("POST", "workspaces/default/experiments/", {"name": name})[1]["counts"]
    assert counts == {"NotStarted": 12}


def test_of_two_racing_ends_one_wins(call):
    ends = ["complete", "fail", "canceled", "complete"]
    for _ in range(5):
        run = new_run(call)
        answers = together(4, lambda i, run=run: call("POST", f"runs/{run['id']}/{ends[i]}/"))
        won = {answer["status"] for status, answer in answers if status == 200}
        assert len(won) == 1 and {status for status, _ in answers} <= {200, 409}
        events = call("GET", f"runs/{run['id']}/events/")[1]["results"]
        assert len([e for e in events if e["kind"] in ("completed", "failed", "canceled")]) == 1


def test_no_run_is_left_in_use_in_an_experiment_that_goes_to_the_trash(call):
    name = f"race-{secrets.token_hex(4)}"
    place = f"workspaces/default/experiments/{name}/"
    for _ in range(3):
        run = call("POST", "workspaces/default/runs/", {"experiment": name, "start": True})[1]
        assert call("POST", f"runs/{run['id']}/complete/")[0] == 200
    for _ in range(3):
        one = {"action": "trash", "ids": [run["id"]]}

        def change(at, one=one):
            if at % 3 == 0:
                return call("PATCH", place, {"deleted": True})
            if at % 3 == 1:
                return call("POST", "workspaces/default/runs/", {"experiment": name})
            action = {**one, "action": "restore" if at % 2 else "trash"}
            return call("POST", "workspaces/default/runs/bulk/", action)

        assert {status for status, _ in together(12, change)} <= {200, 201, 404, 409}
        found = call("GET", f"workspaces/default/runs/?experiment={name}")[1]["results"]
        if call("GET", place)[0] == 404:
            assert found == []
            assert call("PATCH", place, {"deleted": False})[0] == 200
        counts = call("GET", place)[1]["counts"]
        found = call("GET", f"workspaces/default/runs/?experiment={name}")[1]["results"]
        assert sum(counts.values()) == len(found)
        for run_made in found:
            call("POST", f"runs/{run_made['id']}/cancel/")


def test_one_key_sent_by_many_makes_one_run(call):
    name, key = f"race-{secrets.token_hex(4)}", secrets.token_hex(8)
    body = {"experiment": name}
    made = together(8, lambda _: call("POST", "workspaces/default/runs/", body, Idempotency_Key=key))
    assert len({run["id"] for _, run in made}) == 1
    assert sorted(status for status, _ in made) == [200] * 7 + [201]


def test_one_batch_sent_by_many_is_written_once(call):
    run = new_run(call)
    body = {"series": [{"name": "loss", "value": [1.0, 2.0], "step": [0, 1]}]}
    sent = together(8, lambda _: call("POST", f"runs/{run['id']}/metrics/", body, Idempotency_Key="k"))
    assert sorted(answer["accepted"] for _, answer in sent) == [0] * 7 + [2]


def test_points_of_many_writers_are_all_counted(call):
    run = new_run(call)

    def write(writer):
        for batch in range(5):
            series = [
                {
                    "name": name,
                    "value": [float(writer)] * 10,
                    "step": list(range(batch * 10, batch * 10 + 10)),
                }
                for name in ("loss", f"of writer {writer}")
            ]
            status, answer = call("POST", f"runs/{run['id']}/metrics/", {"series": series})
            assert status == 200, answer

    together(8, write)
    metrics = {m["name"]: m for m in call("GET", f"runs/{run['id']}/metrics/")[1]["metrics"]}
    assert metrics["loss"]["count"] == 8 * 5 * 10 and len(metrics) == 9


def test_one_property_set_to_different_values_at_once_keeps_the_first(call):
    run = new_run(call)
    answers = together(8, lambda i: call("POST", f"runs/{run['id']}/properties/", {"set": {"seed": str(i)}}))
    assert sorted(status for status, _ in answers) == [200] + [409] * 7
    (kept,) = {answer["seed"] for status, answer in answers if status == 200}
    assert call("GET", f"runs/{run['id']}/properties/")[1] == {"seed": kept}


def test_one_run_id_wanted_by_many_goes_to_one(call):
    body = {"experiment": f"race-{secrets.token_hex(4)}", "run_id": f"mine-{secrets.token_hex(4)}"}
    made = together(8, lambda _: call("POST", "workspaces/default/runs/", body))
    assert sorted(status for status, _ in made) == [201] + [409] * 7


FOUR_OWNERS = (
    "from runs.actions.members import set_member; from runs.actions.workspace import *; "
    "ada = User.objects.get(username='ada'); space = create_workspace('{name}', by=ada); "
    "people = [create_user('{name}-%d' % n) for n in range(4)]; "
    "[set_member(space, person, 'owner', by=ada) for person in people]; "
    "print(' '.join(create_token(person, name='t')[1] for person in people))"
)
INVITATION = (
    "from runs.actions.invitations import create_invitation; from runs.actions.workspace import *; "
    "ada = User.objects.get(username='ada'); space = create_workspace('{name}', by=ada); "
    "print(create_invitation(space, 'reader', by=ada).token)"
)


def in_studio(live_studio, code):
    return live_studio.command("shell", "--verbosity", "0", "-c", code).stdout.split()


def test_of_owners_who_all_step_down_at_once_one_stays(call, live_studio):
    name = f"race-{secrets.token_hex(4)}"
    tokens = in_studio(live_studio, FOUR_OWNERS.format(name=name))
    call("DELETE", f"workspaces/{name}/members/ada/")

    def step_down(n):
        path = f"workspaces/{name}/members/{name}-{n}/"
        return call("PUT", path, {"role": "reader"}, Authorization=f"Bearer {tokens[n]}")[0]

    assert sorted(together(4, step_down)) == [200, 200, 200, 409]


def test_an_invitation_taken_by_many_at_once_lets_one_in(live_studio):
    name = f"race-{secrets.token_hex(4)}"
    path = f"/invite/{in_studio(live_studio, INVITATION.format(name=name))[0]}/"

    def join(n):
        jar = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(), NoRedirect())
        page = jar.open(live_studio.url + path, timeout=30).read().decode()
        form = {"csrfmiddlewaretoken": page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]}
        form |= {
            "do": "join",
            "username": f"{name}-{n}",
            "new": "correct horse battery",
            "again": "correct horse battery",
        }
        try:
            return jar.open(live_studio.url + path, urlencode(form).encode(), timeout=30).status
        except urllib.error.HTTPError as error:
            return error.code

    assert sorted(together(6, join)) == [302, 404, 404, 404, 404, 404]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Gives the redirect itself."""

    def redirect_request(self, *_):
        return None
