"""Files by MLflow's protocol: sent, listed, fetched, deleted; and what lies outside of a run."""

import io
from unittest.mock import Mock

import pytest
from django.db import OperationalError
from django.test import Client

from runs import storage
from runs.actions.files import append_log, put_file
from runs.actions.tracking import Points, log_points
from runs.actions.trash import trash_run
from runs.models import Artifact, Job, Metric, Run, RunEvent
from runs.query.images import find_images, frame_at, pictures_of
from tests import make


@pytest.fixture
def root(run):
    return f"{run.experiment.number}/{run.public_id}/artifacts"


FILES = "/w/vision/api/2.0/mlflow-artifacts/artifacts"
API = "/w/vision/api/2.0/mlflow"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def put(client, path, content=b"hello", **how):
    return client.generic("PUT", f"{FILES}/{path}", content, **how)


def listed(client, path):
    return client.get(FILES, {"path": path}).json().get("files")


def test_a_file_is_kept_listed_and_fetched(client, run, root):
    answer = put(client, f"{root}/plots/loss.txt", b"0123456789", content_type="text/html")
    assert (answer.status_code, answer.json()) == (200, {})
    assert Artifact.objects.get(run=run).path == "plots/loss.txt"
    assert listed(client, root) == [{"path": "plots", "is_dir": True}]
    assert listed(client, f"{root}/plots") == [{"path": "loss.txt", "is_dir": False, "file_size": 10}]
    assert listed(client, f"{root}/plots/") == listed(client, f"{root}/plots")
    found = client.get(f"{FILES}/{root}/plots/loss.txt")
    assert b"".join(found.streaming_content) == b"0123456789"
    part = client.get(f"{FILES}/{root}/plots/loss.txt", headers={"Range": "bytes=2-4"})
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"234")


def test_a_name_may_look_encoded(client, run, root):
    name = "grey%25step%250%25timestamp%251764.png"  # as MLflow 2 names logged images
    assert put(client, f"{root}/images/{name}").status_code == 200
    assert Artifact.objects.get(run=run).path == "images/grey%step%0%timestamp%1764.png"
    assert client.get(f"{FILES}/{root}/images/{name}").status_code == 200


UUID = "12345678-1234-1234-1234-123456789012"


@pytest.mark.parametrize("sign", ["+", "%25"])
def test_logged_images_are_images_of_their_key_and_step(client, run, root, sign):
    for step, path in ((0, "a"), (5, "b"), (5, "b")):
        words = sign.join(["dogs~eval", "step", str(step), "timestamp", "1764", UUID.replace("9", path)])
        assert put(client, f"{root}/images/{words}.png", PNG).status_code == 200
        assert put(client, f"{root}/images/{words}{sign}compressed.webp", b"RIFF").status_code == 200
    metric = find_images(run)[0]
    assert (metric.name.text, len(find_images(run))) == ("dogs/eval", 1)
    frames = pictures_of(metric)
    assert [(frame.step, frame.time) for frame in frames] == [(0, 1764), (5, 1764)]
    assert frame_at(metric, 5).problem == ""


def test_an_image_whose_noting_failed_is_noted_when_the_file_is_sent_again(client, run, root, monkeypatch):
    name = f"{root}/images/dogs+step+0+timestamp+1764+{UUID}.png"
    with monkeypatch.context() as broken:
        broken.setattr("runs.mlflow_api.logged_images.log_points", Mock(side_effect=OperationalError))
        assert put(client, name, PNG).status_code == 503
    assert put(client, name, PNG).status_code == 200
    assert len(pictures_of(find_images(run)[0])) == 1


def test_images_and_numbers_of_one_name_stand_beside_each_other(client, run, root):
    """Whichever came first."""
    file = f"{root}/images/{{}}+step+{{}}+timestamp+1764+{UUID}.png"
    metric = {"run_id": run.public_id, "timestamp": 1, "value": 0.5}
    for step in range(2):
        assert put(client, file.format("dogs", step), PNG).status_code == 200
    batch = {"run_id": run.public_id, "metrics": [{**metric, "key": key} for key in ("dogs", "cats")]}
    answer = client.post(f"{API}/runs/log-batch", batch, content_type="application/json")
    assert answer.status_code == 200, answer.content
    for key in ("dogs", "cats"):
        assert put(client, file.format(key, 7), PNG).status_code == 200
    assert put(client, file.format("birds", "9" * 19), PNG).status_code == 200  # no step: it stays a file
    images = {metric.name.text: len(pictures_of(metric)) for metric in find_images(run)}
    assert images == {"dogs (images)": 3, "cats (images)": 1}
    data = client.get(f"{API}/runs/get", {"run_id": run.public_id}).json()["run"]["data"]
    assert [(metric["key"], metric["value"]) for metric in data["metrics"]] == [("cats", 0.5), ("dogs", 0.5)]


