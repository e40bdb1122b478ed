"""A database that bench/seed.py filled looks to every door as if its runs had come one by one."""

from datetime import UTC, datetime

import pytest

from bench.seeding import fill
from runs.models import Experiment, Run, RunSearch, User, Workspace
from tests import make

RUNS = 200
UNTIL = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def seeded(workspace: Workspace, owner: User) -> Workspace:
    fill(workspace, by=owner, runs=RUNS, seed=1, until=UNTIL)
    return workspace


def test_the_newest_page_shows_runs_with_all_their_values(seeded: Workspace, reader: User, api_of) -> None:
    found = api_of(reader)("GET", "workspaces/vision/runs/?limit=50").json()["results"]
    assert len(found) == 50
    assert found == sorted(found, key=lambda run: run["created_at"], reverse=True)
    assert all((len(run["metrics"]), len(run["params"]), len(run["tags"])) == (10, 10, 5) for run in found)


def test_the_counters_of_experiments_agree_with_their_runs(seeded: Workspace, reader: User, api_of) -> None:
    found = api_of(reader)("GET", "workspaces/vision/experiments/").json()["results"]
    assert sum(sum(experiment["counts"].values()) for experiment in found) == RUNS


def test_filters_and_the_search_find_seeded_runs(seeded: Workspace, reader: User, api_of) -> None:
    run = Run.objects.filter(workspace=seeded, parent=None).order_by("-id")[0]
    listed = api_of(reader)
    for asked in (f"q={run.display_name}", f"filter=name = '{run.display_name}' and metrics.loss > 0"):
        found = listed("GET", f"workspaces/vision/runs/?{asked}").json()["results"]
        assert run.public_id in [row["id"] for row in found]
    assert RunSearch.objects.count() == RUNS


def test_runs_made_afterwards_go_on_counting(seeded: Workspace, owner: User) -> None:
    largest = Run.objects.filter(experiment__name="vision-00").order_by("-number")[0]
    run = make.run(seeded, "vision-00", by=owner)
    assert run.number == largest.number + 1
    assert run.pk > largest.pk


def test_filling_twice_adds_to_what_is_there(seeded: Workspace, owner: User) -> None:
    fill(seeded, by=owner, runs=RUNS, seed=1, until=UNTIL)
    assert Run.objects.filter(workspace=seeded).count() == 2 * RUNS


def test_the_runs_are_of_as_many_experiments_as_asked(
    workspace: Workspace, owner: User, reader: User, api_of
) -> None:
    fill(workspace, by=owner, runs=40, experiments=70, seed=1, until=UNTIL)
    listed = api_of(reader)("GET", "workspaces/vision/experiments/").json()
    assert (
        Experiment.objects.count() == 70 and sum(sum(e["counts"].values()) for e in listed["results"]) <= 40
    )
