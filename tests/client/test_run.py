"""What a training does with a run while the studio answers."""

import json

import pytest

from studio import Experiment, Run, Workspace
from studio.client.errors import ServiceException, UserErrorException
from tests.client.conftest import until
from tests.client.fake_server import FakeStudio


def test_four_lines_log_a_run(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 0.5)
        run.log("loss", 0.25)
    assert studio.values(run.id, "loss") == [0.5, 0.25]
    assert studio.runs[run.id]["status"] == "Completed"
    link = f"{studio.url}/w/default/runs/{run.id}/"
    assert capsys.readouterr().out.splitlines() == [f"Run 1 started: {link}", f"Run 1 completed: {link}"]


def test_what_is_logged_is_seen_while_the_run_goes_on(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging(display_name="first", tags={"team": "vision"}, description="**why**")
    run.log("loss", 0.5, step=3)
    until(lambda: studio.values(run.id, "loss"))
    assert studio.metrics[run.id][0]["step"] == [3]
    assert studio.runs[run.id]["status"] == "Running"
    assert (run.display_name, run.tags, run.description) == ("first", {"team": "vision"}, "**why**")
    run.complete()


def test_an_exception_fails_the_run_and_goes_on(studio: FakeStudio, experiment: Experiment) -> None:
    with pytest.raises(ZeroDivisionError), experiment.start_logging() as run:
        _ = 1 / 0
    error = studio.runs[run.id]["error"]
    assert (error["code"], error["message"]) == (
        "UserError",
        "User program failed with ZeroDivisionError: division by zero",
    )
    assert "1 / 0" in error["details"]["debug_stack_trace"]
    assert error["details"]["debug_type"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (SystemExit(0), "Completed", ""),
        (SystemExit(None), "Completed", ""),
        (SystemExit(3), "Failed", "exit code 3"),
        (SystemExit("no data"), "Failed", "exit code 1: no data"),
        (KeyboardInterrupt(), "Canceled", "interrupted by Ctrl-C"),
    ],
)
def test_how_the_block_is_left_decides_the_status(
    studio: FakeStudio, experiment: Experiment, raised: BaseException, status: str, reason: str
) -> None:
    with pytest.raises(type(raised)), experiment.start_logging() as run:
        raise raised
    assert (studio.runs[run.id]["status"], studio.runs[run.id]["status_reason"]) == (status, reason)


def test_fail_takes_a_sentence_or_an_exception_and_a_code(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.fail("The data is missing.", "NoData")
    assert studio.runs[run.id]["error"] == {
        "message": "The data is missing.",
        "code": "NoData",
        "details": {},
    }
    with pytest.raises(TypeError, match="error_details must be instance of string or BaseException"):
        run.fail(3)  # type: ignore[arg-type]


def test_ending_twice_alike_is_no_error_and_otherwise_a_refusal(experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.complete()
    run.complete()
    with pytest.raises(ServiceException, match="already ended as Completed") as refusal:
        run.fail("late")
    assert (refusal.value.status_code, refusal.value.code) == (409, "conflict")


def test_a_run_id_that_is_taken_is_refused_at_once(experiment: Experiment) -> None:
    experiment.start_logging(run_id="mine").complete()
    with pytest.raises(ServiceException, match="taken") as refusal:
        experiment.start_logging(run_id="mine")
    assert refusal.value.field == "run_id"


def test_tags_properties_and_params(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run.tag("seen")
        run.tag("rank", 1)
        run.set_tags({"team": "vision", "old": "x"})
        run.remove_tags(["old"])
        run.add_properties({"author": "ada"})
        run.log_param("lr", 0.1)
        run.log_params({"epochs": 3, "layers": [1, 2]})
        assert run.get_tags() == {"seen": None, "rank": "1", "team": "vision"}
        assert run.get_properties() == {"author": "ada"}
        with pytest.raises(ServiceException, match="'author' is 'ada' and cannot change"):
            run.add_properties({"author": "bob"})
    assert "Converting non-string tag to string: (rank: 1)" in capsys.readouterr().err
    assert studio.runs[run.id]["params"] == {"lr": 0.1, "epochs": 3, "layers": "[1, 2]"}


def test_name_and_description_can_be_set(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.display_name = "best so far"
        run.description = "with more layers"
    assert studio.runs[run.id]["display_name"] == "best so far"
    assert studio.runs[run.id]["description"] == "with more layers"


def test_children_know_their_parent_and_the_tree_is_walked(
    studio: FakeStudio, experiment: Experiment
) -> None:
    with experiment.start_logging() as run:
        for number in range(3):
            with run.child_run(f"child {number}") as child:
                child.log("score", number)
                child.tag("number", str(number))
        with child.child_run("grandchild") as grandchild:
            pass
    names = [one.display_name for one in run.get_children()]
    assert names == ["child 0", "child 1", "child 2"]
    assert {one.id for one in run.get_children(recursive=True)} >= {grandchild.id, child.id}
    assert [one.display_name for one in run.get_children(tags={"number": "1"})] == ["child 1"]
    assert grandchild.parent is not None and grandchild.parent.id == child.id
    assert run.parent is None
    assert run.get_metrics(recursive=True)[child.id] == {"score": 2}


def test_a_run_is_found_again(workspace: Workspace, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 1.5)
    found = workspace.get_run(run.id)
    assert isinstance(found, Run)
    assert (found.experiment.name, found.status, found.number) == ("digits", "Completed", 1)
    assert found.get_metrics() == {"loss": 1.5}
    with pytest.raises(ServiceException, match="There is no run nowhere"):
        workspace.get_run("nowhere")


def test_details_have_the_clouds_names(studio: FakeStudio, experiment: Experiment) -> None:
    with pytest.raises(ValueError), experiment.start_logging() as run:
        print("hello")
        raise ValueError("too hot")
    details = run.get_details()
    wanted = {
        "runId",
        "target",
        "status",
        "startTimeUtc",
        "endTimeUtc",
        "services",
        "error",
        "warnings",
        "properties",
    }
    wanted |= {"inputDatasets", "outputDatasets", "runDefinition", "logFiles", "submittedBy"}
    assert set(details) == wanted
    assert (details["runId"], details["target"], details["submittedBy"]) == (run.id, "sdk", "ada")
    assert details["error"]["error"]["code"] == "UserError"
    assert list(details["logFiles"]) == ["user_logs/std_log.txt"]
    json.dumps(details)


def test_what_a_run_read_is_among_its_details(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        pass
    assert run.get_inputs() == {"data": [], "models": []}
    read = {"name": "digits", "digest": "abc", "context": "training"}
    studio.data[run.id] = [read]
    assert run.get_inputs()["data"] == run.get_details()["inputDatasets"] == [read]


def test_a_run_of_somebody_else_is_cancelled_by_asking(studio: FakeStudio, experiment: Experiment) -> None:
    run = Run(experiment, experiment.start_logging(interrupt_on_cancel=False).id)
    run.cancel()
    assert run.status == "CancelRequested"


def test_an_experiments_name_is_checked_before_anything_is_sent(workspace: Workspace) -> None:
    with pytest.raises(UserErrorException, match="between 1 and 255 characters"):
        Experiment(workspace, "two words")


def test_a_missing_right_is_said_at_the_start(workspace: Workspace) -> None:
    with pytest.raises(ServiceException, match="may not write"):
        Experiment(workspace, "forbidden").start_logging()
