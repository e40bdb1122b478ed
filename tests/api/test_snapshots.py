"""Snapshots over REST: what is asked, sent, committed and given back; for the owner, others and strangers."""

import hashlib
import io
import zipfile

import pytest

from runs.models import SnapshotBlob
from tests import make

FILES = {"train.py": b"print(1)\n", "lib/data.py": b"rows = []\n" * 50_000, "empty": b""}
HOSTILE = ["/etc/passwd", "../x", "a\\b", "CON", "a\x00b", "C:/x", ".", "a/../../x"]


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def framed(*contents: bytes) -> bytes:
    return b"".join(f"{hash_of(each)} {len(each)}\n".encode() + each for each in contents)


@pytest.fixture
def run(workspace):
    return make.run(workspace)


def test_a_folder_goes_up_and_comes_back(api_of, contributor, reader, run):
    api, path = api_of(contributor), f"runs/{run.public_id}/snapshot/"
    assert api("GET", path).status_code == 404
    asked = api("POST", f"{path}missing/", {"hashes": [hash_of(c) for c in FILES.values()]})
    assert asked.json() == {"missing": [hash_of(c) for c in FILES.values()]}
    assert api("POST", f"{path}blobs/", framed(*FILES.values())).json() == {"received": 3}
    listed = make.manifest(FILES)
    answer = api("POST", path, {"files": listed})
    assert answer.status_code == 201
    found = answer.json()
    assert (found["file_count"], found["size"]) == (3, 500_009)
    assert found["files"] == sorted(listed, key=lambda file: file["path"])
    again = api("POST", path, {"files": listed})
    assert (again.status_code, again.json()["id"]) == (200, found["id"])
    seen = api_of(reader)("GET", path).json()
    assert seen == found
    for address in (f"{path}zip/", f"workspaces/vision/snapshots/{found['id']}/zip/"):
        zipped = api_of(reader)("GET", address)
        assert (zipped["Content-Type"], "sandbox" in zipped["Content-Security-Policy"]) == (
            "application/zip",
            True,
        )
        with zipfile.ZipFile(io.BytesIO(b"".join(zipped.streaming_content))) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == FILES
    one = api_of(reader)("GET", f"{path}files/train.py", Range="bytes=0-4")
    assert (one.status_code, b"".join(one.streaming_content)) == (206, b"print")
    assert one["Content-Disposition"].startswith("attachment") and one["X-Content-Type-Options"] == "nosniff"
    for missing in ("nothing.py", "../x", "a%00b"):
        assert api("GET", f"{path}files/{missing}").status_code == 404
    shown = api("GET", f"runs/{run.public_id}/").json()
    assert shown["properties"]["ContentSnapshotId"] == found["id"]


def test_a_large_file_comes_in_pieces(api_of, contributor, run):
    api, path = api_of(contributor), f"runs/{run.public_id}/snapshot/blobs/{hash_of(b'abcdef')}"
    assert api("PUT", path, b"abc", Content_Range="bytes 0-2/6").json() == {"received": 3}
    assert api("PUT", path, b"f", Content_Range="bytes 5-5/6").json()["received"] == 3
    assert api("PUT", path, b"", Content_Range="bytes */6").json() == {"received": 3}
    assert api("PUT", path, b"def", Content_Range="bytes 3-5/6").json()["size"] == 6
    assert api("PUT", path, b"abcdef").status_code == 200
    wrong = api("PUT", path, b"other")
    assert wrong.status_code == 400 and "SHA-256" in wrong.json()["error"]["message"]
    assert api("PUT", f"runs/{run.public_id}/snapshot/blobs/nonsense", b"x").status_code == 400
    assert SnapshotBlob.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"\n",
        framed(b"abc")[:-1],
        b"0" * 64 + b" 3\nabc",
        b"0" * 64 + b" 999999999999\nabc",
        b"0" * 64 + b" -3\nabc",
        b"0" * 200,
    ],
)
def test_a_body_that_is_not_framed_so_is_refused(api_of, contributor, run, body):
    answer = api_of(contributor)("POST", f"runs/{run.public_id}/snapshot/blobs/", body)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert not SnapshotBlob.objects.exists()


@pytest.mark.parametrize("path", HOSTILE)
def test_a_hostile_path_is_refused_and_nothing_is_written(api_of, owner, run, path):
    api, address = api_of(owner), f"runs/{run.public_id}/snapshot/"
    api("POST", f"{address}blobs/", framed(b"x"))
    listed = [make.manifest({"fine.py": b"x"})[0], make.manifest({"x": b"x"})[0] | {"path": path}]
    answer = api("POST", address, {"files": listed})
    assert answer.status_code == 400 and answer.json()["error"]["field"]
    assert api("GET", address).status_code == 404


@pytest.mark.parametrize("body", [{}, {"files": 3}, {"files": []}, [], {"files": [[]]}, {"hashes": [None]}])
def test_nonsense_is_a_sentence(api_of, owner, run, body):
    for address in ("snapshot/", "snapshot/missing/"):
        answer = api_of(owner)("POST", f"runs/{run.public_id}/{address}", body)
        assert answer.status_code == 400 and answer.json()["error"]["message"]


def test_what_is_missing_is_told_in_the_refusal(api_of, owner, run):
    answer = api_of(owner)("POST", f"runs/{run.public_id}/snapshot/", {"files": make.manifest(FILES)})
    assert answer.status_code == 409
    assert answer.json()["missing"] == sorted(hash_of(content) for content in FILES.values())


def test_readers_take_none_and_strangers_find_none(api_of, reader, stranger, run):
    taken = make.snapshot(run, FILES)
    base = f"runs/{run.public_id}/snapshot/"
    for method, path in (("POST", base), ("POST", f"{base}missing/"), ("POST", f"{base}blobs/")):
        assert api_of(reader)(method, path, {}).status_code == 403
        assert api_of(stranger)(method, path, {}).status_code == 404
    for path in (base, f"{base}zip/", f"{base}files/train.py"):
        assert api_of(stranger)("GET", path).status_code == 404
    for space in ("vision", "elsewhere"):
        assert api_of(stranger)("GET", f"workspaces/{space}/snapshots/{taken.sha256}/zip/").status_code == 404


def test_reading_a_snapshot_takes_a_few_queries(api_of, reader, run, reads):
    make.snapshot(run, {f"{n}.py": b"%d" % n for n in range(50)})
    api = api_of(reader)
    with reads(at_most=5):
        assert len(api("GET", f"runs/{run.public_id}/snapshot/").json()["files"]) == 50
