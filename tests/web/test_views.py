"""Saved views in the browser: opened, saved, shared, and what is refused."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.messages import get_messages

from runs.actions import views as actions
from runs.actions.experiment import get_or_create_experiment
from runs.models import SavedView
from runs.query.stars import starred
from tests import make

HTMX = {"HX-Request": "true"}
RUNS = "/w/vision/runs/"


@pytest.fixture
def view_of(workspace):
    def made(person, sharing="private", name="Bad runs", address=None, experiment=None):
        address = {"status": ["Failed"]} if address is None else address
        return actions.create_view(
            workspace, by=person, name=name, address=address, sharing=sharing, experiment=experiment
        )

    return made


@pytest.fixture
def view(view_of, contributor, workspace):
    make.run(workspace)
    return view_of(contributor, "edit")


def asked(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def page(client, url=RUNS):
    answer = client.get(url, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_save_as_opens_the_new_view_where_one_was(client_of, reader, workspace):
    experiment, _ = get_or_create_experiment(workspace, "a b/c?d#50%", by=make.owner_of(workspace))
    form = {
        "name": "Mine <b>",
        "at": "/w/vision/experiments/a%20b/c%3Fd%2350%25/",
        "state": "q=x&status=Failed&cursor=y",
    }
    answer = client_of(reader).post("/w/vision/views/new/", form)
    made = SavedView.objects.get()
    assert urlsplit(answer["Location"]).path == "/w/vision/experiments/a%20b/c%3Fd%2350%25/"
    assert asked(answer["Location"]) == {"q": "x", "status": "Failed", "view": str(made.pk), "version": "1"}
    assert (made.experiment, made.owner, made.sharing) == (experiment, reader, "private")
    text = page(client_of(reader), answer["Location"])
    assert "Mine &lt;b&gt;" in text and "Mine <b>" not in text and "unsaved" not in text


def test_a_reader_shares_nothing(client_of, reader, contributor, view_of):
    client = client_of(reader)
    answer = client.post("/w/vision/views/new/", {"name": "n", "sharing": "view"})
    assert answer.status_code == 403 and "takes a contributor" in answer.content.decode()
    mine = view_of(reader)
    assert client.post(f"/w/vision/views/{mine.pk}/share/", {"sharing": "edit"}).status_code == 403
    assert list(SavedView.objects.values_list("sharing", flat=True)) == ["private"]


def test_what_was_typed_is_not_lost_when_it_is_refused(client_of, owner):
    form = {"name": "", "description": "kept words", "state": "q=kept", "at": RUNS}
    answer = client_of(owner).post("/w/vision/views/new/", form, headers=HTMX)
    text = answer.content.decode()
    assert (
        answer.status_code == 400
        and "must not be empty" in text
        and "kept words" in text
        and "q=kept" in text
    )
    assert "<html" not in text


def test_a_state_that_makes_no_sense_is_not_saved(client_of, owner):
    answer = client_of(owner).post("/w/vision/views/new/", {"name": "n", "state": "filter=metrics.a%20%3D"})
    assert answer.status_code == 400 and "value is missing" in answer.content.decode()


@pytest.mark.parametrize(
    "at", ["//evil.example/", "https://evil.example/", "/w/other/runs/", "/api/v1/me/", "\x00", "x"]
)
def test_a_view_never_leads_elsewhere(at, client_of, owner, view):
    client = client_of(owner)
    location = client.post("/w/vision/views/new/", {"name": "n", "at": at})["Location"]
    assert location.startswith(RUNS + "?view=")
    assert client.get(f"/w/vision/views/{view.pk}/", {"at": at})["Location"].startswith(
        RUNS + "?status=Failed"
    )


def test_the_link_opens_exactly_what_was_saved(client_of, reader, stranger, view, view_of, contributor):
    location = client_of(reader).get(f"/w/vision/views/{view.pk}/")["Location"]
    assert asked(location) == {"status": "Failed", "view": str(view.pk), "version": "1"}
    assert client_of(stranger).get(f"/w/vision/views/{view.pk}/").status_code == 404
    private = view_of(contributor)
    for number in (private.pk, 10**30, "x", "٣"):
        answer = client_of(reader).get(f"/w/vision/views/{number}/")
        assert answer.status_code == 404 and "Bad runs" not in answer.content.decode()


def test_a_view_of_an_experiment_opens_there_and_elsewhere(client_of, owner, workspace, view_of):
    run, other = make.run(workspace), make.experiment(workspace, "other")
    view = view_of(owner, experiment=run.experiment)
    client = client_of(owner)
    url = f"/w/vision/views/{view.pk}/"
    assert urlsplit(client.get(url)["Location"]).path == "/w/vision/experiments/digits/"
    for at in (RUNS, f"/w/vision/experiments/{other.name}/"):
        assert urlsplit(client.get(url, {"at": at})["Location"]).path == at
        assert "Bad runs" in page(client, f"{url}?at={at}")
    run.experiment.deleted_at = run.created_at
    run.experiment.save(update_fields=["deleted_at"])
    assert "digits of this view is in the trash" in page(client, url)


def test_a_change_is_marked_and_reset_takes_it_back(client_of, reader, view):
    client = client_of(reader)
    text = page(client, f"{RUNS}?status=Failed&q=a&view={view.pk}&version=1")
    assert (
        ">unsaved<" in text and f'href="{RUNS}?status=Failed&amp;view={view.pk}&amp;version=1">Reset' in text
    )
    assert ">Save<" not in text  # a reader
    text = page(client, f"{RUNS}?status=Failed&view={view.pk}&version=1&cursor=")
    assert ">unsaved<" not in text and "Reset" not in text


def test_the_built_in_view_cannot_be_overwritten(client_of, owner, view):
    text = page(client_of(owner), f"{RUNS}?q=a")
    assert "Default view" in text and ">Save<" not in text and "Save as…" in text and ">unsaved<" in text
    assert client_of(owner).post("/w/vision/views/default/save/", {"state": "q=a"}).status_code == 404


def test_a_contributor_saves_a_shared_view(client_of, owner, view):
    form = {"state": "q=new", "at": RUNS, "version": "1"}
    answer = client_of(owner).post(f"/w/vision/views/{view.pk}/save/", form)
    assert asked(answer["Location"]) == {"q": "new", "view": str(view.pk), "version": "2"}
    assert SavedView.objects.get().address == {"q": ["new"]}


def test_who_was_slower_chooses(client_of, owner, contributor, view):
    actions.save_view(view, by=contributor, address={"q": ["theirs"]}, expected_version=1)
    client = client_of(owner)
    form = {"state": "q=mine", "at": RUNS, "version": "1"}
    answer = client.post(f"/w/vision/views/{view.pk}/save/", form, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 409 and SavedView.objects.get().address == {"q": ["theirs"]}
    assert "carl has changed the view" in text and "theirs" in text and "q=mine" in text
    assert f'href="{RUNS}?q=theirs&amp;view={view.pk}&amp;version=2">Open theirs' in text
    assert "Save mine as a new view" in text and 'name="version" value="2"' in text
    client.post(f"/w/vision/views/{view.pk}/save/", form | {"version": "2"})
    assert SavedView.objects.get().address == {"q": ["mine"]}


def test_an_open_page_keeps_the_version_it_began_from(client_of, owner, contributor, view):
    actions.save_view(view, by=contributor, address={"q": ["theirs"]}, expected_version=1)
    text = page(client_of(owner), f"{RUNS}?q=mine&view={view.pk}&version=1")
    assert "carl changed this view" in text and 'name="version" value="1"' in text


def test_editing_renames_describes_and_shares(client_of, contributor, view):
    form = {"name": "New <i>", "description": "d\r\ne", "sharing": "view", "edited_version": "1", "version": "1",
            "at": RUNS, "state": "q=kept"}  # fmt: skip
    answer = client_of(contributor).post(f"/w/vision/views/{view.pk}/edit/", form)
    view.refresh_from_db()
    assert (view.name, view.description, view.sharing, view.version) == ("New <i>", "d\ne", "view", 2)
    assert asked(answer["Location"]) == {"q": "kept", "view": str(view.pk), "version": "2"}


def test_two_who_rename_are_told(client_of, owner, contributor, view):
    actions.describe_view(view, by=contributor, name="theirs", expected_version=1)
    form = {"name": "mine", "edited_version": "1"}
    answer = client_of(owner).post(f"/w/vision/views/{view.pk}/edit/", form)
    text = answer.content.decode()
    assert answer.status_code == 409 and "Now it is called “theirs”" in text and 'value="mine"' in text
    assert 'name="edited_version" value="2"' in text


def test_delete_can_be_undone(client_of, contributor, view):
    client = client_of(contributor)
    answer = client.post(f"/w/vision/views/{view.pk}/delete/", {"state": "q=a", "at": RUNS})
    assert asked(answer["Location"]) == {"q": "a", "view": "default"}
    restore = f"/w/vision/views/{view.pk}/restore/"
    (said,) = get_messages(answer.wsgi_request)
    assert restore in said.extra_tags
    assert f'action="{restore}"' in page(client, answer["Location"])
    assert "not here any more" in page(client, f"{RUNS}?view={view.pk}")
    assert "Deleted lately" in page(client, "/w/vision/views/")
    assert asked(client.post(restore)["Location"])["view"] == str(view.pk)


def test_the_list_begins_with_the_chosen_view_and_can_be_left(client_of, owner, reader, view):
    client = client_of(reader)
    client.post(f"/w/vision/views/{view.pk}/first/", {"on": "true"})
    assert asked(client.get(RUNS)["Location"])["view"] == str(view.pk)
    assert "Default view" in page(client, RUNS + "?view=default")
    assert client.get(RUNS + "?q=").status_code == 200
    client.post(f"/w/vision/views/{view.pk}/first/", {"on": "false"})
    assert client.get(RUNS).status_code == 200
    form = {"on": "true", "for": "workspace"}
    assert client.post(f"/w/vision/views/{view.pk}/first/", form).status_code == 403
    client_of(owner).post(f"/w/vision/views/{view.pk}/first/", form)
    assert client.get(RUNS).status_code == 302


def test_clearing_the_conditions_keeps_view_order_and_columns(client_of, owner, view):
    text = page(client_of(owner), f"{RUNS}?status=Failed&sort=name&view={view.pk}&version=1")
    assert f'href="{RUNS}?sort=name&amp;view={view.pk}&amp;version=1"' in text


def test_what_has_gone_is_named(client_of, owner, view_of):
    view = view_of(owner, address={"columns": ["name,tags.lost"], "experiment": ["old"]})
    text = page(client_of(owner), f"/w/vision/views/{view.pk}/")
    assert "the tag &#x27;lost&#x27;, the experiment &#x27;old&#x27;" in text


def test_the_menu_finds_views_to_open_here(client_of, reader, view, view_of):
    view_of(reader, name="Mine alone")
    client = client_of(reader)
    text = client.get("/w/vision/views/", {"at": RUNS, "q": "bad"}, headers=HTMX).content.decode()
    assert "Bad runs" in text and "Mine alone" not in text and "<html" not in text and "carl" in text
    assert f"/w/vision/views/{view.pk}/?at=%2Fw%2Fvision%2Fruns%2F" in text
    text = page(client, "/w/vision/views/")
    assert "Mine alone" in text and "Shared with me" in text and "<html" in text


def test_a_view_is_starred_by_its_button(client_of, reader, view):
    client_of(reader).post("/w/vision/star/", {"kind": "view", "id": view.pk, "on": "true"})
    assert starred(reader, "view", [view.pk])
    text = page(client_of(reader), f"/w/vision/views/{view.pk}/")
    assert 'aria-pressed="true"' in text


def test_sharing_gives_the_link_and_the_link_of_unsaved_changes(client_of, reader, view):
    ask = {"at": RUNS, "state": "q=changed", "version": "1"}
    text = page(client_of(reader), f"/w/vision/views/{view.pk}/share/?at={RUNS}&state=q%3Dchanged")
    assert f"http://testserver/w/vision/views/{view.pk}/" in text and "with its unsaved changes" in text
    assert 'name="sharing"' not in text  # not the owner
    text = client_of(reader).get("/w/vision/views/link/", ask, headers=HTMX).content.decode()
    assert f"http://testserver{RUNS}?q=changed&amp;view=default" in text


def test_the_bar_costs_two_queries_at_most(client_of, owner, view, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, counts = client_of(owner), []
    address = f"{RUNS}?status=Failed&columns=name,tags.a&sort=metrics.loss"
    for url in (f"{address}&view=default", f"{address}&view={view.pk}&version=1"):
        client.get(url)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        counts.append(len(captured))
    assert counts[1] - counts[0] <= 2


EVERYTHING = {
    "filter": "metrics.loss < 0.9",
    "q": "first",
    "status": "Running",
    "tag": "team=vision",
    "sort": "-metrics.loss,name",
    "columns": "name,tags.team,metrics.loss.min",
    "group": "tags.team",
    "chart": "line:metrics.loss;smooth=0.5",
    "pin": "2",
    "include_children": "true",
}


def test_all_that_is_on_screen_is_kept_and_opened_again(client_of, owner, reader, workspace):
    run = make.run(workspace, display_name="first", tags={"team": "vision"}, metrics={"loss": [0.5]})
    state = urlencode(EVERYTHING | {"selected": run.public_id})
    form = {"name": "All of it", "description": "d", "sharing": "view", "state": state, "at": RUNS}
    made = client_of(owner).post("/w/vision/views/new/", form)["Location"]
    opened = client_of(reader).get(f"/w/vision/views/{SavedView.objects.get().pk}/")["Location"]
    assert asked(opened) == asked(made)
    view = {"view": str(SavedView.objects.get().pk), "version": "1"}
    assert asked(opened) == EVERYTHING | {"selected": run.public_id} | view
    text = page(client_of(reader), opened)
    assert ">unsaved<" not in text and "grouped by" in text.lower() and "plot-card" in text


def test_a_refused_edit_changes_nothing_at_all(client_of, contributor, view):
    form = {"name": "", "sharing": "private", "edited_version": "1"}
    assert client_of(contributor).post(f"/w/vision/views/{view.pk}/edit/", form).status_code == 400
    view.refresh_from_db()
    assert (view.name, view.sharing, view.version) == ("Bad runs", "edit", 1)


def test_the_page_of_all_views_says_whose_and_where(client_of, reader, contributor, workspace, view_of):
    run = make.run(workspace)
    assert "No views yet" in page(client_of(reader), "/w/vision/views/")
    view_of(contributor, "edit", experiment=run.experiment)
    text = page(client_of(reader), "/w/vision/views/")
    assert "carl" in text and "the workspace may edit" in text and "digits" in text
    assert "No view is called so" in page(client_of(reader), "/w/vision/views/?q=nothing")
