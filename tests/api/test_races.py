"""Many callers at once against a real server: nobody wins twice, nothing is lost, nothing doubles."""

import json
import secrets
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

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
                return answer.status, json.load(answer)
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