def test_images_stay_where_their_other_name_is_taken_too(client, run):
    for name in ("dogs", "dogs (images)"):
        log_points(run, [Points(name, ["a.png"], kind=Metric.IMAGE)])
    metric = {"run_id": run.public_id, "key": "dogs", "timestamp": 1, "value": 0.5}
    answer = client.post(f"{API}/runs/log-metric", metric, content_type="application/json")
    assert answer.status_code == 400 and "holds images" in answer.json()["message"]
    assert [each.name.text for each in find_images(run)] == ["dogs", "dogs (images)"]


def test_a_file_is_sent_again_and_is_there_once(client, run, root):
    put(client, f"{root}/a.txt", b"one")
    put(client, f"{root}/a.txt", b"two")
    row = Artifact.objects.get(run=run)
    assert storage.read(row.key, end=9) == b"two"


def test_no_browser_runs_what_it_fetches(client, root):
    put(client, f"{root}/page.html", b"<script>alert(1)</script>", content_type="text/html")
    found = client.get(f"{FILES}/{root}/page.html")
    assert found["Content-Type"] == "text/plain"
    assert found["Content-Disposition"].startswith("attachment;")
    assert (found["X-Content-Type-Options"], found["Content-Security-Policy"]) == (
        "nosniff",
        "sandbox; default-src 'none'",
    )


def test_what_is_not_there_is_told(client, run, root):
    assert listed(client, f"{root}/nowhere") is None
    put(client, f"{root}/a/b.txt")
    assert listed(client, f"{root}/a/b.txt") is None
    missing = client.get(f"{FILES}/{root}/nowhere.txt")
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    folder = client.get(f"{FILES}/{root}/a")
    assert (folder.status_code, folder.json()["message"]) == (
        400,
        "'a' is a folder; ask for one of its files.",
    )


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "a/../../b",
        "%252e%252e/a",
        "%25252e%25252e/a",
        "a%5Cb",
        "a%23b",
        "file:%2F%2Fetc",
        "a//b",
        "a%00b",
    ],
)
def test_no_path_leads_out_of_the_run(client, run, root, path):
    for answer in (put(client, f"{root}/{path}"), client.get(f"{FILES}/{root}/{path}")):
        assert answer.status_code == 400, answer.content
    assert not Artifact.objects.exists()


@pytest.mark.parametrize(
    "path", ["a.txt", "0/a.txt", "{exp}/{run}/a.txt", "{exp}/{run}/artifacts", "{exp}/models"]
)
def test_nothing_is_kept_outside_of_a_run(client, run, path):
    answer = put(client, path.format(exp=run.experiment.number, run=run.public_id))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert not Artifact.objects.exists()


def test_the_experiment_of_a_path_is_the_runs_own(client, run, workspace):
    other = make.experiment(workspace, "another")
    assert put(client, f"{other.number}/{run.public_id}/artifacts/a.txt").status_code == 404
    assert put(client, f"{run.experiment.number}/nowhere/artifacts/a.txt").status_code == 404


def test_the_files_of_a_run_in_the_trash_are_read_and_not_written(client, run, root, owner):
    put(client, f"{root}/a.txt")
    Run.objects.update(status="Completed")
    trash_run(Run.objects.get(), by=owner)
    refused = put(client, f"{root}/b.txt")
    assert refused.status_code == 400 and "must be in the 'active' state" in refused.json()["message"]
    assert client.delete(f"{FILES}/{root}/a.txt").status_code == 400
    assert listed(client, root) == [{"path": "a.txt", "is_dir": False, "file_size": 5}]


def test_a_file_is_deleted_or_a_folder_but_never_a_log(client, run, root, owner):
    for path in ("a.txt", "sub/b.txt", "sub/deep/c.txt", "subway.txt", "SUB/d.txt"):
        put_file(run, path, [b"x"], by=owner)
    append_log(run, "sub/out.log", 0, b"line\n")
    assert client.delete(f"{FILES}/{root}/sub").json() == {}
    assert sorted(Artifact.objects.values_list("path", flat=True)) == [
        "SUB/d.txt",
        "a.txt",
        "sub/out.log",
        "subway.txt",
    ]
    assert client.delete(f"{FILES}/{root}/a.txt").status_code == 200
    assert client.delete(f"{FILES}/{root}/a.txt").status_code == 200
    assert client.delete(f"{FILES}/{root}").status_code == 400
    assert [len(job.payload["keys"]) for job in Job.objects.filter(name="delete files").order_by("id")] == [
        2,
        1,
    ]
    told = RunEvent.objects.filter(run=run, kind="files deleted").order_by("id")
    assert [event.details for event in told] == [{"path": "sub", "count": 2}, {"path": "a.txt", "count": 1}]
    page = client_page(owner, run)
    assert "deleted sub (2 files)" in page and "deleted a.txt (1 file)" in page


