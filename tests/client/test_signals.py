"""How scripts are ended from outside, in processes of their own: signals, pools of workers, forks."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.client.conftest import FAST, Script
from tests.client.fake_server import FakeStudio

WAITS = """
import time
with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
    run.log("loss", 1)
    print("ready", flush=True)
    for _ in range(300):  # a signal in the moment before a sleep begins is heard when it ends
        time.sleep(0.1)
"""
OPEN = WAITS.replace("with Exp", "run = Exp").replace(" as run:", "").replace("\n    ", "\n")


def ended_by(number: signal.Signals, source: str, home: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Start a script, send it a signal when it is ready, and return its exit code and stderr."""
    path = home / "signalled.py"
    path.write_text(FAST + textwrap.dedent(source))
    process = subprocess.Popen(
        [sys.executable, path], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    _, err = process.communicate(timeout=15)
    return process.returncode, err


@pytest.mark.parametrize("source", [WAITS, OPEN], ids=["in a block", "left open"])
@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [
        (signal.SIGTERM, 143, "terminated by SIGTERM"),
        (signal.SIGINT, -signal.SIGINT, "interrupted by Ctrl-C"),
    ],
)
def test_a_signal_cancels_the_run_and_says_which(
    studio: FakeStudio, home: Path, environment, source: str, number: signal.Signals, code: int, reason: str
) -> None:
    returned, err = ended_by(number, source, home, environment)
    assert returned == code, err
    assert (studio.runs["mine"]["status"], studio.runs["mine"]["status_reason"]) == ("Canceled", reason)
    assert studio.values("mine", "loss") == [1]
    assert ("Traceback" in err) == (number == signal.SIGINT)


def test_a_handler_of_the_programs_own_is_left_alone(studio: FakeStudio, home: Path, environment) -> None:
    source = f"import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n{WAITS}"
    assert ended_by(signal.SIGTERM, source, home, environment)[0] == 7
    assert studio.runs["mine"]["status_reason"] == "exit code 7"


def test_a_pool_that_is_terminated_ends_at_once_and_ends_no_run(studio: FakeStudio, script: Script) -> None:
    ended = script("""
        import multiprocessing, time

        def work(number):
            Run(Experiment(Workspace.from_config(), "digits"), "mine").log(f"worker {number}", number)
            return number

        if __name__ == "__main__":
            with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
                with multiprocessing.get_context("fork").Pool(2) as pool:
                    assert pool.map(work, range(4)) == [0, 1, 2, 3]
                    pool.apply_async(time.sleep, (30,))
                run.log("after", 1)
        """)
    assert ended.returncode == 0, ended.stderr
    assert studio.runs["mine"]["status"] == "Completed" and studio.values("mine", "after") == [1]


def test_workers_of_a_data_loader_neither_log_twice_nor_hang(studio: FakeStudio, script: Script) -> None:
    """As PyTorch's: forked in each epoch while the parent logs, ended by os._exit."""
    ended = script("""
        import os
        with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
            for epoch in range(10):
                workers = []
                for _ in range(2):
                    run.log("before", epoch)
                    if not (pid := os.fork()):
                        sum(range(10_000))
                        os._exit(0)
                    workers.append(pid)
                for step in range(50):
                    run.log("loss", epoch * 50 + step)
                [os.waitpid(pid, 0) for pid in workers]
        """)
    assert ended.returncode == 0, ended.stderr
    assert studio.values("mine", "loss") == list(range(500))
    assert studio.values("mine", "before") == [epoch for epoch in range(10) for _ in range(2)]


def test_no_thread_is_left_behind(studio: FakeStudio, script: Script) -> None:
    ended = script("""
        import threading, time
        with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
            run.log("loss", 1)
        until = time.monotonic() + 5
        while threading.active_count() > 1 and time.monotonic() < until:
            time.sleep(0.01)
        print("left:", [thread.name for thread in threading.enumerate()])
        """)
    assert "left: ['MainThread']" in ended.stdout, ended.stderr


def test_a_child_in_another_process_logs_to_parent_and_root(studio: FakeStudio, script: Script) -> None:
    ended = script("""
        import subprocess, sys
        with Experiment(Workspace.from_config(), "digits").start_logging(run_id="top") as run:
            with run.child_run(run_id="middle") as middle:
                middle.child_run(run_id="low").complete()
            source = '''
        from studio import Workspace
        low = Workspace.from_config().get_run("low")
        low.parent.log("seen by parent", 1)
        low.parent.parent.log("seen by root", 2)
        '''
            subprocess.run([sys.executable, "-c", source.replace("        ", "")], check=True)
        """)
    assert ended.returncode == 0, ended.stderr
    assert studio.values("middle", "seen by parent") == [1] and studio.values("top", "seen by root") == [2]
