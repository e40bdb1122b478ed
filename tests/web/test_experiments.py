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
    for words in ("digits", "**ten** classes", "team", "by olga", f"/w/vision/runs/{run.public_id}/"):
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
    assert "beta" not in page("?q=alph")
    html = page("?sort=name")
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
    few = count()
    for number in range(10):
        make.run(workspace, experiment=f"experiment-{number}")
    assert count() == few
