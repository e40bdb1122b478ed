"""The experiments of a workspace, and the page of one."""

import pytest

from runs.actions.experiment import edit_experiment, get_or_create_experiment
from runs.actions.run import complete_run
from runs.web.experiments import shares_of
from tests import make


@pytest.fixture
def page(client_of, reader):
    def get(below="", status=200):
        answer = client_of(reader).get(f"/w/vision/experiments/{below}")
        assert answer.status_code == status
        return answer.content.decode()

    return get


def test_a_row_shows_what_the_experiment_holds(page, workspace, owner):
    experiment = make.experiment(workspace, "digits")
    edit_experiment(experiment, by=owner, description="**ten** classes", tags={"team": "vision"})
    complete_run(make.run(workspace), by=owner)
    run = make.run(workspace)
    html = page()
    for words in (
        "digits",
        '<td class="text dim">ten classes</td>',
        "team",
        "by olga",
        f"/w/vision/runs/{run.public_id}/",
    ):
        assert words in html
    assert '<rect class="run" x="0.0" width="50.0" height="1"/>' in html


def test_the_bar_is_full_and_in_order():
    shares = shares_of({"Failed": 1, "Running": 1, "Queued": 2})
    assert [(s.status, s.start, s.width) for s in shares] == [
        ("Running", 0, 25),
        ("Failed", 25, 25),
        ("Queued", 50, 50),
    ]
    assert shares_of({}) == []


def test_search_and_sort(page, workspace):
    for name in ("alpha", "beta"):
        make.run(workspace, experiment=name)
    found = page("?q=alph")
    assert "beta" not in found and "2 experiments" not in found
    html = page("?sort=name")
    assert "2 experiments" in html
    assert html.index("alpha") < html.index("beta")
    assert "No experiment matches" in page("?q=zzz")


@pytest.mark.parametrize("query", ["?sort=owner__password", "?cursor=x", "?q=%00", "?q=" + "x" * 501])
def test_nonsense_is_told(page, query):
    assert 'role="alert"' in page(query, 400)


def test_an_empty_workspace_says_how_experiments_come_about(page):
    assert "No experiments yet" in page()


def test_an_experiment_shows_its_description_and_only_its_runs(page, workspace, owner):
    made = make.run(workspace, experiment="digits", display_name="inside")
    make.run(workspace, experiment="other", display_name="outside")
    edit_experiment(made.experiment, by=owner, description="**ten** classes")
    html = page("digits/")
    assert "<strong>ten</strong>" in html and "inside" in html and "outside" not in html
    assert "outside" not in page("digits/?filter=experiment%20%3D%20'other'%20or%20number%20%3E%200")


def test_a_name_with_a_slash_and_blanks_has_a_page(page, workspace, owner):
    get_or_create_experiment(workspace, "team a/digits <b>", by=owner)
    assert "team a/digits &lt;b&gt;" in page("team%20a/digits%20%3Cb%3E/")


def test_an_experiment_that_is_not_there(page):
    page("missing/", 404)


def test_the_number_of_queries_does_not_grow(client_of, owner, workspace):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        with CaptureQueriesContext(connection) as captured:
            client_of(owner).get("/w/vision/experiments/")
        return len(captured)

    make.run(workspace, experiment="one")
    count()  # the first look at a workspace is remembered
    few = count()
    for number in range(10):
        make.run(workspace, experiment=f"experiment-{number}")
    assert count() == few


@pytest.fixture
def post(client_of, contributor):
    def send(below, form=None, *, htmx=False, status=302):
        headers = {"HX-Request": "true"} if htmx else {}
        answer = client_of(contributor).post(f"/w/vision/{below}", form or {}, headers=headers)
        assert answer.status_code == status, answer.content.decode()[:500]
        return answer

    return send


