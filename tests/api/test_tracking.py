"""Metrics, logs and files over REST."""

import hashlib

import pytest

from tests import make


@pytest.fixture
def api(workspace, contributor, api_of):
    return api_of(contributor)


@pytest.fixture
def run(workspace, contributor):
    return make.run(workspace, by=contributor).public_id


def series(name, value, **columns):
    return {"series": [{"name": name, "value": value, **columns}]}


def test_points_come_back_as_they_were_sent(api, run):
    body = series("loss", [3, 2.5, "NaN", "Infinity"], step=[0, 1, 2, 3], time=[10, 20, 30, 40])
    assert api("POST", f"runs/{run}/metrics/", body).json()["accepted"] == 4
    answer = api("GET", f"runs/{run}/series/?name=loss").json()["series"][0]
    assert answer["value"] == [3.0, 2.5, "NaN", "Infinity"]
    assert answer["step"] == [0, 1, 2, 3] and answer["time"] == [10, 20, 30, 40]
    assert (answer["count"], answer["sampled"]) == (4, False)


def test_the_summary_leaves_out_what_is_not_finite(api, run):
    api("POST", f"runs/{run}/metrics/", series("loss", [4, 2, "NaN"]))
    metric = api("GET", f"runs/{run}/metrics/").json()["metrics"][0]
    assert (metric["first"], metric["min"], metric["max"], metric["mean"]) == (4, 2, 4, 3)
    assert metric["last"] == "NaN" and metric["count"] == 3


def test_a_batch_sent_again_with_its_key_adds_nothing(api, run):
    for expected in (2, 0):
        answer = api("POST", f"runs/{run}/metrics/", series("loss", [1, 2]), Idempotency_Key="batch-1")
        assert answer.json()["accepted"] == expected
    assert api("GET", f"runs/{run}/metrics/").json()["metrics"][0]["count"] == 2


def test_points_without_steps_are_numbered_on(api, run):
    for _ in range(2):
        api("POST", f"runs/{run}/metrics/", series("loss", [1, 2]))
    assert api("GET", f"runs/{run}/series/?name=loss").json()["series"][0]["step"] == [0, 1, 2, 3]


def test_the_last_value_is_that_of_the_highest_step(api, run):
    api("POST", f"runs/{run}/metrics/", series("loss", [1, 9, 5], step=[3, 7, 5]))
    assert api("GET", f"runs/{run}/").json()["metrics"] == {"loss": 9.0}


def test_texts_are_metrics_too(api, run):
    api("POST", f"runs/{run}/metrics/", series("phase", ["warm-up", "train"]))
    assert api("GET", f"runs/{run}/").json()["metrics"] == {"phase": "train"}
    values = api("GET", f"runs/{run}/metric-values/").json()["runs"][run]
    assert values == {"phase": {"kind": "scalar", "value": ["warm-up", "train"]}}


def test_a_long_series_is_thinned_and_says_so(api, run):
    values = [0.0] * 5000
    values[1234] = 100.0
    values[4321] = -100.0
    api("POST", f"runs/{run}/metrics/", series("loss", values))
    answer = api("GET", f"runs/{run}/series/?name=loss&points=100").json()["series"][0]
    assert answer["sampled"] and answer["count"] == 5000 and len(answer["value"]) <= 100
    assert {100.0, -100.0} <= set(answer["value"])
    part = api("GET", f"runs/{run}/series/?name=loss&from=1230&to=1239").json()["series"][0]
    assert part["step"] == list(range(1230, 1240)) and not part["sampled"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (series("loss", [1, 2], step=[1]), "2 values, but 1 steps"),
        (series("", [1]), "must not be empty"),
        (series("a\x00b", [1]), "control character|NUL"),
        (series("loss", [1], step=[2**70]), "cannot be read|64 bits"),
        ({"series": [{"name": "loss", "value": "x"}]}, "cannot be read"),
        ({}, "cannot be read"),
        (series("loss", [1], kind="pie"), "no kind of metric"),
    ],
)
def test_a_bad_batch_is_refused_whole_with_a_sentence(api, run, body, said):
    import re

    answer = api("POST", f"runs/{run}/metrics/", body)
    assert answer.status_code == 400, answer.content
    assert re.search(said, answer.json()["error"]["message"])
    assert api("GET", f"runs/{run}/metrics/").json()["metrics"] == []


