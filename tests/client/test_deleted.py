"""A run that somebody deletes while its program goes on: the program is left in peace and nothing more is sent."""

import threading
from typing import Any

import pytest

from studio import Experiment
from studio.client.process import recorder_for
from tests.client.conftest import Script, until
from tests.client.fake_server import FakeStudio


def test_the_training_goes_on_and_is_told_once(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    with experiment.start_logging() as run:
        run.log("loss", 1)
        run.flush(10)
        studio.deleted.add(run.id)
        recorder = recorder_for(experiment.workspace.client)
        until(lambda: run.id in recorder.courier.deleted_runs)
        asked = len(studio.asked)
        for step in range(2000):
            run.log("loss", step)
        run.tag("quality", "good")
        run.upload_file("outputs/model.bin", str(tmp_path / "model.bin"))
        assert run.flush(10)
        assert recorder.journal.count() == recorder.journal.count(refused=True) == 0
        assert not any(run.id in path for _, path, _ in studio.asked[asked:])
    printed = capsys.readouterr()
    assert printed.err.count("was deleted. Nothing more is sent or kept of it; the program goes on.") == 1
    assert "(deleted in the studio)" in printed.out and "studio sync" not in printed.out
    assert studio.values(run.id, "loss") == [1]


def test_what_was_waiting_while_the_studio_was_away_is_let_go(
    studio: FakeStudio, experiment: Experiment
) -> None:
    run = experiment.start_logging()
    run.flush(10)
    studio.stop()
    for step in range(100):
        run.log("loss", step)
    studio.deleted.add(run.id)
    studio.come_back()
    recorder = recorder_for(experiment.workspace.client)
    until(lambda: run.id in recorder.courier.deleted_runs)
    until(lambda: recorder.journal.count() == 0)
    assert recorder.journal.count(refused=True) == 0
    run.complete()


def test_a_sibling_is_sent_on(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run, run.child_run() as child:
        studio.deleted.add(child.id)
        child.log("loss", 1)
        run.log("loss", 2)
        run.flush(10)
    assert studio.runs[run.id]["status"] == "Completed" and studio.values(run.id, "loss") == [2]


DELETED = """
import time
with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
    for step in range(400):
        run.log("loss", step)
        time.sleep(0.01)
print("the end is reached")
"""


def test_the_program_ends_as_if_nothing_had_happened(studio: FakeStudio, script: Script) -> None:
    def delete() -> None:
        until(lambda: studio.values("mine", "loss"))
        studio.deleted.add("mine")

    somebody = threading.Thread(target=delete)
    somebody.start()
    ended = script(DELETED)
    somebody.join()
    assert ended.returncode == 0 and "the end is reached" in ended.stdout
    assert ended.stderr.count("was deleted") == 1
