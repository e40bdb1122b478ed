"""The folders of a program that belong to its run: `logs` while it goes on, `outputs` when it ends."""

from pathlib import Path

from studio import Experiment
from studio.client import tree
from tests.client.conftest import until
from tests.client.fake_server import FakeStudio


def names(studio: FakeStudio, run: str) -> set[str]:
    return {path for owner, path in studio.files if owner == run and not path.startswith("user_logs/")}


def test_new_and_changed_outputs_are_uploaded_at_the_end(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    (home / "outputs").mkdir()
    (home / "outputs" / "old.txt").write_text("old")
    (home / "outputs" / "changed.txt").write_text("before")
    with experiment.start_logging() as run:
        (home / "outputs" / "deep").mkdir()
        (home / "outputs" / "deep" / "model.bin").write_text("weights")
        (home / "outputs" / "changed.txt").write_text("afterwards")
        assert names(studio, run.id) == set()
    assert names(studio, run.id) == {"outputs/deep/model.bin", "outputs/changed.txt"}
    assert studio.files[run.id, "outputs/changed.txt"] == b"afterwards"


def test_the_folder_is_there_for_scripts_that_do_not_make_it(experiment: Experiment, home: Path) -> None:
    with experiment.start_logging():
        assert (home / "outputs").is_dir()
    assert not (home / "outputs").exists()  # nothing was written to it


def test_another_folder_or_none(studio: FakeStudio, experiment: Experiment, home: Path) -> None:
    with experiment.start_logging(outputs="results") as run:
        (home / "results" / "a.txt").write_text("a")
    assert names(studio, run.id) == {"results/a.txt"}
    with experiment.start_logging(outputs=False) as none:
        assert not (home / "outputs").exists()
    assert names(studio, none.id) == set()


def test_of_runs_at_once_the_first_has_the_folder(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    with experiment.start_logging() as first, experiment.start_logging() as second:
        (home / "outputs" / "a.txt").write_text("a")
    assert (names(studio, first.id), names(studio, second.id)) == ({"outputs/a.txt"}, set())


def test_a_child_has_a_folder_where_it_asks_for_one(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    with experiment.start_logging() as run, run.child_run("one", outputs="one") as child:
        (home / "one" / "a.txt").write_text("a")
    assert names(studio, child.id) == {"one/a.txt"}


def test_failed_runs_keep_their_outputs(studio: FakeStudio, experiment: Experiment, home: Path) -> None:
    run = experiment.start_logging()
    (home / "outputs" / "partial.txt").write_text("half")
    run.fail("boom")
    assert names(studio, run.id) == {"outputs/partial.txt"}


def test_logs_are_sent_while_the_run_goes_on(
    studio: FakeStudio, experiment: Experiment, home: Path, monkeypatch
) -> None:
    monkeypatch.setattr(tree, "SCAN_S", 0.02)
    (home / "logs").mkdir()
    (home / "logs" / "train.log").write_text("of an earlier run\n")
    with experiment.start_logging() as run:
        with (home / "logs" / "train.log").open("a") as log:
            log.write("one\n")
            log.flush()
            until(lambda: studio.files.get((run.id, "logs/train.log")) == b"one\n")
            log.write("two\n")
        (home / "logs" / "late.log").write_text("x" * (3 << 20))
    assert studio.files[run.id, "logs/train.log"] == b"one\ntwo\n"
    assert studio.files[run.id, "logs/late.log"] == b"x" * (3 << 20)


def test_outputs_wait_on_disk_while_the_studio_is_away(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    run = experiment.start_logging()
    studio.stop()
    (home / "outputs" / "model.bin").write_text("weights")
    run.complete()
    studio.come_back()
    until(lambda: studio.files.get((run.id, "outputs/model.bin")) == b"weights", 10)
    until(lambda: studio.runs[run.id]["status"] == "Completed")


def test_a_file_that_cannot_be_read_is_said_and_ends_nothing(
    studio: FakeStudio, experiment: Experiment, home: Path, capsys
) -> None:
    with experiment.start_logging() as run:
        (home / "outputs" / "gone").symlink_to("/nowhere")
        (home / "outputs" / "there.txt").write_text("a")
    assert names(studio, run.id) == {"outputs/there.txt"}
    assert studio.runs[run.id]["status"] == "Completed"