def test_too_many_points_a_call_name_the_limit(api, run):
    answer = api("POST", f"runs/{run}/metrics/", series("loss", [1] * 100_001))
    assert answer.status_code == 413 and "100,000" in answer.json()["error"]["message"]


def test_values_of_a_tree_come_in_one_answer(api, run, workspace, contributor, django_assert_max_num_queries):
    from runs.models import Run

    top = Run.objects.get(public_id=run)
    for number in range(5):
        make.run(workspace, parent=top, by=contributor, metrics={"loss": number})
    with django_assert_max_num_queries(12):
        values = api("GET", f"runs/{run}/metric-values/?recursive=true").json()["runs"]
    assert sorted(v["loss"]["value"][0] for v in values.values()) == [0, 1, 2, 3, 4]


def test_a_log_grows_by_offset_and_a_repeated_chunk_is_not_written_twice(api, run):
    url = f"runs/{run}/logs/user_logs/std_log.txt?offset="
    assert api("POST", url + "0", b"one\n").json()["size"] == 4
    assert api("POST", url + "0", b"one\n").json()["size"] == 4
    assert api("POST", url + "2", b"e\ntwo\n").json()["size"] == 8
    gap = api("POST", url + "100", b"x")
    assert gap.status_code == 409 and gap.json()["size"] == 8
    answer = api("GET", f"runs/{run}/files/user_logs/std_log.txt")
    assert b"".join(answer.streaming_content) == b"one\ntwo\n"


def test_a_file_is_kept_with_its_checksum_and_read_by_ranges(api, run):
    body = bytes(range(256)) * 10
    digest = hashlib.sha256(body).hexdigest()
    put = api("PUT", f"runs/{run}/files/outputs/model.bin", body, X_Content_SHA256=digest)
    assert put.status_code == 201 and put.json()["sha256"] == digest
    part = api("GET", f"runs/{run}/files/outputs/model.bin", Range="bytes=10-19")
    assert part.status_code == 206 and b"".join(part.streaming_content) == body[10:20]
    assert part["Content-Range"] == f"bytes 10-19/{len(body)}"
    tail = api("GET", f"runs/{run}/files/outputs/model.bin", Range="bytes=-5")
    assert b"".join(tail.streaming_content) == body[-5:]
    assert api("GET", f"runs/{run}/files/outputs/model.bin", Range="bytes=9999-").status_code == 416


def test_files_are_deleted_one_or_a_folder(api, run):
    for name in ("a.txt", "outputs/b.txt", "outputs/c.txt"):
        api("PUT", f"runs/{run}/files/{name}", b"x")
    assert api("DELETE", f"runs/{run}/files/outputs").json() == {"deleted": 2}
    assert api("DELETE", f"runs/{run}/files/a.txt").json() == {"deleted": 1}
    assert api("DELETE", f"runs/{run}/files/a.txt").json() == {"deleted": 0}
    assert api("GET", f"runs/{run}/files/").json()["files"] == []


def test_a_file_with_another_checksum_than_announced_is_not_kept(api, run):
    answer = api("PUT", f"runs/{run}/files/model.bin", b"abc", X_Content_SHA256="0" * 64)
    assert answer.status_code == 400 and "SHA-256" in answer.json()["error"]["message"]
    assert api("GET", f"runs/{run}/files/").json()["files"] == []


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "script.js", "photo.png"])
def test_what_users_upload_never_runs_in_the_studio(api, run, name):
    api("PUT", f"runs/{run}/files/{name}", b"<svg onload=alert(1)><script>alert(1)</script>")
    answer = api("GET", f"runs/{run}/files/{name}")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["a/%2e%2e/b", "%2e%2e/x", "a//b", "a%5Cb", "a/", "a%00b", "%2Fetc/passwd"])
def test_a_path_that_leaves_the_run_is_refused(api, run, path):
    assert api("PUT", f"runs/{run}/files/{path}", b"x").status_code in (400, 404)
    assert api("GET", f"runs/{run}/files/").json()["files"] == []