def client_page(person, run):
    browser = Client()
    browser.force_login(person)
    return browser.get(f"/w/vision/runs/{run.public_id}/activity", follow=True).content.decode()


def test_a_run_lists_its_files_by_their_whole_path(client, run, root):
    put(client, f"{root}/a.txt")
    put(client, f"{root}/sub/b.txt")
    fields = {"run_id": run.public_id}
    assert client.get(f"{API}/artifacts/list", fields).json() == {
        "root_uri": f"mlflow-artifacts:/{root}",
        "files": [{"path": "a.txt", "is_dir": False, "file_size": 5}, {"path": "sub", "is_dir": True}],
    }
    inside = client.get(f"{API}/artifacts/list", {**fields, "path": "sub"}).json()
    assert inside["files"] == [{"path": "sub/b.txt", "is_dir": False, "file_size": 5}]
    assert client.get(f"{API}/artifacts/list", {**fields, "path": "../up"}).status_code == 400


def test_a_dot_is_where_one_is_already(client, run, root):
    put(client, f"{root}/./sub/./a.txt")
    assert [row.path for row in Artifact.objects.all()] == ["sub/a.txt"]
    for path in (".", "./", "sub/.", "./sub"):
        listed = client.get(f"{FILES}", {"path": f"{root}/{path}"}).json()["files"]
        assert len(listed) == 1, path
        assert (
            len(client.get(f"{API}/artifacts/list", {"run_id": run.public_id, "path": path}).json()["files"])
            == 1
        )


def test_pages_fetch_and_send_files(client, run):
    address = f"{API}/upload-artifact?run_uuid={run.public_id}&path=notes/a.txt"
    assert client.generic("POST", address, b"hello").json() == {}
    found = client.get("/w/vision/get-artifact", {"run_uuid": run.public_id, "path": "notes/a.txt"})
    assert b"".join(found.streaming_content) == b"hello"
    for query, message in (
        ("path=a", "Request must specify run_uuid."),
        (f"run_id={run.public_id}", "Request must specify path."),
        (f"run_id={run.public_id}&path=../a", "Invalid path"),
        (f"run_id={run.public_id}&path=a", "Request must specify data."),
    ):
        refused = client.generic("POST", f"{API}/upload-artifact?{query}", b"")
        assert (refused.status_code, refused.json()["message"]) == (400, message)


def test_a_page_sends_no_more_than_ten_megabytes(client, run):
    address = f"{API}/upload-artifact?run_uuid={run.public_id}&path=a.bin"
    refused = client.generic("POST", address, b"x" * (10 * 1024 * 1024 + 1))
    assert (refused.status_code, refused.json()["message"]) == (
        400,
        "Artifact size is too large. Max size is 10MB.",
    )
    assert not Artifact.objects.exists()


def test_clients_fall_back_from_what_is_not_there(client, root, caplog):
    parts = client.post(f"/w/vision/api/2.0/mlflow-artifacts/mpu/create/{root}", {}, "application/json")
    assert (parts.status_code, parts.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert parts.json()["message"].startswith("Multipart upload is not supported")
    assert client.get(f"/w/vision/api/2.0/mlflow-artifacts/presigned/{root}/a").status_code == 501
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_head_of_a_file_says_how_long_it_is(client, run, root):
    path = f"/w/vision/api/2.0/mlflow-artifacts/artifacts/{root}/a.txt"
    assert client.put(path, b"hello", content_type="text/plain").status_code == 200
    for answer in (
        client.head(path),
        client.head("/w/vision/get-artifact", {"run_uuid": run.public_id, "path": "a.txt"}),
    ):
        assert (answer.status_code, answer["Content-Length"], answer.content) == (200, "5", b"")
    assert client.head(f"{path}x").status_code == 404


def test_a_folder_is_made_by_what_lies_in_it_alone(client, root):
    answer = client.put(
        f"/w/vision/api/2.0/mlflow-artifacts/artifacts/{root}/d/", b"x", content_type="text/plain"
    )
    assert (answer.status_code, answer.json()["message"]) == (400, "Invalid path")


def test_an_upload_in_chunks_replaces_nothing(client, run, root):
    path = f"/w/vision/api/2.0/mlflow-artifacts/artifacts/{root}/model.txt"
    assert client.put(path, b"good", content_type="text/plain").status_code == 200
    cut = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    cut["wsgi.input"] = io.BytesIO(b"aaaaa")
    answer = client.put(path, b"aaaaa", content_type="text/plain", **cut)
    assert answer.status_code == 400 and "Send a Content-Length" in answer.json()["message"]
    assert b"".join(client.get(path).streaming_content) == b"good"
