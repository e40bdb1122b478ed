"""Scripts in processes of their own: how they end, are killed, and fork."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from studio.client import spool_place
from studio.client.cli import main
from tests.client.conftest import FAST, Script
from tests.client.fake_server import TOKEN, FakeStudio

BEGIN = 'run = Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine")\n'


@pytest.mark.parametrize(
    ("rest", "status", "reason"),
    [
        ("print('done')", "Completed", ""),
        ("import sys; sys.exit(3)", "Failed", "exit code 3"),
        ("import sys; sys.exit(0)", "Completed", ""),
        ("raise ValueError('boom')", "Failed", "User program failed with ValueError: boom"),
        ("raise KeyboardInterrupt", "Canceled", "interrupted by Ctrl-C"),
    ],
)
def test_a_run_left_open_ends_as_its_script(
    studio: FakeStudio, script: Script, rest: str, status: str, reason: str
) -> None:
    ended = script(f"{BEGIN}run.log('loss', 1)\nchild = run.child_run(run_id='child')\n{rest}")
    assert (studio.runs["mine"]["status"], studio.runs["mine"]["status_reason"]) == (status, reason)
    assert studio.runs["child"]["status"] == status
    assert studio.values("mine", "loss") == [1]
    assert ("Traceback" in ended.stderr) == ("raise" in rest)
    assert "File" not in ended.stderr or "train.py" in ended.stderr


def test_the_traceback_of_an_unhandled_exception_is_in_the_log(studio: FakeStudio, script: Script) -> None:
    script(f"{BEGIN}print('before')\nraise ValueError('boom')")
    assert "before\n" in studio.log("mine") and "ValueError: boom" in studio.log("mine")


def test_an_earlier_excepthook_is_still_called(studio: FakeStudio, script: Script) -> None:
    ended = script(f"import sys\nsys.excepthook = lambda *a: print('mine first')\n{BEGIN}1 / 0")
    assert "mine first" in ended.stdout and studio.runs["mine"]["status"] == "Failed"


def test_what_could_not_be_sent_is_said_at_exit_and_sent_by_sync(
    studio: FakeStudio, script: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.stop()
    ended = script(f"{BEGIN}run.log('loss', 1)\nprint('hello')\nrun.upload_file('train.py', __file__)")
    assert ended.returncode == 0
    assert "batches stay on this machine: `studio sync` sends them." in ended.stderr
    assert len(list(spool_place.journals())) == 1
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    assert main(["sync"]) == 3
    assert "does not answer" in capsys.readouterr().err
    studio.come_back()
    assert main(["sync"]) == 0
    assert capsys.readouterr().out == "Sent 5 batches.\n"
    assert studio.runs["mine"]["status"] == "Completed"
    assert (studio.values("mine", "loss"), studio.log("mine")) == ([1], "hello\n")
    assert b"Workspace" in studio.files["mine", "train.py"]
    assert list(spool_place.journals()) == [] and not list(Path(spool_place.spool_folder() or ".").iterdir())
    assert main(["sync"]) == 0
    assert capsys.readouterr().out == "Nothing waits to be sent.\n"


def test_sync_goes_on_to_the_next_studio_when_one_is_unknown(
    studio: FakeStudio, script: Script, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.stop()
    script(f"{BEGIN}run.log('loss', 1)", STUDIO_URL="http://127.0.0.1:1")
    script(f"{BEGIN}run.log('loss', 1)")
    studio.come_back()
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    assert main(["sync"]) == 1
    printed = capsys.readouterr()
    assert printed.out == "Sent 3 batches.\n"
    assert "3 batches wait for http://127.0.0.1:1. No token is known" in printed.err
    assert studio.runs["mine"]["status"] == "Completed"


KILLED = """
import sys, time
with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine") as run:
    for number in range(5_000):
        run.log("loss", number)
    time.sleep(0.2)
    print("ready", flush=True)
    time.sleep(30)
