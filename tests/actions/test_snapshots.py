"""Snapshots: what is taken, shared, refused and tidied away."""

import contextlib
import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from runs import storage
from runs.access import Caller
from runs.access_snapshots import blobs_for, get_snapshot
from runs.actions import snapshots
from runs.actions.files import Piece
from runs.actions.snapshots import forget_snapshots, missing_hashes, put_blob, put_blob_piece, take_snapshot
from runs.actions.trash import empty_trash, trash_run
from runs.errors import Conflict, Invalid, NotFound, TooLarge
from runs.manifest import clean_manifest
from runs.models import ApiToken, Job, Property, Run, Snapshot, SnapshotBlob, SnapshotFile, SnapshotUpload
from runs.query.snapshots import files_of, zip_of
from tests import make

BIG = bytes(range(256)) * 16_000
SOURCES = {"train.py": b"print(1)\n", "lib/data.py": b"rows = []\n", "empty.txt": b""}
CORPORA = (place / "shared" / "corpora" for place in Path(__file__).parents)
TRAVERSALS = next((found for found in CORPORA if found.is_dir()), Path("nowhere")) / "traversal.json"


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def entry(path: str, content: bytes = b"x", **fields: object) -> dict[str, object]:
    return make.manifest({path: content})[0] | fields


def reads(run: Run):
    return SnapshotBlob.objects.filter(workspace=run.workspace)


def refused(*entries: dict[str, object]) -> str:
    with pytest.raises((Invalid, TooLarge)) as refusal:
        clean_manifest(list(entries))
    return refusal.value.message


def test_a_snapshot_is_a_folder_with_its_history_and_its_property(workspace, owner):
    run = make.run(workspace)
    taken = make.snapshot(run, SOURCES)
    assert [(file.path, file.blob.size) for file in files_of(taken)] == [
        ("empty.txt", 0),
        ("lib/data.py", 10),
        ("train.py", 9),
    ]
    event = run.events.get(kind="snapshot taken")
    assert (event.by, event.details) == (owner, {"files": 3, "size": 19})
    assert Property.objects.get(run=run, name__text="ContentSnapshotId").text == taken.sha256
    assert not SnapshotUpload.objects.exists()


def test_it_comes_back_as_a_zip(workspace):
    run = make.run(workspace)
    program = entry("run.sh", b"#!/bin/sh\n", mode="100755")
    put_blob(run, program["sha256"], [b"#!/bin/sh\n"])
    put_blob(run, hash_of(BIG), [BIG])
    listed = [program, entry("dät/ä.txt", BIG)]
    taken, _ = take_snapshot(run, listed, by=make.owner_of(workspace), readable=reads(run))
    pieces = list(zip_of(taken))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["dät/ä.txt", "run.sh"]
        assert archive.read("dät/ä.txt") == BIG
        assert archive.getinfo("run.sh").external_attr >> 16 == 0o100755


def test_a_run_has_one_snapshot_and_taking_the_same_again_is_no_error(workspace, owner):
    run = make.run(workspace)
    taken = make.snapshot(run, SOURCES)
    assert make.snapshot(run, SOURCES) == taken
    with pytest.raises(Conflict) as refusal:
        make.snapshot(run, {"other.py": b""})
    assert refusal.value.message == f"Cannot take snapshot as the run already has one: {taken.sha256}"
    assert refusal.value.details == {"snapshot": taken.sha256}
    with pytest.raises(Conflict, match="already has one"):
        missing_hashes(run, [hash_of(b"new")], readable=reads(run))
    assert run.events.filter(kind="snapshot taken").count() == 1


def test_equal_folders_and_equal_files_are_kept_once(workspace):
    first, second, third = (make.run(workspace) for _ in range(3))
    assert make.snapshot(first, SOURCES) == make.snapshot(second, SOURCES)
    make.snapshot(third, SOURCES | {"train.py": b"print(2)\n"})
    assert (Snapshot.objects.count(), SnapshotBlob.objects.count(), SnapshotFile.objects.count()) == (2, 4, 6)
    kept = SnapshotBlob.objects.get(sha256=hash_of(b"print(1)\n"))
    assert storage.read(kept.key, end=100) == b"print(1)\n"


def test_only_what_is_new_has_to_be_sent(workspace):
    make.snapshot(make.run(workspace), SOURCES)
    run = make.run(workspace)
    new = hash_of(b"new")
    wanted = [hash_of(b"print(1)\n"), new.upper(), hash_of(b""), new]
    assert missing_hashes(run, wanted, readable=reads(run)) == [new]
    listed = make.manifest(SOURCES | {"new.py": b"new"})
    with pytest.raises(Conflict) as refusal:
        take_snapshot(run, listed, by=make.owner_of(workspace), readable=reads(run))
    assert refusal.value.details == {"missing": [new]} and "'new.py'" in refusal.value.message
    run.refresh_from_db()
    assert run.snapshot is None and not run.events.filter(kind="snapshot taken").exists()


