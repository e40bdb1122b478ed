"""A studio that is away, loses answers or refuses: the training goes on, and everything arrives once."""

import time

import pytest

from studio import Experiment, Workspace
from studio.client.errors import UnreachableException
from studio.client.process import recorder_for
from studio.client.spool_place import journals
from tests.client.conftest import until
from tests.client.fake_server import TOKEN, FakeStudio


def test_a_run_begins_while_the_studio_is_away(
    studio: FakeStudio, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.stop()
    with Experiment(workspace, "digits").start_logging(tags={"team": "vision"}) as run:
        for value in range(5):
            run.log("loss", value)
        run.tag("seen")
        assert run.get_status() == "Running"
    printed = capsys.readouterr()
    assert "does not answer" in printed.err and printed.err.count("The run goes on") == 1
    assert "kept on this machine" in printed.out
    studio.come_back()
    assert run.flush()
    assert studio.values(run.id, "loss") == [0, 1, 2, 3, 4]
    assert studio.runs[run.id]["status"] == "Completed"
    assert studio.runs[run.id]["tags"] == {"team": "vision", "seen": None}
    assert "answers again" in capsys.readouterr().err


def test_a_studio_that_goes_away_in_the_middle_gets_the_rest_later(
    studio: FakeStudio, experiment: Experiment
) -> None:
    run = experiment.start_logging()
    run.log("loss", 1)
    assert run.flush()
    studio.stop()
    run.log("loss", 2)
    assert not run.flush()
    run.log("loss", 3)
    studio.come_back()
    until(lambda: studio.values(run.id, "loss") == [1, 2, 3])
    run.complete()
    assert list(journals()) != []
    recorder_for(experiment.workspace.client).close(1)
    assert list(journals()) == []


def test_reading_says_that_the_studio_is_away(studio: FakeStudio, workspace: Workspace) -> None:
    studio.stop()
    with pytest.raises(UnreachableException, match="nothing listens there"):
        workspace.get_run("some-run")


@pytest.mark.parametrize("fault", ["lost", "twice"])
def test_a_lost_answer_doubles_nothing(studio: FakeStudio, experiment: Experiment, fault: str) -> None:
    studio.misbehave(fault, 12)
    with experiment.start_logging() as run:
        for value in range(3):
            run.log("loss", value)
            run.flush()
        run.log_list("scores", [1, 2])
        print("one line")
        child = run.child_run()
        child.complete()
    studio.come_back()
    assert run.flush()
    assert studio.values(run.id, "loss") == [0, 1, 2]
    assert studio.values(run.id, "scores") == [1, 2]
    assert studio.log(run.id).count("one line\n") == 1
    assert len(studio.runs) == 2
    assert studio.runs[run.id]["status"] == "Completed"


@pytest.mark.parametrize("fault", ["500", "503", "502", "429", "401", "drop", "page"])
def test_a_fault_that_passes_costs_nothing(studio: FakeStudio, experiment: Experiment, fault: str) -> None:
    run = experiment.start_logging()
    studio.misbehave(fault, 3, path=run.id)
    run.log("loss", 0.5)
    run.log("loss", 0.4)
    until(lambda: studio.values(run.id, "loss") == [0.5, 0.4])
    run.complete()
    assert studio.runs[run.id]["status"] == "Completed"


def test_a_studio_that_asks_to_wait_is_left_in_peace(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging(interrupt_on_cancel=False)
    studio.retry_after = "1"
    studio.misbehave("429", 1, path="metrics")
    run.log("loss", 0.5)
    until(lambda: any("metrics" in path for _method, path, _key in studio.asked))
    until(lambda: recorder_for(experiment.workspace.client).courier._asked_until > time.monotonic() + 0.5)
    run.log("loss", 0.4)
    begun = time.monotonic()
    assert run.flush()
    assert time.monotonic() - begun > 0.4
    assert studio.values(run.id, "loss") == [0.5, 0.4]


def test_logging_goes_on_while_a_request_hangs(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging()
    studio.misbehave("hang", 1, path="metrics")
    run.log("loss", 0)
    until(lambda: any("metrics" in path for _method, path, _key in studio.asked))
    recorder = recorder_for(experiment.workspace.client)
    for value in range(1, 30_000):
        run.log("loss", value)
    # Nobody drains the queue now but those who log: what does not fit is on disk, not in memory.
    assert recorder._queue.qsize() <= 8_001
    assert recorder.journal.count() > 1
    studio.released.set()
    until(lambda: len(studio.values(run.id, "loss")) == 30_000)
    assert studio.values(run.id, "loss") == list(range(30_000))
    run.complete()


def test_a_batch_that_is_refused_is_set_aside_with_one_warning(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        for value in range(20):
            run.log("loss", value)
            run.log("bad name", value)
            run.log("accuracy", value)
        run.flush()
        run.log("bad name", 1)
    assert studio.values(run.id, "loss") == studio.values(run.id, "accuracy") == list(range(20))
    assert studio.values(run.id, "bad name") == []
    assert studio.runs[run.id]["status"] == "Completed"
    said = [line for line in capsys.readouterr().err.splitlines() if "set aside" in line]
    assert len(said) == 1 and "The metric 'bad name' is not right." in said[0]
    assert recorder_for(experiment.workspace.client).journal.count(refused=True) > 0


def test_one_bad_point_does_not_take_the_others_along(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        for value in [*range(50), "bad", *range(50, 100)]:
            run.log("loss", str(value))
    assert studio.values(run.id, "loss") == [str(value) for value in range(100)]


def test_a_batch_that_is_too_large_is_split(studio: FakeStudio, experiment: Experiment) -> None:
    studio.max_body = 66_000
    with experiment.start_logging() as run:
        run.log_list("scores", range(10_000))
        print("x" * 200_000)
    assert studio.values(run.id, "scores") == list(range(10_000))
    assert studio.log(run.id) == "x" * 200_000 + "\n"


def test_a_run_that_is_refused_later_does_not_end_the_training(
    studio: FakeStudio, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    studio.stop()
    run = Experiment(workspace, "forbidden").start_logging()
    run.log("loss", 1)
    studio.come_back()
    until(lambda: "You may not write" in capsys.readouterr().err)
    with Experiment(workspace, "digits").start_logging() as other:
        other.log("loss", 2)
    assert studio.values(other.id, "loss") == [2]
    assert run.id not in studio.runs


def test_the_thread_ends_with_its_work(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 1)
    recorder = recorder_for(experiment.workspace.client)
    until(lambda: recorder._thread is None)
    run.log("loss", 2)
    assert run.flush()


def test_a_full_disk_is_not_the_trainings_problem(
    studio: FakeStudio,
    experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sqlite3

    run = experiment.start_logging()

    def full(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(recorder_for(experiment.workspace.client).journal.disk, "append", full)
    run.log("loss", 1)
    run.complete()
    assert studio.values(run.id, "loss") == [1]
    assert studio.runs[run.id]["status"] == "Completed"
    assert "disk is full" in capsys.readouterr().err


def test_a_token_is_not_written_into_the_journal(studio: FakeStudio, workspace: Workspace) -> None:
    studio.stop()
    Experiment(workspace, "digits").start_logging().complete()
    kept = b"".join(path.read_bytes() for path in journals())
    assert b"digits" in kept and TOKEN.encode() not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in journals())


def test_one_broken_connection_is_not_worth_a_word(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        studio.misbehave("lost", 1, path="metrics")
        run.log("loss", 1)
        assert run.flush()
        studio.misbehave("drop", 1, path="complete")
    assert studio.runs[run.id]["status"] == "Completed"
    printed = capsys.readouterr()
    assert printed.err == "" and "kept" not in printed.out


def test_a_refused_run_makes_nobody_wait(studio: FakeStudio, workspace: Workspace) -> None:
    studio.stop()
    run = Experiment(workspace, "forbidden").start_logging()
    studio.come_back()
    recorder = recorder_for(workspace.client)
    until(lambda: run.id in recorder.courier.refused_runs)
    begun = time.monotonic()
    run.tag("seen")
    run.complete()
    assert time.monotonic() - begun < 2
