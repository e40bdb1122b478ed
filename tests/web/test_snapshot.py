"""The tab Snapshot: its files, differences from another run's, what git says, and how to run it again."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runs.actions.files import put_file
from tests import make
from tests.web.conftest import PNG

SOURCES = {
    "train.py": b"import os\n\n\ndef train():\n    return 'done'\n",
    "lib/data.py": b"rows = [1, 2]\n",
    "data.csv": b"epoch,loss\n1,0.5\n",
    "README.md": b"# Digits\n\n**bold**\n",
    "conf.json": b'{"rate": 0.1}',
    "logo.png": PNG,
    "weights.bin": b"\x00\x01\x02",
    "notes.xyzzy": b"plain words\nof two lines\n",
    "empty.txt": b"",
    "run.sh": b"#!/bin/sh\necho 1\n",
}
OURS = {"table", "tbody", "tr", "td", "col", "colgroup", "em", "select", "option", "i", "b"}
HX = {"HX-Request": "true"}


@pytest.fixture
def page(client_of, owner):
    """Fetches a page as its owner."""
    browser = client_of(owner)

    def fetch(path: str, status: int = 200, **headers: str) -> str:
        answer = browser.get(path, headers=headers)
        assert answer.status_code == status, answer.status_code
        return answer.content.decode()

    return fetch


@pytest.fixture
def sourced(workspace):
    made = make.run(
        workspace,
        display_name="with sources",
        script="train.py",
        arguments=["--rate", "0.1", "two words", "$(id)"],
        properties={
            "azureml.git.commit": "4f1c09e8b7a6",
            "azureml.git.branch": "main",
            "azureml.git.dirty": "True",
        },
    )
    make.snapshot(made, SOURCES)
    return made


def place(run, below: str = "") -> str:
    return f"/w/{run.workspace.name}/runs/{run.public_id}/snapshot/{below}"


def test_the_script_is_opened_first_and_coloured(page, sourced):
    html = page(place(sourced))
    assert '<i class="hl-kn">import</i>' in html and 'id="L4"' in html and 'href="#L4"' in html
    for path in SOURCES:
        assert path.rpartition("/")[2] in html
    assert "10 files" in html and "/snapshot/zip/" in html
    assert "4f1c09e8b7" in html and "main" in html and "not committed" in html


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("lib/data.py", "rows"),
        ("data.csv", ">epoch</th>"),
        ("README.md", "<strong>bold</strong>"),
        ("conf.json", "hl-nt"),
        ("logo.png", "snapshot/image/?file=logo.png"),
        ("weights.bin", "No preview of this kind of file"),
        ("notes.xyzzy", "of two lines"),
        ("empty.txt", "empty.txt"),
        ("README.md&as=text", "**bold**"),
        ("weights.bin&as=text", 'id="L1"'),
    ],
)
def test_each_kind_of_file_has_its_look(page, sourced, path, words):
    assert words in page(place(sourced, f"?file={path}"))


def test_a_picture_is_answered_as_one_and_nothing_else_is(client_of, owner, sourced):
    browser = client_of(owner)
    answer = browser.get(place(sourced, "image/?file=logo.png"))
    assert answer["Content-Type"] == "image/png" and "sandbox" in answer["Content-Security-Policy"]
    for path in ("train.py", "weights.bin", "nothing", "a%00b", ""):
        assert browser.get(place(sourced, f"image/?file={path}")).status_code == 404


def test_files_are_found_by_words_and_folders_open_in_the_address(page, workspace):
    run = make.run(workspace)
    make.snapshot(run, {f"lib/deep/{n}/x{n}.py": b"%d" % n for n in range(80)} | {"top.py": b"top"})
    assert "x7.py" not in page(place(run))
    assert 'aria-expanded="true"' in page(place(run, "?dir=lib"))
    assert "x7.py" in page(place(run, "?dir=lib&dir=lib/deep&dir=lib/deep/7"))
    assert "x7.py" in page(place(run, "?file=lib/deep/7/x7.py"))
    found = page(place(run, "?find=X7"))
    assert "lib/deep/7/x7.py" in found and "lib/deep/8/x8.py" not in found
    assert "No file of that name" in page(place(run, "?find=nowhere"))


def test_a_file_that_is_not_there_is_not_found(page, sourced):
    for path in ("nothing.py", "../train.py", "a%00b"):
        page(place(sourced, f"?file={path}"), 404)


def test_a_run_without_one_says_how_it_is_taken(page, workspace):
    run = make.run(workspace)
    html = page(place(run))
    assert "No snapshot yet" in html and "run.take_snapshot" in html
    assert "has no snapshot" in page(f"/w/vision/runs/{run.public_id}/again/")


def test_uncommitted_changes_are_linked_where_they_are_kept(page, sourced, owner):
    put_file(sourced, "git/uncommitted.diff", [b"+x"], by=owner)
    assert "logs/?file=git/uncommitted.diff" in page(place(sourced))


def test_differences_from_another_run(page, sourced, workspace, reads):
    other = make.run(workspace, display_name="the one after")
    changed = SOURCES | {"train.py": SOURCES["train.py"].replace(b"done", b"fine"), "new.py": b"1\n"}
    make.snapshot(other, {path: changed[path] for path in changed if path != "conf.json"})
    html = page(place(other))
    assert f"?with={sourced.public_id}" in html
    html = page(place(other, f"?with={sourced.public_id}&file=train.py"))
    assert "1 added, 1 removed, 1 changed" in html
    assert 'class="code went" data-sign="-"' in html and "return &#x27;fine&#x27;" in html
    assert "Whole file" not in html  # a short file is shown whole
    split = page(place(other, f"?with={sourced.public_id}&file=train.py&look=split"))
    assert 'class="difference split"' in split
    assert "no text file" not in page(place(other, f"?with={sourced.public_id}&file=conf.json"))
    assert "the same in both" in page(place(other, f"?with={sourced.public_id}&file=logo.png"))
    assert "No differences" in page(place(other, f"?with={other.public_id}"))
    turned = page(place(sourced, f"?with={other.public_id}"))
    assert "1 added, 1 removed, 1 changed" in turned


def test_another_run_is_chosen_by_its_id(client_of, owner, sourced, workspace):
    other = make.run(workspace)
    browser = client_of(owner)
    answer = browser.get(place(sourced, f"?with=x&id={other.public_id}"))
    assert answer.status_code == 302 and answer["Location"].endswith(f"?with={other.public_id}")
    assert b"has no snapshot" in browser.get(place(sourced, f"?with={other.public_id}")).content
    assert browser.get(place(sourced, "?with=nowhere")).status_code == 404


def test_a_run_of_another_workspace_is_not_compared_with(client_of, owner, sourced):
    elsewhere = make.run(make.workspace(owner=owner))
    make.snapshot(elsewhere, SOURCES)
    assert client_of(owner).get(place(sourced, f"?with={elsewhere.public_id}")).status_code == 404


def test_it_is_run_again_with_the_same_arguments(page, sourced):
    html = page(f"/w/vision/runs/{sourced.public_id}/again/", **HX)
    words = Text.of(html)
    assert f"studio run resubmit -r {sourced.public_id} -w vision -- --rate 0.1 'two words' '$(id)'" in words
    assert "resubmit(arguments=['--rate', '0.1', 'two words', '$(id)'])" in words
    assert "<html" not in html and "<html" in page(f"/w/vision/runs/{sourced.public_id}/again/")


def test_a_script_that_is_not_in_it_is_started_by_hand_beside_it(page, sourced):
    sourced.script = "elsewhere/train.py"
    sourced.save(update_fields=["script"])
    words = Text.of(page(f"/w/vision/runs/{sourced.public_id}/again/", **HX))
    assert "does not hold elsewhere/train.py" in words
    assert f"studio run download-snapshot -r {sourced.public_id} -d again-1 -w vision" in words
    started = "python elsewhere/train.py --rate 0.1 'two words' '$(id)'"
    assert f"STUDIO_RESUBMITTED_FROM={sourced.public_id} {started}" in words
    assert "[sys.executable, 'elsewhere/train.py', '--rate', '0.1', 'two words', '$(id)']" in words


def test_readers_see_it_all_and_strangers_nothing(client_of, reader, stranger, sourced):
    paths = [
        place(sourced),
        place(sourced, "image/?file=logo.png"),
        f"/w/vision/runs/{sourced.public_id}/again/",
    ]
    for path in paths:
        assert client_of(reader).get(path).status_code == 200
        assert client_of(stranger).get(path).status_code == 404


class Text(HTMLParser):
    """The words of a page, and the elements and attributes it has."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags, self.attributes = "", set(), set()

    @classmethod
    def of(cls, html: str) -> str:
        parser = cls()
        parser.feed(html)
        return parser.words

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