def test_a_hash_that_another_workspace_knows_must_be_sent_here(workspace, stranger):
    make.snapshot(make.run(workspace), SOURCES)
    elsewhere = make.run(make.workspace(owner=stranger))
    readable = blobs_for(Caller(stranger), elsewhere)
    assert missing_hashes(elsewhere, [hash_of(b"print(1)\n")], readable=readable) == [hash_of(b"print(1)\n")]
    with pytest.raises(Conflict, match="not here"):
        take_snapshot(elsewhere, make.manifest(SOURCES), by=stranger, readable=readable)
    make.snapshot(elsewhere, SOURCES)
    keys = SnapshotBlob.objects.filter(sha256=hash_of(b"print(1)\n")).values_list("key", flat=True)
    assert len(set(keys)) == 2


def test_the_token_of_one_run_names_only_what_its_tree_has_or_what_it_sent(workspace, owner):
    other, run = make.run(workspace), make.run(workspace)
    child = make.run(workspace, parent=run)
    secret = make.snapshot(other, {"secret.py": b"secret"})
    own = make.snapshot(run, {"own.py": b"own"})
    make.token(owner)
    token = ApiToken.objects.get(user=owner)
    token.run = run
    caller = Caller(owner, token)
    readable = blobs_for(caller, child)
    asked = [hash_of(b"secret"), hash_of(b"own")]
    assert missing_hashes(child, asked, readable=readable) == [hash_of(b"secret")]
    put_blob(child, hash_of(b"secret"), [b"secret"])
    assert missing_hashes(child, asked, readable=readable) == []
    assert get_snapshot(caller, workspace, own.sha256) == own
    with pytest.raises(NotFound):
        get_snapshot(caller, workspace, secret.sha256)


def test_a_snapshot_whose_runs_lie_in_the_trash_is_not_found_by_its_id(workspace, owner):
    run = make.run(workspace, start=False)
    taken = make.snapshot(run, SOURCES)
    assert get_snapshot(Caller(owner), workspace, taken.sha256) == taken
    Run.objects.filter(pk=run.pk).update(status="Completed")
    trash_run(run, by=owner)
    for text in (taken.sha256, "x\x00", "nowhere"):
        with pytest.raises(NotFound):
            get_snapshot(Caller(owner), workspace, text)


def test_bytes_that_are_not_what_was_announced_are_refused_and_leave_nothing(workspace):
    run = make.run(workspace)
    with pytest.raises(Invalid, match="announced"):
        put_blob(run, hash_of(b"a"), [b"b"])
    for text in ("", "zz", "../../etc/passwd", 7, None):
        with pytest.raises(Invalid, match="64 hex"):
            put_blob(run, text, [b"a"])
    assert not SnapshotBlob.objects.exists() and not SnapshotUpload.objects.exists()


def test_a_size_that_is_not_the_content_s_is_refused(workspace):
    run = make.run(workspace)
    put_blob(run, hash_of(b"x"), [b"x"])
    with pytest.raises(Invalid, match="said to have 5 bytes; its content has 1"):
        take_snapshot(run, [entry("a.py", size=5)], by=make.owner_of(workspace), readable=reads(run))


def test_a_large_file_comes_in_pieces_and_goes_on_after_a_cut(workspace):
    run = make.run(workspace)
    sha256 = hash_of(b"abcdef")
    assert put_blob_piece(run, sha256, Piece(0, 6, [b"abc"])) == 3
    with pytest.raises(Conflict) as refusal:
        put_blob_piece(run, sha256, Piece(5, 6, [b"f"]))
    assert refusal.value.details == {"received": 3}
    assert put_blob_piece(run, sha256, Piece(0, 6)) == 3
    kept = put_blob_piece(run, sha256, Piece(3, 6, [b"def"]))
    assert storage.read(kept.key, end=10) == b"abcdef"
    with pytest.raises(TooLarge):
        put_blob_piece(run, sha256, Piece(0, 400 * 1024 * 1024, [b"x"]))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/etc/passwd", "must be relative"),
        ("../x", "no '.' or '..'"),
        ("a/../x", "no '.' or '..'"),
        ("./x", "no '.' or '..'"),
        ("a//x", "single forward slashes"),
        ("a/", "single forward slashes"),
        ("a\\x", "forward slashes"),
        ("C:/x", "like a drive"),
        ("a\x00b", "NUL"),
        ("a\nb", "line break"),
        ("\ud800", "surrogate"),
        ("", "must not be empty"),
        (None, "must be text"),
        ("CON", "a device"),
        ("lib/nul.txt", "a device"),
        ("com1/x", "a device"),
        ("a./x", "ends with a dot or space"),
        ("a ", "ends with a dot or space"),
        ("x" * 256, "255 bytes"),
        ("/".join("x" * 60), "50 folders deep"),
    ],
)
def test_names_that_are_not_safe_everywhere_are_refused(path, words):
    assert words in refused(entry("x") | {"path": path})


def test_names_that_are_only_like_a_device_are_taken():
    taken = clean_manifest([entry(name) for name in ("console.py", "aux_data.py", "com10", ".env", "a..b")])
    assert len(taken) == 5


