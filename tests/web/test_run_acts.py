"""What is done with a whole run from its page: cancel and its steps, marks, archive, trash; and its activity."""

from datetime import timedelta

import pytest
from django.utils import timezone

from runs.actions import organise
from runs.actions.repair import mark_run
from runs.actions.resubmit import Changes, resubmit_run
from runs.actions.run import cancel_run, complete_run, confirm_canceled, heartbeat
from runs.actions.trash import trash_run
from runs.models import Run, RunEvent
from tests import make

HX = {"HX-Request": "true"}


@pytest.fixture
def browser(client_of, contributor):
    return client_of(contributor)


@pytest.fixture
def page(browser, place):
    def read(below="", status=200):
        answer = browser.get(place(below))
        assert answer.status_code == status
        return answer.content.decode()

    return read


@pytest.fixture
def silent(run):
    Run.objects.filter(pk=run.pk).update(
        status="NotResponding", heartbeat_at=timezone.now() - timedelta(minutes=5)
    )
    return run


def fresh(run):
    return Run.objects.select_related("workspace", "experiment").get(pk=run.pk)


def steps(html):
    shown = html.split('aria-label="Steps of the cancel">')[1].split("</ol>")[0]
    return [part.split('"')[0] for part in shown.split('<li class="')[1:]]


def test_the_steps_of_a_cancel_follow_the_run(page, run, owner):
    assert "Steps of the cancel" not in page()
    cancel_run(run, by=owner, reason="loss explodes")
    html = page()
    assert steps(html) == ["done", "now", "next", "next"] and "by olga: loss explodes" in html
    heartbeat(fresh(run), by=owner)
    html = page("metrics/")
    assert steps(html) == ["done", "done", "now", "next"] and "its script has heard it" in html
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now() - timedelta(minutes=2))
    assert "Nobody confirms that it has stopped." in page()
    confirm_canceled(fresh(run), by=owner)
    assert steps(page()) == ["done"] * 4
    Run.objects.filter(pk=run.pk).update(ended_at=timezone.now() - timedelta(hours=2))
    assert "Steps of the cancel" not in page()


def test_an_end_that_came_first_is_told(page, run, owner):
    cancel_run(run, by=owner)
    complete_run(fresh(run), by=owner)
    html = page()
    assert "it ended before it heard of it" in html and "this end came first" in html


def test_a_silent_run_is_marked_with_a_reason(browser, page, place, silent):
    assert "Mark as…" in page()
    dialog = browser.get(place("mark/"), headers=HX).content.decode()
    assert "What became of it?" in dialog and "<!doctype" not in dialog
    refused = browser.post(place("mark/"), {"status": "Failed", "reason": " "}, headers=HX)
    assert refused.status_code == 400 and "The reason must not be empty." in refused.content.decode()
    done = browser.post(place("mark/"), {"status": "Failed", "reason": "power cut"}, headers=HX)
    assert done.status_code == 204 and done["HX-Redirect"] == place()
    html = page()
    assert "is marked as Failed." in html and "MarkedByHand" in html and "power cut" in html
    assert "marked it by hand as failed" in page("activity/")


def test_one_whose_script_is_alive_is_not_marked(browser, page, place, run):
    assert "/mark/" not in page()
    assert "Its script is alive" in page("mark/")
    answer = browser.post(place("mark/"), {"status": "Failed", "reason": "x"})
    assert answer.status_code == 409 and "is alive, its script was heard" in answer.content.decode()


def test_archive_and_back(browser, page, place, run):
    assert browser.post(place("archive/"), {"archived": "true"})["Location"] == place()
    html = page()
    assert "is archived: lists leave it out" in html and "Undo" in html and "Unarchive" in html
    browser.post(place("archive/"), {"archived": "false"})
    assert fresh(run).archived_at is None


