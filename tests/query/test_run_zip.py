"""All files of a run as a zip: whole, safe to unpack, in bounded memory."""

import io
import tracemalloc
import zipfile

import pytest

from runs import storage
from runs.actions.files import append_log, put_file
from runs.models import Artifact
from runs.query.run_zip import safe_name, zip_of
from tests import make


@pytest.fixture
def run(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    return make.run(workspace)


def unpacked(run) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(run)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_every_file_byte_for_byte(run, owner):
    files = {"a.bin": bytes(range(256)) * 9000, "deep/er/ü.txt": "grün\n".encode(), "empty": b""}
    for path, content in files.items():
        put_file(run, path, [content], by=owner)
    append_log(run, "user_logs/std_log.txt", 0, b"one\n")
    assert unpacked(run) == files | {"user_logs/std_log.txt": b"one\n"}


def test_a_log_is_as_long_as_it_was_acknowledged(run):
    row = append_log(run, "a.txt", 0, b"one\n")
    storage.write_at(row.key, 4, b"never acknowledged")
    assert unpacked(run) == {"a.txt": b"one\n"}


def test_a_run_without_files_is_an_empty_zip(run):
    assert unpacked(run) == {}


def test_thousands_of_files_take_little_memory(run, owner):
    key = put_file(run, "z", [b"x" * 2000], by=owner).artifact.key
    now = Artifact.objects.get().created_at
    Artifact.objects.bulk_create(
        Artifact(
            run=run,
            path=f"f/{n:05d}",
            key=key,
            size=2000,
            content_type="text/plain",
            created_at=now,
            updated_at=now,
        )
        for n in range(1200)
    )
    tracemalloc.start()
    size = sum(map(len, zip_of(run)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1200 * 100 and peak < 16_000_000


def test_a_large_file_goes_through_in_pieces(run, owner):
    put_file(run, "big", (bytes(1024 * 1024) for _ in range(64)), by=owner)
    tracemalloc.start()
    pieces = list(map(len, zip_of(run)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000 and max(pieces) < 3_000_000


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b", "a/b"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("a/../../b", "a/b"),
        (r"..\..\evil", "evil"),
        ("C:evil/x", "C_evil/x"),
        ("..", "file"),
        ("ok:fine/a:b", "ok:fine/a:b"),
    ],
)
def test_no_name_leads_out_of_the_folder(path, name):
    assert safe_name(path, set()) == name


def test_no_two_files_share_a_name():
    assert safe_name("a/b", {"a"}) == "a (folder)/b"
    assert safe_name("C:x", {"C_x"}) == "C_x (2)"


def test_everything_unpacks_below_the_folder(run, owner, tmp_path):
    for path in ("a", "a b/c", "..x/y", "C:z", "con", "a.", "~root", "-rf"):
        put_file(run, path, [path.encode()], by=owner)
    made = put_file(run, "b", [b"both"], by=owner).artifact
    Artifact.objects.filter(pk=made.pk).update(
        path="a/b"
    )  # as it was taken once: a file and a folder of one name
    target = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_of(run)))) as archive:
        archive.extractall(target)
    found = [path for path in target.rglob("*") if path.is_file()]
    assert len(found) == 9 and all(target in path.resolve().parents for path in found)
