"""How often a page of runs reads the database, from the session to the last cell: at most twelve times."""

import pytest

from runs.actions.experiment import archive_experiment
from runs.actions.organise import archive_run
from runs.actions.stars import set_star
from runs.actions.views import create_view
from runs.models import Experiment
from runs.query import planner
from tests import make

MOST = 12
COLUMNS = (
    "name,status,experiment,tags,created,duration,created_by,target,"
    "tags.team,params.lr,metrics.loss,metrics.acc.min"
)
FILTER = "tags.team = 'a' and metrics.loss > 0 and params.lr is not null"
RUNS, EXPERIMENT = "/w/vision/runs/", "/w/vision/experiments/digits/"


@pytest.fixture
def page(client_of, contributor, workspace):
    """Ask for a page; that somebody came was written down before."""
    client = client_of(contributor)
    client.get("/w/vision/")

    def ask(path, **asked):
        answer = client.get(path, {"columns": COLUMNS, **asked})
        assert answer.status_code == 200
        return answer.content.decode()

    return ask


@pytest.fixture
def runs(workspace, contributor):
    made = []
    for n in range(60):
        values = {"loss": [1.0, 0.5], "acc": n / 60} if n % 3 else {}
        tags = {"team": "ab"[n % 2], "ticket": str(n)}
        made.append(
            make.run(workspace, metrics=values, tags=tags, params={"lr": str(n) if n % 2 else "high"})
        )
    for parent in made[-2:]:
        for _ in range(12):
            make.run(workspace, parent=parent, tags={"team": "a"})
    set_star(contributor, run=made[-1], on=True)
    archive_run(made[0], by=contributor)
    return made


ADDRESSES = {
    "newest": {},
    "filtered": {"filter": FILTER},
    "sorted by a metric": {"sort": "-metrics.acc"},
    "sorted by a parameter": {"sort": "params.lr,-metrics.loss"},
    "filtered and sorted": {"filter": FILTER, "sort": "metrics.acc"},
    "searched": {"q": "team=a"},
    "searched and filtered": {"q": "team=a ticket", "filter": FILTER, "sort": "params.lr"},
    "statuses": {"status": ["Failed", "NotStarted"], "tag": "team=a"},
    "one experiment": {"experiment": "digits", "filter": FILTER},
    "children": {"include_children": "true", "sort": "-metrics.acc"},
    "archived": {"archived": "true", "filter": FILTER},
    "mine": {"mine": "true", "metric": "loss>0.1"},
    "grouped": {"group": "tags.team", "filter": FILTER},
    "grouped, two open": {"group": "tags.team", "in": ["=a", "=b"], "sort": "-metrics.acc", "filter": FILTER},
    "grouped by status": {"group": "status", "in": "=NotStarted", "sort": "params.lr"},
    "nothing found": {
        "status": "Failed",
        "tag": ["team=a", "team=b"],
        "q": "nowhere",
        "filter": FILTER,
        "mine": "true",
    },
}


@pytest.mark.parametrize("path", [RUNS, EXPERIMENT])
def test_a_page_of_runs_reads_at_most_twelve_times(page, runs, reads, path):
    for name, asked in ADDRESSES.items():
        print("asked for:", name)
        with reads(at_most=MOST):
            page(path, **asked)


def test_opened_children_are_read_with_the_page(page, runs, reads):
    opened = [run.public_id for run in runs[-2:]]
    with reads(at_most=MOST - 2):
        html = page(RUNS, open=opened, filter="tags.team is not null")
    assert html.count("level 2: ") == 24


@pytest.mark.parametrize("path", [RUNS, EXPERIMENT])
def test_a_saved_view_adds_two_reads_at_most(page, runs, reads, workspace, contributor, path):
    experiment = Experiment.objects.get(name="digits")
    view = create_view(
        workspace, by=contributor, name="mine", address={"filter": [FILTER]}, experiment=experiment
    )
    with reads(at_most=MOST):
        page(path, view=str(view.pk), filter=FILTER, selected=runs[3].public_id)


@pytest.mark.parametrize("path", [RUNS, EXPERIMENT])
def test_the_longest_way_to_a_page_is_within_the_bound(
    page, runs, reads, workspace, contributor, path, monkeypatch
):
    """No rare term, so the terms are counted twice; an order of several walks; texts; a view; opened children."""
    monkeypatch.setattr(planner, "FEW", 5)
    monkeypatch.setattr(planner, "SAMPLE", 10)
    experiment = Experiment.objects.get(name="digits")
    asked = {"filter": "params.lr is not null", "q": "ticket", "sort": "params.lr,-metrics.loss"}
    view = create_view(
        workspace, by=contributor, name="long", address={"filter": [asked["filter"]]}, experiment=experiment
    )
    opened = [run.public_id for run in runs[-2:]]
    with reads(at_most=MOST):
        html = page(path, view=str(view.pk), selected=runs[3].public_id, open=opened, **asked)
    assert sum(run.public_id in html for run in runs) >= 50
    assert html.count("level 2: ") >= 12


def test_a_page_reads_as_often_with_a_thousand_metrics_and_stars(page, runs, reads, workspace, contributor):
    for run in runs[:30]:
        set_star(contributor, run=run, on=True)
    for n in range(12):
        make.run(
            workspace,
            metrics={f"m{n}.{k}": float(k) for k in range(40)},
            tags={f"t{k}": "x" for k in range(30)},
        )
    with reads(at_most=8):
        page(RUNS, filter="tags.team = 'a'")


def test_the_first_page_without_parameters_is_within_the_bound(client_of, contributor, runs, reads):
    client = client_of(contributor)
    client.get("/w/vision/")
    for path in (RUNS, EXPERIMENT):
        with reads(at_most=MOST):
            assert client.get(path).status_code == 200


def test_an_archived_experiment_is_within_the_bound(page, runs, reads, contributor):
    archive_experiment(Experiment.objects.get(name="digits"), by=contributor)
    with reads(at_most=MOST):
        page(EXPERIMENT, filter=FILTER)
