"""Hostile and mistaken bodies: a sentence, never a 500."""

import json

import pytest

from tests import make


@pytest.fixture
def api(workspace, contributor, api_of):
    return api_of(contributor)


@pytest.fixture
def run(workspace, contributor):
    return make.run(workspace, by=contributor).public_id


def refused(answer, status: int, code: str) -> dict:
    """The error, when the answer is a refusal of that kind in the one shape."""
    assert answer.status_code == status, answer.content
    error = answer.json()["error"]
    assert set(error) >= {"code", "message", "field"} and error["code"] == code
    assert error["message"].endswith((".", "'", '"')) or error["message"]
    return error


RAW = [
    b"{",
    b"[1, 2]",
    b'"text"',
    b"null",
    b"\xff\xfe",
    b'{"set": ' + b"[" * 100_000,
    b'{"set": {"a": ' + b"[" * 50 + b"]" * 50 + b"}}",
    b'{"set": {"k": "\\ud800"}}',
    b'{"set": {"k\\u0000": "v"}}',
    b'{"set": {"k": "v\\u0000"}}',
    b'{"set": [1]}',
    b'{"set": {"": "v"}}',
    b'{"set": "x", "remove": 7}',
    b'{"set": {"k": NaN}}',
]


@pytest.mark.parametrize("body", RAW, ids=range(len(RAW)))
def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_written(api, run, body):
    headers = {"content-type": "application/json"}
    answer = api.client.generic(
        "POST", f"/api/v1/runs/{run}/tags/", body, "application/json", headers=headers
    )
    refused(answer, 400, "invalid")
    assert api("GET", f"runs/{run}/tags/").json() == {}
    assert api("GET", f"runs/{run}/").status_code == 200


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30, -(10**30)])
def test_numbers_of_any_size_never_break_an_answer(api, run, number):
    for path, body in [
        (f"runs/{run}/params/", {"set": {"n": number}}),
        (f"runs/{run}/metrics/", {"series": [{"name": "m", "value": [number], "step": [0]}]}),
        (f"runs/{run}/metrics/", {"series": [{"name": "m", "value": [1.0], "step": [number]}]}),
    ]:
        answer = api.client.generic("POST", f"/api/v1/{path}", json.dumps(body), "application/json")
        assert answer.status_code in (200, 400), answer.content
    assert api("GET", f"runs/{run}/").status_code == 200


def test_a_body_over_the_limit_is_refused_by_its_announced_size(api, run):
    answer = api.client.generic(
        "POST", f"/api/v1/runs/{run}/tags/", b"{}", "application/json", CONTENT_LENGTH=str(17 * 1024 * 1024)
    )
    assert "16 MiB" in refused(answer, 413, "too_large")["message"]


def test_a_log_chunk_over_the_limit_names_it(api, run):
    answer = api("POST", f"runs/{run}/logs/a.txt?offset=0", b"x" * (4 * 1024 * 1024 + 1))
    assert "4 MiB" in refused(answer, 413, "too_large")["message"]


def test_another_content_type_is_refused(api, run):
    answer = api.client.post(f"/api/v1/runs/{run}/tags/", {"set": "x"})
    refused(answer, 415, "unsupported_media_type")


def test_an_unknown_address_and_method_answer_in_the_one_shape(api, run):
    refused(api("GET", "nothing/here/"), 404, "not_found")
    refused(api("DELETE", f"runs/{run}/"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "field", ["experiment", "display_name", "description", "run_id", "type", "target", "script"]
)
def test_text_that_cannot_be_stored_names_its_field(api, field):
    body = {"experiment": "digits", field: "a\x00b"}
    error = refused(api("POST", "workspaces/vision/runs/", body), 400, "invalid")
    assert error["field"] is not None
    body[field] = ["a", "list"]
    refused(api("POST", "workspaces/vision/runs/", body), 400, "invalid")


@pytest.mark.parametrize("name", [".", "..", "a/../b", " a", "a ", "", "/", "a/.", "x" * 501, "two\nlines"])
def test_an_experiment_name_that_has_no_address_is_refused(api, name):
    refused(api("POST", "workspaces/vision/experiments/", {"name": name}), 400, "invalid")


@pytest.mark.parametrize("name", ["with space", "a/b", "ünïcode", "100%", "a?b#c", "📈", "quote's", "a&b=c"])
def test_an_unusual_experiment_name_has_an_address(api, name):
    from urllib.parse import quote

    assert api("POST", "workspaces/vision/experiments/", {"name": name}).status_code == 201
    assert api("POST", "workspaces/vision/experiments/", {"name": name}).status_code == 200
    found = api("GET", f"workspaces/vision/experiments/{quote(name, safe='')}/")
    assert found.status_code == 200 and found.json()["name"] == name


@pytest.mark.parametrize("query", ["points=0", "points=x", "from=1e9", "to=" + "9" * 40, "points=-5"])
def test_bad_parameters_of_a_series_are_no_server_error(api, run, query):
    assert api("GET", f"runs/{run}/series/?name=loss&{query}").status_code in (200, 400)


def test_every_answer_carries_the_safe_headers(api, run):
    for answer in (
        api("GET", "me/"),
        api("GET", "nothing/"),
        api("GET", f"runs/{run}/"),
        api("DELETE", "me/"),
    ):
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert "unsafe-eval" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY" and answer["Referrer-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"]
        assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1.evil.test", "10.0.0.1", "evil.test:80"])
def test_a_foreign_host_name_is_refused(api, host):
    assert api.client.get("/api/v1/me/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "runs/{run}/series/?name=%00",
        "runs/{run}/metric-values/?name=%00",
        "runs/{run}/files/?prefix=%00&after=%00",
        "runs/{run}/files/a%00b",
        "runs/%00/",
        "workspaces/%00/runs/",
        "workspaces/vision/experiments/%00/",
        "workspaces/vision/runs/?experiment=%00&tag=%00&submitted_by=%00&parent=%00&type=%00&target=%00",
        "workspaces/vision/runs/?filter=name%20=%20'%00'",
        "workspaces/vision/runs/?sort=metrics.%00",
        "runs/{run}/events/?before=%00",
        "runs/{run}/children/?after=%00",
    ],
)
def test_a_nul_in_an_address_is_no_server_error(api, run, path):
    assert api("GET", path.format(run=run)).status_code in (200, 400, 404)
