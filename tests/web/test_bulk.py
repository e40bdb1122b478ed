"""A change of many runs on the pages: how far it is, stopped, undone; for each role."""

import pytest
from django.utils import timezone

from runs.actions import bulk, bulk_parts, jobs
from runs.actions.run import complete_run
from runs.models import BulkChange, Job, Run
from runs.worker import do_next_job
from tests import make

AT = "/w/vision/runs/?filter=tags.n%20is%20not%20null"
FORM = {"action": "archive", "all": "true", "at": AT}


@pytest.fixture
def runs(workspace, owner, monkeypatch):
    """Five ended runs, and parts of two of which the request does one."""
    monkeypatch.setattr(bulk, "AT_ONCE_S", 0)
    monkeypatch.setattr(bulk, "PAUSE_S", 0)
    monkeypatch.setitem(bulk_parts.SIZE, "archive", 2)
    return [complete_run(make.run(workspace, tags={"n": str(n)}), by=owner) for n in range(5)]


@pytest.fixture
def begun(runs, client_of, contributor):
    client_of(contributor).post("/w/vision/bulk/", FORM)
    return BulkChange.objects.get()


def place(change, more=""):
    return f"/w/vision/bulk/{change.pk}/{more}"


def test_a_long_change_tells_how_far_it_is_until_it_is_over(runs, client_of, contributor):
    client = client_of(contributor)
    answer = client.post("/w/vision/bulk/", FORM, headers={"HX-Request": "true"}).content.decode()
    change = BulkChange.objects.get()
    assert "2 of 5 archived" in answer and place(change) in answer and 'hx-trigger="every 1s"' in answer
    assert "2 of 5 archived" in client.get(AT).content.decode()
    while do_next_job("tests"):
        pass
    ended = client.get(place(change), {"at": AT}, headers={"HX-Request": "true"})
    assert "Archived 5 runs." in ended.content.decode() and ended.headers["HX-Trigger"] == "studio:refresh"
    assert "every 1s" not in ended.content.decode()
    assert "Archived 5 runs." in client.get(AT).content.decode()
    assert "Archived 5 runs." not in client.get(AT).content.decode()


def test_without_a_script_it_has_a_page(begun, client_of, contributor):
    page = client_of(contributor).get(place(begun), {"at": AT}).content.decode()
    assert "A change of 5 runs" in page and "Look again" in page and f'href="{AT}"' in page
    elsewhere = client_of(contributor).get(place(begun), {"at": "https://evil.example/"}).content.decode()
    assert "evil.example" not in elsewhere


def test_it_is_stopped_and_undone(begun, client_of, contributor):
    client = client_of(contributor)
    answer = client.post(place(begun, "stop/"), {"at": AT}, headers={"HX-Request": "true"}).content.decode()
    assert "Archived 2 runs. Stopped: 3 were left as they are." in answer and "Undo" in answer
    undo = {"action": "undo", "undo": begun.pk, "at": AT}
    answer = client.post("/w/vision/bulk/", undo, headers={"HX-Request": "true"}).content.decode()
    assert "Undone for 2 runs." in answer and Run.objects.filter(archived_at=None).count() == 5
    assert client.post(place(begun, "stop/"), {"at": AT}).status_code == 302


def test_members_look_at_it_contributors_stop_it_strangers_learn_nothing(
    begun, client_of, reader, owner, stranger
):
    page = client_of(reader).get(place(begun))
    assert page.status_code == 200 and "2 of 5 archived" in page.content.decode()
    assert client_of(reader).post(place(begun, "stop/")).status_code == 403
    assert client_of(stranger).get(place(begun)).status_code == 404
    assert client_of(stranger).post(place(begun, "stop/")).status_code == 404
    assert client_of(owner).post(place(begun, "stop/")).status_code == 302
    assert "Undo<" not in client_of(owner).get(place(begun)).content.decode()


def test_what_fails_to_the_last_ends_and_says_so(begun, client_of, contributor, monkeypatch):
    monkeypatch.setattr(bulk, "take_part", lambda change: 1 // 0)
    for _ in range(jobs.MOST_ATTEMPTS):
        assert "2 of 5 archived" in client_of(contributor).get(place(begun)).content.decode()
        Job.objects.filter(name=bulk.JOB).update(run_after=timezone.now())
        assert do_next_job("tests")
    page = client_of(contributor).get(place(begun)).content.decode()
    said = "Archived 2 runs. An error of the studio ended it: 3 were left as they are."
    assert said in page and "hx-trigger" not in page.partition('id="report"')[2].partition("</div>")[0]
    report = client_of(contributor).get(f"/api/v1/workspaces/vision/runs/bulk/{begun.pk}/").json()
    assert (report["state"], report["done"], report["undo"]) == ("failed", 2, begun.pk)


def test_a_change_that_was_forgotten_meanwhile_is_given_up_quietly(workspace):
    bulk.give_up(4711)
    assert not BulkChange.objects.exists()


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, "-1", "²"])
def test_there_is_no_such_change(client_of, reader, number):
    assert client_of(reader).get(f"/w/vision/bulk/{number}/").status_code == 404


def test_only_lists_of_its_workspace_tell_of_it_and_none_once_it_is_forgotten(runs, client_of, contributor):
    client = client_of(contributor)
    client.post("/w/vision/bulk/", FORM)
    other = make.workspace(owner=contributor)
    elsewhere = client.get(f"/w/{other.name}/runs/?mine=true").content.decode()
    assert "2 of 5 archived" not in elsewhere and "2 of 5 archived" in client.get(AT).content.decode()
    BulkChange.objects.all().delete()
    assert client.get(AT).status_code == 200 and "bulk report" not in client.session


def test_what_was_so_already_is_not_all_where_some_were_refused(workspace, client_of, contributor, owner):
    ended, _ = (make.run(workspace, tags={"n": "1"}) for _ in range(2))
    complete_run(ended, by=owner)
    client = client_of(contributor)
    client.post("/w/vision/bulk/", {**FORM, "action": "cancel"})
    page = client.post("/w/vision/bulk/", {**FORM, "action": "cancel"}, follow=True).content.decode()
    assert "Nothing was changed. 1 were so already." in page and "Nothing to do" not in page
