"""What scripts of the cloud do with workspaces, experiments, children, models and notebooks, on a real server."""

import json
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from studio import ComputeTarget, Experiment, Run, Workspace, get_run
from studio.client.notebook import table_html
from studio.exceptions import (
    ComputeTargetException,
    ModelPathNotFoundException,
    ServiceException,
    UserErrorException,
    WorkspaceException,
)
from studio.widgets import RunDetails

HOSTILE = "<img src=x onerror=alert(1)>'\""


@pytest.fixture
def real(live_studio: Any, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    return Workspace.from_config()


@pytest.fixture
def experiment(real: Workspace, request: pytest.FixtureRequest) -> Experiment:
    return Experiment(real, request.node.name[:60])


def test_runs_are_found_by_tags_properties_status_and_type(experiment: Experiment) -> None:
    for name, tags in (("a", {"k": "it's"}), ("b", {"k": None}), ("c", {'odd "key"': "v"})):
        with experiment.start_logging(name, tags=tags, properties={"author": name}) as run:
            run.child_run("child").complete()
    experiment.start_logging("open").fail("boom")

    def names(**wanted: Any) -> list[str | None]:
        return [run.display_name for run in Run.list(experiment, **wanted)]

    assert names() == ["open", "c", "b", "a"]
    assert names(tags="k") == ["b", "a"] and names(tags={"k": "it's"}) == ["a"]
    assert names(tags={'odd "key"': "v"}) == ["c"] and names(tags={"k": "it's", 'odd "key"': "v"}) == []
    assert names(properties={"author": "b"}) == ["b"] and names(status="Failed") == ["open"]
    assert names(type="studio.scriptrun") == []
    assert len(names(include_children=True)) == 7
    assert next(experiment.get_runs(tags="k")).display_name == "b"  # a generator


def test_children_in_one_request(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        first, second = run.create_children(tag_key="rate", tag_values=[0.1, 0.2])
        with first:
            first.log("score", 1)
        second.log("score", 2)
        second.complete()
        assert [one.tags for one in run.create_children(2)] == [
            {"studio.batch_child_number": "0"},
            {"studio.batch_child_number": "1"},
        ]
    assert [one.get_status() for one in run.get_children(tags="rate")] == ["Completed", "Completed"]
    assert first.parent is not None and first.parent.id == run.id
    grandchild = second.child_run("grandchild")
    assert grandchild.root is not None and grandchild.root.id == run.id
    grandchild.complete()
    assert grandchild.id in {one.id for one in run.get_children(recursive=True)}
    assert run.get_metrics(recursive=True) == {first.id: {"score": 1}, second.id: {"score": 2}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "Either count or tag_key and tag_values must be set"),
        ({"tag_key": "k"}, "tag_values must not be null when tag_key is set"),
        ({"tag_values": ["v"]}, "tag_key must not be null when tag_values is set"),
        ({"count": 1, "tag_key": "k"}, "count can not be set when tag_key and tag_values are set"),
        ({"count": 101}, "create_children can not create more than 100 runs"),
    ],
)
def test_children_that_cannot_be_made_are_refused_in_the_clouds_words(experiment, arguments, message) -> None:
    with experiment.start_logging() as run, pytest.raises(UserErrorException, match=message):
        run.create_children(**arguments)


