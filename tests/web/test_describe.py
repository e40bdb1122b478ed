"""Descriptions of runs and experiments in the browser: preview, pictures, versions, conflicts, references."""

from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from runs.actions.experiment import edit_experiment
from runs.actions.files import append_log
from runs.actions.images import keep_image
from runs.actions.organise import edit_run
from runs.actions.run import fail_run
from runs.actions.trash import trash_run
from runs.actions.views import create_view
from runs.models import DescriptionImage, DescriptionVersion
from tests import make

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


@pytest.fixture(params=["run", "experiment"])
def thing(request, run):
    """A run, and then its experiment: both are described alike."""
    return run if request.param == "run" else run.experiment


@pytest.fixture
def at(thing, workspace):
    """The address of the form, and of what lies below it."""
    where = f"runs/{thing.public_id}" if hasattr(thing, "public_id") else f"experiment/{thing.number}"
    return f"/w/vision/{where}/description/"


def html_of(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[:2000]
    return answer.content.decode()


def write(thing, text, by):
    edit = edit_run if hasattr(thing, "public_id") else edit_experiment
    return edit(thing, by=by, description=text)


def png(name="loss [1].png", size=(30, 20)):
    out = BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    file = BytesIO(out.getvalue())
    file.name = name
    return file


def test_the_preview_is_what_is_shown_once_it_is_saved(browser, thing, at, run, workspace):
    text = f"# A\n\n- [x] done\n- [ ] open\n\nrun:{run.public_id} run:none\n\n|a|b|\n|-|-:|\n|1|2|\n\n"
    text += "```python\nfor x in y: pass\n```"
    drawn = html_of(browser.post(f"{at}preview/", {"description": text}, headers=HX)).strip()
    saved = html_of(browser.post(at, {"description": text, "version": thing.description_version}, headers=HX))
    assert drawn in saved and '<span class="todo-done">☑</span> done' in drawn and "hl-k" in drawn
    assert f'href="/w/vision/runs/{run.public_id}/"' in drawn and "first try · run 1" in drawn


def test_a_preview_changes_nothing_and_tells_what_is_too_long(browser, thing, at):
    before = thing.description
    assert "at most 65,536" in html_of(
        browser.post(f"{at}preview/", {"description": "x" * 70_000}, headers=HX)
    )
    thing.refresh_from_db()
    assert thing.description == before and not DescriptionVersion.objects.exists()


def test_a_picture_is_sent_shown_and_kept_once(browser, at, thing):
    for _ in range(2):
        answer = browser.post("/w/vision/images/", {"picture": png()})
        assert answer.status_code == 201
    image = DescriptionImage.objects.get()
    assert answer.json()["markdown"] == f"![loss  1](image:{image.sha256})"
    sent = {"description": answer.json()["markdown"], "version": thing.description_version}
    html = html_of(browser.post(at, sent, headers=HX))
    url = f"/w/vision/images/{image.sha256}/"
    assert (
        f'<a href="{url}"><img src="{url}" alt="loss  1" width="30" height="20" loading="lazy"></a>' in html
    )
    shown = browser.get(url)
    assert shown["Content-Type"] == "image/png" and shown["Content-Security-Policy"].startswith("sandbox")
    assert shown["X-Content-Type-Options"] == "nosniff" and b"".join(shown.streaming_content).startswith(
        b"\x89PNG"
    )
    assert browser.get(url, headers={"If-None-Match": shown["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"<svg onload=alert(1)>", 400, "no image that can be shown"),
        (b"", 400, "Choose an image first|empty"),
        (b"\x89PNG\r\n\x1a\n", 400, "damaged|no image"),
        (b"\x89PNG" + b"x" * (10 * 1024 * 1024 + 1), 413, "at most 10 MB"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(browser, content, status, words):
    file = BytesIO(content)
    file.name = "evil.png"
    answer = browser.post("/w/vision/images/", {"picture": file})
    assert answer.status_code == status and any(part in answer.json()["error"] for part in words.split("|"))
    assert not DescriptionImage.objects.exists()


def test_a_form_that_is_far_too_large_is_not_even_read(browser):
    file = BytesIO(b"x" * (13 * 1024 * 1024))
    file.name = "huge.png"
    assert browser.post("/w/vision/images/", {"picture": file}).status_code == 413


def test_without_a_script_a_picture_is_put_behind_the_text(browser, thing, at):
    sent = {
        "description": "words",
        "version": thing.description_version,
        "do": "picture",
        "picture": png("a.png"),
    }
    html = html_of(browser.post(at, sent))
    image = DescriptionImage.objects.get()
    assert f"\nwords\n\n![a](image:{image.sha256})\n</textarea>" in html and "<!doctype html>" in html
    refused = html_of(browser.post(at, {"description": "words", "do": "picture"}), 400)
    assert "Choose an image first" in refused and "\nwords</textarea>" in refused


def test_pictures_of_another_workspace_are_not_shown(client_of, stranger, run, workspace, owner):
    image = keep_image(workspace, png().read(), by=owner)
    assert client_of(stranger).get(f"/w/vision/images/{image.sha256}/").status_code == 404
    assert client_of(stranger).get(f"/w/elsewhere/images/{image.sha256}/").status_code == 404


def test_every_text_is_kept_read_and_restored(browser, thing, at, owner, contributor):
    first = thing.description
    write(thing, "one\ntwo\nthree", owner)
    write(thing, "one\n2\nthree", contributor)
    html = html_of(browser.get(f"{at}versions/"))
    assert "<del>two</del>" in html and "<ins>2</ins>" in html and "olga" in html and "carl" in html
    assert "Restore this version" not in html  # it is the present one
    older = html_of(browser.get(f"{at}versions/?v=1"))
    assert "Restore this version" in older and "one\ntwo\nthree" in older
    answer = browser.post(f"{at}restore/", {"version": "1"})
    assert answer.status_code == 302
    thing.refresh_from_db()
    assert (thing.description, thing.description_version) == ("one\ntwo\nthree", 3)
    texts = list(DescriptionVersion.objects.order_by("version").values_list("text", flat=True))
    assert texts == [*([first] if first else []), "one\ntwo\nthree", "one\n2\nthree", "one\ntwo\nthree"]
    assert "Version 1 of the description is back." in html_of(browser.get(answer["Location"]))


def test_a_deleted_description_comes_back_by_undo(browser, thing, at, owner):
    write(thing, "precious", owner)
    sent = {"description": "anything", "version": thing.description_version, "do": "delete"}
    html = html_of(browser.post(at, sent, headers=HX))
    assert "The description is deleted." in html and 'hx-swap-oob="innerHTML"' in html and "Undo" in html
    thing.refresh_from_db()
    assert thing.description == ""
    browser.post(f"{at}restore/", {"version": html.split('name="version" value="')[1].split('"')[0]})
    thing.refresh_from_db()
    assert thing.description == "precious"


@pytest.mark.parametrize("version", ["", "x", "99", "-1", "9" * 30])
def test_a_version_that_is_not_there_is_refused(browser, at, version):
    assert browser.post(f"{at}restore/", {"version": version}).status_code in (400, 404)
    assert browser.get(f"{at}versions/?v={version}&before={version}").status_code in (200, 404)


def test_two_editors_at_once_see_both_texts_and_choose(browser, thing, at, owner):
    start = thing.description_version
    write(thing, "same\ntheirs\n", owner)
    html = html_of(browser.post(at, {"description": "same\nmine\n", "version": start}, headers=HX), 409)
    assert "same\nmine\n</textarea>" in html and "<del>theirs</del>" in html and "<ins>mine</ins>" in html
    for choice in ("Save mine over theirs", "Put theirs above mine", "Take theirs", "olga"):
        assert choice in html
    both = {"description": "same\nmine\n", "version": thing.description_version, "do": "both"}
    html = html_of(browser.post(at, both, headers=HX))
    assert "\nsame\ntheirs\n\n\nsame\nmine\n</textarea>" in html
    thing.refresh_from_db()
    assert thing.description == "same\ntheirs\n"
    mine = {"description": "same\nmine\n", "version": thing.description_version}
    assert "<p>same\nmine</p>" in html_of(browser.post(at, mine, headers=HX))


def test_references_lead_to_what_the_reader_may_see(browser, run, workspace, owner, stranger, place):
    hidden = make.run(make.workspace("hidden", owner=make.user("hugo")), display_name="secret name")
    failed = fail_run(make.run(workspace, display_name="bad <b>one</b>"), by=owner, message="x")
    gone = trash_run(
        fail_run(make.run(workspace, display_name="thrown away"), by=owner, message="x"), by=owner
    )
    make.experiment(workspace, "two words/x")
    create_view(workspace, by=owner, name="Best", address={}, sharing="view")
    create_view(workspace, by=owner, name="Own", address={}, sharing="private")
    append_log(run, "logs/a b.txt", 0, b"x\n")
    text = (
        f'run:{failed.public_id} run:{hidden.public_id} run:{gone.public_id} experiment:"two words/x" '
        f"[it](run:{failed.public_id}) view:Best view:Own [line](log:logs/a%20b.txt#L10) log:none.txt run:%00"
    )
    edit_run(run, by=owner, description=text)
    html = html_of(browser.get(place()))
    assert f'href="/w/vision/runs/{failed.public_id}/"' in html and "bad &lt;b&gt;one&lt;/b&gt; · run" in html
    assert '>it</a><span class="st bad">' in html
    assert 'href="/w/vision/experiments/two%20words/x/"' in html and ">two words/x</a>" in html
    assert 'href="/w/vision/runs/' + run.public_id + "/logs/?file=logs%2Fa+b.txt&amp;line=10#L10" in html
    assert "/w/vision/views/" in html and ">Best</a>" in html
    for word in (f"run:{hidden.public_id}", f"run:{gone.public_id}", "view:Own", "log:none.txt"):
        assert f">{word}</span>" in html
    assert "secret name" not in html and "thrown away" not in html and "/w/hidden/" not in html


def test_many_references_cost_one_query_a_kind(browser, run, workspace, owner, place, reads):
    others = [make.run(workspace, display_name=f"other {n}") for n in range(20)]
    edit_run(run, by=owner, description="words")
    with reads(at_most=40):
        browser.get(place())
    with CaptureQueriesContext(connection) as plain:
        browser.get(place())
    text = (
        " ".join(f"run:{r.public_id}" for r in others) + " experiment:digits view:a log:b log:c experiment:d"
    )
    edit_run(run, by=owner, description=text)
    with CaptureQueriesContext(connection) as full:
        assert html_of(browser.get(place())).count('class="deep"') >= 21
    assert len(full) - len(plain) <= 4


def test_readers_see_texts_and_versions_but_no_controls(client_of, reader, thing, at, owner):
    write(thing, "**hello**", owner)
    client = client_of(reader)
    home = at.replace("description/", "") if hasattr(thing, "public_id") else "/w/vision/experiments/digits/"
    html = html_of(client.get(home + "?edit=description"))
    assert "<strong>hello</strong>" in html and "<textarea" not in html and "Edit the description" not in html
    assert "Restore this version" not in html_of(client.get(f"{at}versions/?v=1"))
    assert client.post(at, {"description": "x"}).status_code == 403
    assert client.post("/w/vision/images/", {"picture": png()}).status_code == 403