"""


def start(source: str, home: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    path = home / "killed.py"
    path.write_text(FAST + textwrap.dedent(source))
    return subprocess.Popen([sys.executable, path], env=environment, stdout=subprocess.PIPE, text=True)


def test_a_killed_process_leaves_a_journal_that_sync_delivers_once(
    studio: FakeStudio, home: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.stop()
    process = start(KILLED, home, environment)
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        pass
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    studio.come_back()
    studio.misbehave("drop")
    assert main(["sync"]) == 0  # it is alive: its journal is its own
    process.kill()
    process.communicate()
    studio.come_back()
    studio.misbehave("lost", 2)
    assert main(["sync"]) == 3
    assert main(["sync"]) == 3
    studio.come_back()
    assert main(["sync"]) == 0
    assert studio.values("mine", "loss") == list(range(5_000))
    assert studio.runs["mine"]["status"] == "Failed"
    assert "ended without completing it" in studio.runs["mine"]["status_reason"]
    assert list(spool_place.journals()) == []


def test_the_next_recorder_sends_what_a_killed_process_left(
    studio: FakeStudio, home: Path, environment: dict[str, str], script: Script
) -> None:
    studio.misbehave("503", path="metrics")
    process = start(KILLED, home, environment)
    assert process.stdout is not None
    while process.stdout.readline() != "ready\n":
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    studio.come_back()
    script('with Experiment(Workspace.from_config(), "digits").start_logging() as run: run.log("loss", 1)')
    assert studio.values("mine", "loss") == list(range(5_000))
    assert studio.runs["mine"]["status"] == "Failed"


FORKED = """
import os, sys
run = Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine")
for number in range(100):
    run.log("parent", number)
for worker in range(3):
    if os.fork() == 0:
        print("in the child")
        run.log(f"child {worker}", worker)
        if worker == 2:
            run.flush()
            os._exit(0)
        sys.exit(0)
for worker in range(3):
    os.wait()
run.log("parent", 100)
run.complete()
"""


def test_forked_children_log_their_own_and_end_nothing(studio: FakeStudio, script: Script) -> None:
    ended = script(FORKED)
    assert ended.returncode == 0, ended.stderr
    assert studio.values("mine", "parent") == list(range(101))
    assert [studio.values("mine", f"child {worker}") for worker in range(3)] == [[0], [1], [2]]
    assert studio.runs["mine"]["status"] == "Completed"
    assert [path for method, path, _key in studio.asked if path.endswith("/complete/")] == [
        "/api/v1/runs/mine/complete/"
    ]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_log_without_hanging(
    studio: FakeStudio, script: Script, method: str
) -> None:
    ended = script(f"""
        import multiprocessing

        def work(number):
            run = Run(Experiment(Workspace.from_config(), "digits"), "mine")
            run.log(f"worker {{number}}", number)

        if __name__ == "__main__":
            {BEGIN.strip()}
            context = multiprocessing.get_context("{method}")
            workers = [context.Process(target=work, args=(number,)) for number in range(2)]
            [worker.start() for worker in workers]
            [worker.join() for worker in workers]
            run.log("done", 1)
        """)
    assert ended.returncode == 0, ended.stderr
    assert (studio.values("mine", "worker 0"), studio.values("mine", "worker 1")) == ([0], [1])
    assert studio.runs["mine"]["status"] == "Completed"
    assert studio.values("mine", "done") == [1]


def test_a_fork_while_the_recorder_is_busy_loses_and_doubles_nothing(
    studio: FakeStudio, script: Script
) -> None:
    ended = script(
        BEGIN
        + textwrap.dedent("""
        import os
        for number in range(30_000):
            run.log("loss", number)
            if number % 3_000 == 0 and os.fork() == 0:
                os._exit(0)
        """)
    )
    assert ended.returncode == 0, ended.stderr
    assert studio.values("mine", "loss") == list(range(30_000))


def test_importing_the_sdk_needs_nothing_but_the_standard_library(environment: dict[str, str]) -> None:
    source = """
        import sys
        class Block:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("django", "rest_framework", "runs", "numpy", "yaml", "jmespath"):
                    raise ImportError(f"{name} is not here")
        sys.meta_path.insert(0, Block())
        before = set(sys.modules)
        import studio
        heavy = {"http.client", "sqlite3", "json", "threading", "studio.client.run"}
        assert not heavy & (set(sys.modules) - before), "import studio is light"
        from studio import Experiment, Run, VERSION, Workspace
        from studio.client.cli import main
        assert "django" not in sys.modules and "yaml" not in sys.modules
        main(["--help"])
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