def test_to_the_trash_and_back(browser, page, place, run, owner):
    assert "Move to the trash" not in page()
    assert browser.post(place("trash/"), {"deleted": "true"}).status_code == 409
    for each in (Run.objects.get(parent=run), run):
        complete_run(each, by=owner)
    assert "Move to the trash" in page()
    answer = browser.post(place("trash/"), {"deleted": "true"})
    assert answer["Location"] == "/w/vision/experiments/digits/"
    assert "is in the trash, where it stays for 30 days." in browser.get(answer["Location"]).content.decode()
    html = page(status=410)
    assert "This run is in the trash" in html and "Restore it" in html
    assert browser.post(place("trash/"), {"deleted": "false"})["Location"] == place()
    assert "is restored." in page()


def test_a_reader_sees_what_is_in_the_trash_and_cannot_restore(client_of, reader, stranger, run, place):
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    answer = client_of(reader).get(place())
    assert answer.status_code == 410 and "Restore it" not in answer.content.decode()
    assert client_of(reader).post(place("trash/"), {"deleted": "false"}).status_code == 403
    assert client_of(stranger).get(place()).status_code == 404


def test_the_activity_tells_everything_by_kinds_and_pages(page, run, owner):
    organise.edit_run(run, by=owner, display_name="second", description="new")
    organise.remove_tags(run, ["team"], by=owner)
    html = page("activity/")
    for words in (
        "renamed it from “first try” to “second”",
        "what changed",
        "removed tags",
        "created the run",
    ):
        assert words in html
    narrowed = page("activity/?kind=tags")
    assert "removed tags" in narrowed and "renamed" not in narrowed.split('id="events"')[1]
    newest = RunEvent.objects.filter(run=run).latest("id")
    assert f'href="/w/vision/runs/{run.public_id}/activity/?before={newest.pk + 1}#event-{newest.pk}"' in html
    page("activity/?kind=nonsense", 400)
    for number in range(60):
        organise.set_tags(run, {"n": str(number)}, by=owner)
    html = page("activity/?kind=tags")
    assert html.count('<li id="event-') == 50
    older = html.split('" rel="next"')[0].rsplit('href="', 1)[1].replace("&amp;", "&").split("/activity/")[1]
    assert page(f"activity/{older}").count('<li id="event-') == 12


def test_the_activity_names_other_runs_by_name_and_number(page, browser, workspace, owner, reads, place):
    parent = make.run(workspace, display_name="sweep", script="train.py")
    make.snapshot(parent, {"train.py": b"1"})
    children = [make.run(workspace, parent=parent, display_name=f"<b>rate {n}</b>") for n in range(3)]
    again, _ = resubmit_run(parent, by=owner, changes=Changes(display_name="slower"))
    complete_run(children[0], by=owner)
    trash_run(fresh(children[0]), by=owner)
    path = f"/w/vision/runs/{parent.public_id}/activity/"
    html = browser.get(path).content.decode()
    words = f"<bdi>&lt;b&gt;rate 1&lt;/b&gt; · run {children[1].number}</bdi></a>"
    assert (
        f'created the child run</bdi> <a class="link" href="/w/vision/runs/{children[1].public_id}/">{words}'
        in html
    )
    assert f"<bdi>slower · run {again.number}</bdi></a>" in html
    assert f"run {children[0].number}, which is in the trash" in html
    assert f'href="/w/vision/runs/{children[0].public_id}/"' not in html
    many = [make.run(workspace, parent=parent) for _ in range(20)]
    with reads(at_most=20):
        assert f">run {many[-1].number}</bdi>" in browser.get(path).content.decode().lower()


def test_a_script_that_was_alive_after_all_is_told(page, silent, owner):
    done = mark_run(fresh(silent), "Failed", by=owner, reason="x")
    heartbeat(done, by=owner)
    assert "sent a heartbeat although the run was marked as failed" in page("activity/")


def test_the_overview_asks_the_database_a_bounded_number_of_times(client_of, owner, workspace, reads):
    def path(count):
        pairs = {f"k{n}": str(n) for n in range(count)}
        run = make.run(
            workspace, tags=pairs, params=pairs, properties=pairs, metrics={f"m{n}": 1.0 for n in range(9)}
        )
        return f"/w/vision/runs/{run.public_id}/"

    few, many = path(1), path(500)
    client = client_of(owner)
    client.get(few)
    for place in (few, many):
        with reads(at_most=26):
            assert client.get(place).status_code == 200
