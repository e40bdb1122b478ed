"""A run that is cancelled from the studio stops, and says so."""

import time

import pytest

from studio import Experiment
from studio.client.process import recorder_for
from tests.client.conftest import Script, until
from tests.client.fake_server import FakeStudio


def test_the_main_thread_is_interrupted_out_of_a_sleep(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt), experiment.start_logging() as run:
        studio.cancelled[run.id] = "grace"
        time.sleep(10)
    assert (studio.runs[run.id]["status"], studio.runs[run.id]["status_reason"]) == (
        "Canceled",
        "canceled by grace",
    )
    printed = capsys.readouterr()
    assert "Run 1 is being canceled by grace." in printed.err
    assert "Run 1 was canceled by grace: http" in printed.out


def test_a_run_that_will_not_be_interrupted_can_look_for_itself(
    studio: FakeStudio, experiment: Experiment
) -> None:
    with experiment.start_logging(interrupt_on_cancel=False) as run:
        studio.cancelled[run.id] = "grace"
        until(lambda: run.cancel_requested)
        assert studio.runs[run.id]["status"] == "Running"
    assert studio.runs[run.id]["status"] == "Canceled"


def test_an_answer_to_a_batch_tells_of_the_cancel_before_the_next_beat(
    studio: FakeStudio, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = experiment.start_logging(interrupt_on_cancel=False)
    until(lambda: studio.beats)
    live = recorder_for(experiment.workspace.client)._heart._live[run.id]
    live.beat_at = time.monotonic() + 1000
    studio.cancelled[run.id] = "grace"
    run.log("loss", 1)
    until(lambda: run.cancel_requested)


def test_a_child_that_is_cancelled_alone_leaves_its_siblings_in_peace(
    studio: FakeStudio, experiment: Experiment
) -> None:
    reached = []
    with experiment.start_logging() as run:
        for number in range(3):
            with run.child_run(f"child {number}") as child:
                if number == 1:
                    studio.cancelled[child.id] = "grace"
                    time.sleep(10)
                reached.append(number)
    statuses = {one["display_name"]: one["status"] for one in studio.runs.values()}
    assert statuses == {
        "Run 1": "Completed",
        "child 0": "Completed",
        "child 1": "Canceled",
        "child 2": "Completed",
    }
    assert reached == [0, 2]


def test_a_parent_that_is_cancelled_takes_its_child_along(studio: FakeStudio, experiment: Experiment) -> None:
    with pytest.raises(KeyboardInterrupt), experiment.start_logging() as run, run.child_run() as child:
        studio.cancelled[run.id] = "grace"
        time.sleep(10)
    assert studio.runs[child.id]["status"] == studio.runs[run.id]["status"] == "Canceled"


def test_a_run_that_has_just_ended_is_not_interrupted(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging()
    run.complete()
    studio.cancelled[run.id] = "grace"
    with experiment.start_logging() as other:
        until(lambda: other.id in studio.beats)
    assert studio.runs[run.id]["status"] == "Completed"


def test_nothing_is_confirmed_while_the_program_goes_on(studio: FakeStudio, experiment: Experiment) -> None:
    caught = []
    with experiment.start_logging() as run:
        studio.cancelled[run.id] = "grace"
        try:
            time.sleep(10)
        except KeyboardInterrupt:
            caught.append(studio.runs[run.id]["status"])
        beats = len(studio.beats)
        until(lambda: len(studio.beats) > beats)
        assert studio.runs[run.id]["status"] == "Running"
    assert caught == ["Running"]
    assert studio.runs[run.id]["status"] == "Canceled"


CANCELLED = """
import time
with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
    run.log("loss", 1)
    time.sleep(20)
print("never reached")
"""


@pytest.mark.parametrize("before", ["", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"])
def test_a_cancelled_script_ends_with_one_line(studio: FakeStudio, script: Script, before: str) -> None:
    studio.cancelled["mine"] = "grace"
    loop = CANCELLED.replace("time.sleep(20)", "[time.sleep(0.01) for _ in range(2000)]")
    ended = script(f"{before}\n{loop}")
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr and "never reached" not in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Run 1 was canceled by grace")
    assert studio.runs["mine"]["status"] == "Canceled"


STARTING = """
import os, signal, threading, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {0} & os.sched_getaffinity(0) or os.sched_getaffinity(0))  # one after the other
signal.signal(signal.SIGINT, signal.SIG_IGN)
from studio.client.heart import interrupt_main_thread

asked, heard = 0, 0

def ask():
    global asked
    while asked < 200:
        if asked == heard:
            asked += 1
            interrupt_main_thread()
        time.sleep(0)

threading.Thread(target=ask, daemon=True).start()
while heard < 200:
    try:
        while True:
            threading.Thread(target=int).start()
    except KeyboardInterrupt:
        heard += 1
print("heard", heard)
"""


def test_the_main_thread_is_found_while_it_starts_others(script: Script) -> None:
    ended = script(STARTING)
    assert ended.stdout.endswith("heard 200\n"), ended.stderr[-2000:]