def test_one_is_made_by_a_form(post, page, workspace):
    form = {"name": " team a/new one ", "description": "**why**\r\nmore", "tags": "team: vision, baseline,"}
    place = post("new-experiment/", form)["Location"]
    assert place == "/w/vision/experiments/team%20a/new%20one/"
    html = page("team%20a/new%20one/")
    assert "<strong>why</strong>" in html and "baseline" in html and "<b>vision</b>" in html
    answer = post("new-experiment/", {"name": "by htmx"}, htmx=True, status=204)
    assert answer["HX-Redirect"] == "/w/vision/experiments/by%20htmx/"


def test_a_refused_new_one_keeps_what_was_written(post, workspace):
    make.experiment(workspace, "digits")
    html = post(
        "new-experiment/", {"name": "digits", "description": "long words"}, status=409
    ).content.decode()
    assert "There is an experiment" in html and "long words" in html and 'value="digits"' in html
    assert "must not be empty" in post("new-experiment/", {}, htmx=True, status=400).content.decode()


def test_archiving_takes_it_out_of_the_list_and_can_be_undone(client_of, contributor, workspace, page):
    number = make.run(workspace, "digits").experiment.number
    client = client_of(contributor)
    form = {"archived": "true", "next": "/w/vision/experiments/?sort=name"}
    answer = client.post(f"/w/vision/experiment/{number}/archive/", form, follow=True)
    html = answer.content.decode()
    assert answer.redirect_chain[0][0] == "/w/vision/experiments/?sort=name"
    assert "digits is archived" in html and '<input type="hidden" name="archived" value="false">' in html
    assert "No experiments yet" in html and "digits" in page("?archived=true")
    assert "Archived" in page("digits/") and "run 1" in client.get("/w/vision/runs/").content.decode().lower()
    html = client.post(
        f"/w/vision/experiment/{number}/archive/", {"archived": "false"}, follow=True
    ).content.decode()
    assert "digits is back in the list" in html and "The archive is empty" in page("?archived=true")


@pytest.mark.parametrize("wanted", ["https://evil.test/", "//evil.test", "/w/elsewhere/", ""])
def test_archiving_leads_only_within_the_workspace(post, workspace, wanted):
    number = make.experiment(workspace, "digits").number
    assert post(f"experiment/{number}/archive/", {"next": wanted})["Location"] == "/w/vision/experiments/"


def test_description_and_tags_are_edited_in_place(post, page, workspace):
    number = make.experiment(workspace, "digits").number
    html = post(
        f"experiment/{number}/description/", {"description": "*new*", "version": "0"}, htmx=True, status=200
    )
    assert "<em>new</em>" in html.content.decode() and "<!doctype" not in html.content.decode()
    refused = post(f"experiment/{number}/description/", {"description": "mine", "version": "0"}, status=409)
    assert (
        "Somebody else changed" in refused.content.decode()
        and "\nmine</textarea>" in refused.content.decode()
    )
    assert post(f"experiment/{number}/tags/", {"new_key": "a", "new_value": "1"})["Location"].endswith(
        "/digits/"
    )
    form = {"new_key": "b", "stay": "true"}
    html = post(f"experiment/{number}/tags/", form, htmx=True, status=200).content.decode()
    assert "New tag" in html and ">b</span>" in html
    post(f"experiment/{number}/tags/", {"remove": "a"})
    assert "Remove the tag a" not in page("digits/") and ">b</span>" in page("digits/")


def test_a_reader_sees_no_controls(client_of, reader, workspace):
    make.run(workspace, "digits")
    for path in ("experiments/", "experiments/digits/"):
        html = client_of(reader).get(f"/w/vision/{path}").content.decode()
        for control in ("New experiment", "/archive/", "Edit the"):
            assert control not in html, (path, control)


def test_a_number_that_no_experiment_has(client_of, owner, workspace):
    for number in (99, 10**30):
        assert client_of(owner).get(f"/w/vision/experiment/{number}/tags/").status_code == 404


def test_the_page_of_one_takes_a_bounded_number_of_queries(client_of, owner, workspace, reads):
    for number in range(20):
        make.run(workspace, "digits", tags={"a": str(number)})
    client = client_of(owner)
    with reads(at_most=22):
        client.get("/w/vision/experiments/digits/")
    with reads(at_most=12):
        client.get("/w/vision/experiments/")