def test_files_that_one_folder_cannot_hold_together_are_refused():
    assert "'a.py' twice" in refused(entry("a.py"), entry("a.py"))
    assert "differ only in capitals" in refused(entry("README"), entry("readme"))
    assert "a file and a folder" in refused(entry("lib"), entry("lib/a.py"))
    assert "a file and a folder" in refused(entry("Lib"), entry("lib-x"), entry("lib/b/a.py"))
    assert "twice" in refused(entry("é"), entry("é"))


def test_links_and_unknown_modes_are_refused():
    assert "Links are not kept" in refused(entry("a", mode="120000"))
    for mode in ("040000", "100777", 420, None, ["100644"]):
        assert "100644 or 100755" in refused(entry("a", mode=mode) if mode else entry("a", mode="160000"))


@pytest.mark.parametrize("sent", [None, 7, "x", {}, [7], [None], [[]], [{}], [{"path": "a"}], []])
def test_a_list_that_is_none_is_refused(sent):
    with pytest.raises(Invalid):
        clean_manifest(sent)


def test_a_folder_that_is_too_large_names_its_largest_files():
    mib = 1024 * 1024
    words = refused(entry("small.py"), entry("data/a.csv", size=200 * mib), entry("b.bin", size=101 * mib))
    assert words.startswith("Your total snapshot size exceeds the limit of 300.0 MB.")
    assert "data/a.csv (200.0 MB), b.bin (101.0 MB)" in words and ".amlignore" in words
    with pytest.raises(TooLarge, match="at most 20,000 files"):
        clean_manifest([entry("x")] * 20_001)


def test_too_many_new_files_are_refused_before_they_are_sent_unless_that_is_wished(workspace, monkeypatch):
    run = make.run(workspace)
    hashes = [hash_of(bytes([n])) for n in range(6)]
    monkeypatch.setattr(snapshots, "CHANGED_FILES", 5)
    with pytest.raises(TooLarge, match="STUDIO_SNAPSHOT_NO_FILE_LIMIT"):
        missing_hashes(run, hashes, readable=reads(run))
    assert missing_hashes(run, hashes, readable=reads(run), unlimited=True) == hashes
    files = {f"{n}.py": bytes([n]) for n in range(6)}
    with pytest.raises(TooLarge):
        make.snapshot(run, files)
    options = {"by": make.owner_of(workspace), "readable": reads(run)}
    assert take_snapshot(run, make.manifest(files), unlimited=True, **options)[1]


@pytest.mark.skipif(not TRAVERSALS.is_file(), reason="the corpus is not beside this checkout")
def test_no_hostile_path_leaves_the_folder_it_is_unpacked_in(workspace, tmp_path):
    run, folder = make.run(workspace), tmp_path / "unpacked"
    put_blob(run, hash_of(b"x"), [b"x"])
    kept = {}
    for hostile in json.loads(TRAVERSALS.read_text()):
        with contextlib.suppress(Invalid):
            path = clean_manifest([entry(hostile["s"])])[0].path
            kept[path.casefold()] = path
    folders = {path[:place] for path in kept for place, letter in enumerate(path) if letter == "/"}
    listed = [entry(path) for folded, path in kept.items() if folded not in folders]
    assert listed
    taken, _ = take_snapshot(run, listed, by=make.owner_of(workspace), readable=reads(run))
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(taken)))) as archive:
        for name in archive.namelist():
            assert (folder / name).resolve().is_relative_to(folder)
            assert not name.startswith(("/", "\\")) and ".." not in name.split("/")


def test_bytes_go_when_the_last_run_has_left_the_trash(workspace, owner):
    first, second = (make.run(workspace, start=False) for _ in range(2))
    make.snapshot(first, {"a.py": b"both", "b.py": b"first"})
    make.snapshot(second, {"a.py": b"both"})
    key = SnapshotBlob.objects.get(sha256=hash_of(b"first")).key
    Run.objects.update(status="Completed")
    trash_run(first, by=owner)
    assert forget_snapshots() == 0
    empty_trash(timezone.now() + timedelta(days=31))
    assert forget_snapshots() == 1
    assert Job.objects.filter(name="delete files").latest("pk").payload == {"keys": [key]}
    assert [blob.sha256 for blob in SnapshotBlob.objects.all()] == [hash_of(b"both")]
    assert Snapshot.objects.count() == 1
    second.refresh_from_db()
    assert second.snapshot is not None


def test_bytes_of_a_snapshot_that_nobody_finished_are_forgotten_after_two_days(workspace):
    run = make.run(workspace)
    kept = put_blob(run, hash_of(b"x"), [b"x"])
    assert forget_snapshots(timezone.now() + timedelta(days=1)) == 0
    assert forget_snapshots(timezone.now() + timedelta(days=3)) == 1
    assert Job.objects.get(name="delete files").payload == {"keys": [kept.key]}
    assert not SnapshotBlob.objects.exists()
