"""The stand-in outside of a submitted script: prints what the cloud's does, and answers from memory."""

import inspect

import pytest

from studio import Run
from studio.client.offline_run import OfflineRun
from studio.exceptions import RunEnvironmentException, UserErrorException


@pytest.fixture
def run() -> OfflineRun:
    found = Run.get_context()
    assert isinstance(found, OfflineRun)
    return found


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        (lambda run: run.log("acc", 0.5), "Attempted to log scalar metric acc:\n0.5\n"),
        (lambda run: run.log("acc", 0.5, step=3), "Attempted to log scalar metric acc:\n0.5\n"),
        (lambda run: run.log_list("l", [1, 2]), "Attempted to log list metric l:\n[1, 2]\n"),
        (lambda run: run.log_row("r", x=1), "Attempted to log row metric r:\n{'x': 1}\n"),
        (lambda run: run.log_table("t", {"x": [1]}), "Attempted to log table metric t:\n{'x': [1]}\n"),
        (lambda run: run.log_image("i", "a.png"), "Attempted to log image metric i:\na.png\n"),
        (lambda run: run.log_residuals("r", {}), "Attempted to log residuals metric r:\n{}\n"),
        (lambda run: run.log_predictions("p", {}), "Attempted to log predictions metric p:\n{}\n"),
        (lambda run: run.log_accuracy_table("a", {}), "Attempted to log accuracy_table metric a:\n{}\n"),
        (lambda run: run.log_confusion_matrix("c", {}), "Attempted to log confusion_matrix metric c:\n{}\n"),
        (lambda run: run.tag("k"), "Attempted to add tag k with value None\n"),
        (lambda run: run.set_tags({"k": "v"}), "Attempted to set tags {'k': 'v'}\n"),
        (lambda run: run.add_properties({"k": "v"}), "Attempted to add properties {'k': 'v'}\n"),
        (lambda run: run.upload_file("n", "p"), "Attempted to track file n at p\n"),
        (lambda run: run.upload_folder("n", "p"), "Attempted to track folder n at p\n"),
        (
            lambda run: run.upload_files(["n"], ["p"]),
            "Attempted to track files ['n'] at ['p'] with timeout Nones\n",
        ),
        (lambda run: run.fail("boom", "E1"), "Run failed with error code E1:\nboom\n"),
    ],
)
def test_it_prints_as_the_cloud_does(run, capsys, call, printed) -> None:
    call(run)
    assert capsys.readouterr().out == printed


def test_the_block_and_the_flush_name_the_run(run: OfflineRun, capsys) -> None:
    assert run.id.startswith("OfflineRun_")
    with run as same:
        assert same is run
        run.flush()
    assert capsys.readouterr().out == (
        f"[START] Run {run.id} context\nAttempted to flush run with id {run.id}\n[STOP] Run {run.id} context\n"
    )
    assert run.get_status() == "Completed"


def test_it_answers_where_the_clouds_has_gaps(run: OfflineRun) -> None:
    run.log("loss", 1)
    run.log("loss", 2)
    run.log_list("l", (n for n in range(2)))
    run.log_row("row", x=1, y=None)
    run.log_table("t", {"x": [1, 2]})
    child = run.child_run("first")
    assert child.id == f"{run.id}.first" and child.parent is run
    child.log("score", 3)
    metrics = run.get_metrics()
    assert metrics["loss"] == [1, 2] and metrics["l"] == [0, 1] and metrics["t"] == {"x": [1, 2]}
    assert run.get_metrics("loss") == {"loss": [1, 2]}
    assert run.get_metrics(recursive=True)[child.id] == {"score": 3}
    run.tag("k")
    run.remove_tags(["k", "missing"])
    assert (run.get_tags(), run.parent, run.get_status()) == ({}, None, "Running")
    assert [one.tags for one in run.create_children(2)] == [
        {"studio.batch_child_number": "0"},
        {"studio.batch_child_number": "1"},
    ]
    with pytest.raises(UserErrorException, match="Use run"):
        run.log("list", [1])


def test_it_has_all_that_a_run_has() -> None:
    missing = {
        name
        for name, found in inspect.getmembers(Run)
        if not name.startswith("_") and not hasattr(OfflineRun(), name)
    }
    # Of these a script outside of a run has no use: they speak of a studio, or make runs.
    assert missing == {
        "add_properties_later", "begin", "download_file", "download_files", "end_at_exit", "get", "get_all_logs",
        "get_context", "get_detailed_status", "get_details_with_logs", "get_snapshot_id", "list", "list_by_compute",
        "register_model", "restore_snapshot", "resubmit", "resume", "show", "submit_child", "take_snapshot",
        "wait_for_completion",
    }  # fmt: skip


def test_it_has_read_nothing_that_a_studio_knows_of() -> None:
    assert OfflineRun().get_inputs() == {"data": [], "models": []}


def test_it_can_be_forbidden() -> None:
    with pytest.raises(RunEnvironmentException, match="Could not load a submitted run, if outside"):
        Run.get_context(allow_offline=False)
