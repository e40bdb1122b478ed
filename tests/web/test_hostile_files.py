"""File names and contents that break naive code: each is kept as it was sent or refused by a sentence.

On both databases alike; and the pages, the zip and the downloads go on working beside them.
"""

import io
import re
import unicodedata
import zipfile
from urllib.parse import quote

import pytest

from runs.actions.files import append_log, put_file
from runs.errors import Conflict, Invalid
from runs.models import Artifact
from tests import corpora, make

OWN = [
    "../etc/passwd",
    "a/../b",
    "/abs",
    "C:\\x",
    "a\\b",
    "nul\x00",
    "\ud800",
    "a\nb",
    "a\r\nSet-Cookie: x",
    "",
    ".",
    "a//b",
]
OWN += [
    'quote".txt',
    "semi;colon",
    "per%cent%2e%2e",
    "ha#sh",
    "quest?ion",
    "\u202egpj.exe",
    "ü",
    "u\u0308",
    "😀/👍.txt",
]
OWN += [
    "<script>alert(1)</script>",
    "' or 1=1 --",
    "a" * 1000,
    "a" * 1001,
    " lead",
    "trail ",
    "-rf",
    "~",
    "con",
    "|ls",
]


def names() -> list[str]:
    """The names of the corpora where they are at hand, and our own."""
    found = corpora.read("traversal.json", "s", [])
    found += [*corpora.naughty(), *corpora.xss()]
    return list(dict.fromkeys([*OWN, *(name[:900] for name in found)]))


@pytest.fixture
def files(workspace, owner, settings, tmp_path):
    """A run with every file that was taken, their paths, and the names that were refused with what was said."""
    settings.FILES_FOLDER = tmp_path / "store"
    (tmp_path / "canary").write_text("untouched")
    run = make.run(workspace)
    taken, refused = {}, {}
    for name in names():
        try:
            taken[name] = put_file(run, name, [b"x"], by=owner).artifact.path
        except (Invalid, Conflict) as refusal:
            refused[name] = refusal.message
    return run, taken, refused


def test_each_is_kept_or_refused_and_everything_goes_on(files, client_of, reader, tmp_path):
    run, taken, refused = files
    assert all(path == unicodedata.normalize("NFC", name) for name, path in taken.items())
    assert all(message.endswith(".") and len(message) > 20 for message in refused.values())
    assert {"../etc/passwd", "nul\x00", "\ud800", "a\nb", "", "a//b"} <= set(refused)
    assert {'quote".txt', "ha#sh", "quest?ion", "per%cent%2e%2e", "\u202egpj.exe"} <= set(taken)
    _nothing_lies_outside(tmp_path)
    client = client_of(reader)
    stored = set(Artifact.objects.filter(run=run).values_list("path", flat=True))
    assert stored == set(taken.values())
    _pages_answer(client, run, sorted(stored))
    _downloads_answer(client, run, sorted(stored)[::15])
    _unpacks(client, run, tmp_path / "unpacked", len(stored))


def _nothing_lies_outside(folder):
    assert (folder / "canary").read_text() == "untouched"
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != "canary"]
    assert all(
        re.fullmatch(r"store/../../[0-9a-f]{32}(\.lines)?", str(path.relative_to(folder))) for path in found
    )


def _pages_answer(client, run, stored):
    base = f"/w/vision/runs/{run.public_id}/logs/"
    for path in stored[::150]:
        answer = client.get(base, {"file": path, "as": "text", "tab": [path, *stored[:3]]})
        assert answer.status_code == 200, path
    html = client.get(base).content.decode()
    for path in (base, f"{base}?find=script", f"{base}?find=%27%20or"):
        html = client.get(path).content.decode()
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
        viewer = html.split('<div class="cols-left">')[1]
        assert "<script>alert" not in viewer and not re.search(
            r"<(?:img|svg onload|iframe)[^>]*(?:onerror|javascript)", viewer
        )


def _downloads_answer(client, run, stored):
    for path in stored:
        answer = client.get(f"/api/v1/runs/{quote(run.public_id)}/files/{quote(path)}")
        assert answer.status_code == 200 and b"".join(answer.streaming_content) == b"x", path
        said = answer["Content-Disposition"]
        assert said.isascii() and said.startswith("attachment; filename=") and not re.search(r"[\r\n]", said)


def _unpacks(client, run, target, count):
    answer = client.get(f"/api/v1/runs/{run.public_id}/files-zip/")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        listed = archive.namelist()
    assert len(listed) == len(set(listed)) == count
    assert not any(name.startswith("/") or ".." in name.split("/") or "\\" in name for name in listed)


def test_a_log_of_any_name_is_refused_or_grows(workspace, settings, tmp_path):
    settings.FILES_FOLDER = tmp_path
    run = make.run(workspace)
    for name in OWN:
        try:
            row = append_log(run, name, 0, b"one\n")
        except (Invalid, Conflict):
            continue
        assert append_log(run, name, 4, b"two\n").size == 8 and row.path == unicodedata.normalize("NFC", name)


def test_every_hostile_line_is_shown_as_text(client_of, reader, run, place):
    lines = [name.encode("utf-8", "replace").replace(b"\n", b" ") for name in names()]
    append_log(run, "evil.log", 0, b"\n".join(lines) + b"\n")
    client, seen = client_of(reader), 0
    while seen < len(lines):
        html = client.get(place(f"logs/?file=evil.log&from={seen + 1}")).content.decode()
        log = html.split('class="log')[1].split("<ol>")[1].split("</ol>")[0]
        numbers = re.findall(r'<li id="L(\d+)"', log)
        assert numbers and int(numbers[0]) == seen + 1
        seen = int(numbers[-1])
        assert set(re.findall(r"</?(\w+)", log)) <= {"li", "a", "span", "i", "em"}
        assert not re.search(r"<[^>]+\s(?:on\w+|style|src)=", log)