CORPORA = (above / "shared" / "corpora" for above in Path(__file__).parents)
XSS = next((found for found in CORPORA if found.is_dir()), Path("nowhere")) / "xss.json"


@pytest.mark.skipif(not XSS.is_file(), reason="the corpus is not beside this checkout")
def test_hostile_sources_stay_text(page, workspace):
    hostile = "\n".join(each["payload"] for each in json.loads(XSS.read_text()))[:200_000].encode(
        "utf-8", "replace"
    )
    files = {
        "a.py": hostile,
        "a.html": hostile,
        "<script>alert(1)<": b"x",
        "a.svg": hostile,
        "a.md": hostile[:30_000],
    }
    before, after = make.run(workspace), make.run(workspace)
    make.snapshot(before, {"a.py": b"x"})
    make.snapshot(after, files)
    base = page(place(after, "?file=<script>alert(1)<"))
    allowed = Text()
    allowed.feed(base)
    for path in (
        "?file=a.py",
        "?file=a.html",
        "?file=a.svg",
        "?file=a.html&as=text",
        f"?with={before.public_id}&file=a.py",
        f"?with={before.public_id}&file=a.html&look=split",
        f"?with={before.public_id}",
    ):
        seen = Text()
        seen.feed(page(place(after, path)))
        assert not {name for name in seen.attributes if name.startswith("on")}
        assert not seen.tags - allowed.tags - OURS, path