def test_a_property_that_is_there_names_itself_its_value_and_that_it_stays(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.add_properties({})
        run.add_properties({"author": "ada"})
        with pytest.raises(ServiceException, match=r"author.*ada") as refusal:
            run.add_properties({"author": "bob"})
    assert "cannot" in str(refusal.value) or "immutable" in str(refusal.value)


def test_an_experiment_is_tagged_archived_listed_and_deleted(real: Workspace, experiment: Experiment) -> None:
    experiment.set_tags({"team": "vision", "n": 3})
    experiment.tag("seen")
    experiment.remove_tags(["n"])
    experiment.refresh()
    assert experiment.tags == {"team": "vision", "seen": None}
    assert [one.name for one in Experiment.list(real, tags={"team": "vision"})] == [experiment.name]
    experiment.archive()
    assert experiment.archived_time and experiment.name not in real.experiments
    assert [one.name for one in Experiment.list(real, experiment.name, "ArchivedOnly")] == [experiment.name]
    with pytest.raises(UserErrorException, match="Leave new_name out"):
        experiment.reactivate("other")
    experiment.reactivate()
    assert experiment.name in real.experiments
    experiment.rename(f"{experiment.name}-2")
    assert experiment.name in real.experiments
    with pytest.raises(UserErrorException, match="No whitespace"):
        experiment.rename("two words")
    Experiment.delete(real, experiment.id)
    assert experiment.name not in real.experiments
    with pytest.raises(ServiceException, match="lies in the trash"):
        Experiment(real, experiment.name)
    assert Experiment.restore_from_trash(real, experiment.name).id == experiment.id
    assert experiment.name in real.experiments
    with pytest.raises(UserErrorException, match="has no experiment of the id"):
        Experiment.delete(real, "999999")


def test_a_run_is_found_through_its_experiment(real: Workspace, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        assert run.get_detailed_status()["status"] == "Running"
    assert get_run(experiment, run.id).id == run.id
    with pytest.raises(ServiceException, match="is not in the experiment"):
        get_run(Experiment(real, "another-one"), run.id)


def test_workspaces_are_listed_made_and_written_down(real: Workspace, home: Path) -> None:
    made = Workspace.create("made-here", friendly_name="For the test")
    assert made.get_details()["description"] == "For the test"
    with pytest.raises(WorkspaceException, match="exist_ok=True"):
        Workspace.create("made-here")
    assert Workspace.create("made-here", exist_ok=True).name == "made-here"
    assert Workspace.list("any")["made-here"][0].name == "made-here"
    assert Workspace.get("made-here").name == "made-here"
    with pytest.raises(WorkspaceException, match="no workspace 'nowhere'"):
        Workspace.get("nowhere")
    made.write_config(home / "project")
    written = json.loads((home / "project" / ".studio" / "config.json").read_text())
    assert written == {"url": real.client.url, "workspace": "made-here"}
    assert Workspace.from_config(home / "project").name == "made-here"
    assert Workspace.from_config(home / "project" / ".studio" / "config.json").name == "made-here"
    assert (made.location, made.tags, made.subscription_id) == (real.client.url, {}, "")


def test_the_one_compute_target_is_this_machine(real: Workspace, experiment: Experiment) -> None:
    assert list(real.compute_targets) == ["local"]
    assert list(Run.list_by_compute(real.compute_targets["local"], status="Running")) == []
    with pytest.raises(ComputeTargetException, match="'gpu' does not exist in the workspace"):
        ComputeTarget(real, "gpu")
    with pytest.raises(ComputeTargetException, match="attach_configuration is made by"):
        ComputeTarget.attach(real, "gpu", None)


def test_a_model_is_registered_found_and_downloaded(
    real: Workspace, experiment: Experiment, home: Path
) -> None:
    with experiment.start_logging() as run:
        (home / "outputs" / "model").mkdir()
        (home / "outputs" / "model" / "weights.bin").write_text("weights")
    with pytest.raises(ModelPathNotFoundException, match="Could not locate the provided model_path nowhere"):
        run.register_model("digits", "nowhere")
    run.register_model("digits", "outputs/model", tags={"stage": "test"}, description="The first")
    found = real.models["digits"]
    assert (found.run_id, found.path, found.tags["stage"]) == (run.id, "outputs/model", "test")
    assert Path(found.download(home / "got"), "weights.bin").read_text() == "weights"


def test_a_notebook_shows_links_and_escapes_what_people_wrote(experiment: Experiment) -> None:
    with experiment.start_logging(HOSTILE) as run:
        html = run._repr_html_()
    assert "<img" not in html and "&lt;img src=x" in html
    assert f"href='{run.get_portal_url()}'" in html
    assert "<a" not in table_html({"a": "b"}, "javascript:alert(1)")
    assert experiment.name in experiment._repr_html_() and "href=" in experiment.workspace._repr_html_()


class Handle:
    """What IPython's display gives back."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, html: str) -> None:
        self.shown.append(html)


def test_show_follows_a_run_until_it_has_ended(
    real: Workspace, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, run = Handle(), experiment.start_logging()
    run.log("loss", 0.25)

    def display(html: str, display_id: bool) -> Handle:
        handle.update(html)
        run.complete()
        return handle

    ipython, shell = types.ModuleType("IPython"), types.SimpleNamespace(kernel=True)
    ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
    displays = types.ModuleType("IPython.display")
    displays.display, displays.HTML = display, str  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", displays)
    real.get_run(run.id).show(refresh_s=0.01)
    assert "Running" in handle.shown[0] and "Completed" in handle.shown[-1]
    assert "metrics.loss" in handle.shown[-1] and "0.25" in handle.shown[-1]


def test_without_a_notebook_show_prints_the_link(experiment: Experiment, capsys) -> None:
    with experiment.start_logging() as run:
        capsys.readouterr()
        RunDetails(run).show()
        assert run.get_portal_url() in capsys.readouterr().out


def test_runs_as_a_table_of_pandas(experiment: Experiment) -> None:
    import pandas  # of the dev group: it is not to be skipped where somebody has forgotten it

    with experiment.start_logging("one", tags={"team": "vision"}, params={"lr": 0.1}) as run:
        run.log("loss", 0.5)
    frame = experiment.to_pandas()
    assert list(frame.index) == [run.id] and frame.loc[run.id, "metrics.loss"] == 0.5
    assert frame.loc[run.id, "tags.team"] == "vision"
    assert pandas.api.types.is_datetime64_any_dtype(frame["started_at"])


def test_without_pandas_it_says_what_to_install(experiment: Experiment, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserErrorException, match="pip install pandas"):
        experiment.to_pandas()
