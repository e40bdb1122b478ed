"""The files of a model that no run made: listed, shown safely, downloaded."""

import io
import zipfile

import pytest

from runs.actions.files import put_file
from runs.actions.logged_models import create_logged_model, set_model_status
from tests import make
from tests.web.conftest import PNG

HOSTILE = b"<script>alert(1)</script>"


@pytest.fixture
def browser(client_of, reader):
    return client_of(reader)


@pytest.fixture
def model(workspace, owner):
    made = create_logged_model(make.experiment(workspace), "net", by=owner)
    for path, content in (
        ("MLmodel", b"flavors:\n  python_function: {}\n"),
        ("data/model.bin", b"\x00\x01\x02"),
        ("data/deep/table.csv", b"a,b\n1,2\n"),
        ("look.png", PNG),
        ("page.html", HOSTILE),
        ("README.md", b"# Net\n\n" + HOSTILE),
    ):
        put_file(made, path, [content], by=owner)
    return made


@pytest.fixture
def ask(browser, model):
    def asking(below="", **query):
        return browser.get(f"/w/vision/models/{model.public_id}/{below}", query)

    return asking


def opened(ask, path, **query):
    return ask("files/", file=path, **query).content.decode()


def test_the_page_of_the_model_lists_them(ask, model):
    html, base = ask().content.decode(), f"/w/vision/models/{model.public_id}/files/"
    for words in (f'href="{base}?file=MLmodel"', f'href="{base}?dir=data"', "6 files", f'href="{base}zip/"'):
        assert words in html
    assert "model.bin" not in html


def test_the_tree_opens_what_describes_the_model_first(ask):
    html = ask("files/").content.decode()
    assert "python_function" in html and "Download all" in html and "6 files" in html
    for name in ("model.bin", "deep", "look.png", "MLmodel"):
        assert name in html


def test_without_such_a_file_one_chooses(browser, workspace, owner):
    model = create_logged_model(make.experiment(workspace), "net", by=owner)
    place = f"/w/vision/models/{model.public_id}/files/"
    assert "No files yet" in browser.get(place).content.decode()
    set_model_status(model, "READY")
    assert "keeps them elsewhere" in browser.get(place).content.decode()
    put_file(model, "a.txt", [b"1"], by=owner)
    assert "Choose a file" in browser.get(place).content.decode()


def test_they_are_searched_and_folders_open(ask):
    html = ask("files/", find="TABLE").content.decode()
    assert "1 found" in html and "data/deep/table.csv" in html
    assert "table.csv" in ask("files/", dir=["data", "data/deep"]).content.decode()
    assert "model.bin" not in ask("files/", dir=".").content.decode()


def test_each_kind_is_shown_in_its_way(ask, model):
    assert "<th" in opened(ask, "data/deep/table.csv") and "1 row, 2 columns" in opened(
        ask, "data/deep/table.csv"
    )
    assert ">Net</h" in opened(ask, "README.md")
    assert "No preview of this kind" in opened(ask, "data/model.bin")
    assert f'src="/w/vision/models/{model.public_id}/files/image/?file=look.png"' in opened(ask, "look.png")
    text = opened(ask, "data/deep/table.csv", **{"as": "text"})
    assert "1,2" in text and 'aria-current="true">Text</a>' in text


@pytest.mark.parametrize("path", ["page.html", "README.md"])
@pytest.mark.parametrize("way", ["", "text"])
def test_nothing_of_them_runs(ask, path, way):
    html = opened(ask, path, **({"as": way} if way else {}))
    assert "<script>alert" not in html and "&lt;" in html and "alert" in html


def test_a_download_is_an_attachment_that_no_browser_runs(ask):
    answer = ask("files/download/", file="page.html")
    assert b"".join(answer.streaming_content) == HOSTILE
    assert (
        answer["Content-Type"] == "application/octet-stream"
        and "sandbox" in answer["Content-Security-Policy"]
    )
    assert answer["Content-Disposition"].startswith('attachment; filename="page.html"')


def test_only_pictures_are_answered_as_pictures(ask):
    answer = ask("files/image/", file="look.png")
    assert answer["Content-Type"] == "image/png" and "sandbox" in answer["Content-Security-Policy"]
    assert ask("files/image/", file="page.html").status_code == 404


def test_all_of_them_come_as_a_zip(ask):
    answer = ask("files/zip/")
    names = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
    assert len(names) == 6 and "data/deep/table.csv" in names
    assert (
        answer["Content-Disposition"].startswith("attachment; ")
        and "sandbox" in answer["Content-Security-Policy"]
    )


@pytest.mark.parametrize("below", ["files/", "files/download/", "files/image/"])
@pytest.mark.parametrize("path", ["none.txt", "data", "../MLmodel", "a\x00b"])
def test_a_file_that_there_is_not_is_told(ask, below, path):
    assert ask(below, file=path).status_code == 404


def test_the_files_page_reads_a_bounded_number_of_times(ask, model, owner, reads):
    for n in range(30):
        put_file(model, f"many/{n}.txt", [b"1"], by=owner)
    ask()
    with reads(at_most=13):
        ask("files/")