def test_the_queries_of_the_tab_do_not_grow_with_its_files(client_of, owner, workspace, reads):
    small, large = make.run(workspace), make.run(workspace)
    make.snapshot(small, {"a.py": b"1"})
    make.snapshot(large, {f"{n}/a.py": b"%d" % n for n in range(300)})
    browser = client_of(owner)
    for run in (small, large):
        with reads(at_most=20):
            browser.get(place(run))
        with reads(at_most=21):
            browser.get(place(run, f"?with={small.public_id}"))


def test_compared_runs_tell_what_their_sources_differ_in(page, sourced, workspace, client_of, stranger):
    other, bare = make.run(workspace, display_name="other"), make.run(workspace)
    make.snapshot(other, SOURCES | {"new.py": b"1", "train.py": b"x"})
    ids = "&".join(f"run={run.public_id}" for run in (sourced, other, bare))
    html = page(f"/w/vision/compare/?{ids}")
    assert "1 added, 1 changed" in html and "no snapshot" in html
    assert f"/runs/{other.public_id}/snapshot/?with={sourced.public_id}" in html
    turned = page(f"/w/vision/compare/?{ids}&base={other.public_id}")
    assert "1 removed, 1 changed" in turned
    assert "Sources" not in page(f"/w/vision/compare/?run={bare.public_id}")
    assert client_of(stranger).get(f"/w/vision/compare/?{ids}").status_code == 404
