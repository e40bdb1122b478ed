"""STUDIO_MODE=offline: everything goes to a journal on disk, and `studio sync` sends it, also meanwhile."""

import signal
import subprocess
import sys
import textwrap
from datetime import datetime
from pathlib import Path

import pytest

from studio.client import spool_place
from studio.client.cli import main
from tests.client.conftest import FAST, Script, until
from tests.client.fake_server import TOKEN, FakeStudio

WHOLE = """
with Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine", tags={"a": "b"}) as run:
    for number in range(100):
        run.log("loss", number)
    run.add_properties({"author": "ada"})
    with run.child_run(run_id="child") as child:
        child.log("score", 1)
    with open("model.bin", "w") as stream:
        stream.write("weights")
    run.upload_file("model.bin", "model.bin")
    print(run.get_status(), run.get_tags.__name__)
"""


@pytest.fixture
def known(studio: FakeStudio, monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
    monkeypatch.setenv("STUDIO_URL", studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", TOKEN)
    return studio


def test_nothing_is_asked_of_the_studio_and_everything_arrives_later(
    known: FakeStudio, script: Script
) -> None:
    ended = script(WHOLE, STUDIO_MODE="offline")
    assert ended.returncode == 0, ended.stderr
    assert known.asked == []
    assert "`studio sync` sends" in ended.stderr + ended.stdout
    assert main(["sync"]) == 0
    assert known.runs["mine"]["status"] == known.runs["child"]["status"] == "Completed"
    assert known.values("mine", "loss") == list(range(100)) and known.values("child", "score") == [1]
    assert known.runs["mine"]["properties"] == {"author": "ada"}
    assert known.files["mine", "model.bin"] == b"weights"
    assert known.log("mine").endswith("\nRunning get_tags\n")
    assert list(spool_place.journals()) == []
    assert all(datetime.fromisoformat(at or "") for at in known.ended_at.values())


def test_no_studio_needs_to_be_known(known: FakeStudio, script: Script, capsys) -> None:
    ended = script(WHOLE, STUDIO_MODE="offline", STUDIO_URL="", STUDIO_TOKEN="")
    assert ended.returncode == 0, ended.stderr
    assert "Run mine started: journaled in " in ended.stdout
    assert main(["sync"]) == 0
    assert known.runs["mine"]["status"] == "Completed"


def test_where_none_is_known_later_either_it_says_what_to_do(
    script: Script, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    script(WHOLE, STUDIO_MODE="offline", STUDIO_URL="", STUDIO_TOKEN="")
    monkeypatch.setenv("STUDIO_MODE", "offline")
    assert main(["sync"]) == 1
    assert "wait for a studio. No studio is known here" in capsys.readouterr().err
    assert len(list(spool_place.journals())) == 1


GOES_ON = """
import sys
run = Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine", capture_console=False)
for line in sys.stdin:
    run.log("loss", int(line))
    run.flush()
    print("logged", flush=True)
run.complete()
"""


def test_sync_sends_while_the_run_goes_on_each_thing_once(
    known: FakeStudio, home: Path, environment: dict[str, str]
) -> None:
    (home / "goes_on.py").write_text(FAST + textwrap.dedent(GOES_ON))
    process = subprocess.Popen(
        [sys.executable, home / "goes_on.py"],
        env={**environment, "STUDIO_MODE": "offline"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout

    def log(number: int) -> None:
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
        while process.stdout.readline() != "logged\n":
            pass

    log(1)
    assert main(["sync"]) == 0
    assert (known.values("mine", "loss"), known.runs["mine"]["status"]) == ([1], "Running")
    assert "mine" in known.beats  # or it would be taken for silent
    log(2)
    known.misbehave("lost", 1, path="metrics")
    assert main(["sync"]) == 3
    known.come_back()
    log(3)
    assert main(["sync"]) == 0
    assert known.values("mine", "loss") == [1, 2, 3]
    process.communicate()
    assert main(["sync"]) == 0
    assert known.runs["mine"]["status"] == "Completed"
    assert list(spool_place.journals()) == []


def test_a_killed_one_is_closed_at_the_time_of_its_last_word(
    known: FakeStudio, home: Path, environment: dict[str, str]
) -> None:
    (home / "goes_on.py").write_text(FAST + textwrap.dedent(GOES_ON))
    process = subprocess.Popen(
        [sys.executable, home / "goes_on.py"],
        env={**environment, "STUDIO_MODE": "offline"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin and process.stdout
    process.stdin.write("1\n")
    process.stdin.flush()
    while process.stdout.readline() != "logged\n":
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert main(["sync"]) == 0
    assert (known.runs["mine"]["status"], known.values("mine", "loss")) == ("Failed", [1])
    assert known.ended_at["mine"]


def test_watch_goes_on_until_ctrl_c(
    known: FakeStudio, home: Path, environment: dict[str, str], script
) -> None:
    watching = subprocess.Popen(
        [sys.executable, "-m", "studio.client.cli", "sync", "--watch"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        script(WHOLE, STUDIO_MODE="offline")
        until(lambda: known.runs.get("mine", {}).get("status") == "Completed", 15)
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("Sending what is logged offline")
        assert "Sent " in watching.stdout.readline()
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=10)
    assert watching.returncode == 0


def test_journals_that_begin_runs_are_sent_first(known: FakeStudio, script: Script) -> None:
    ended = script(
        """
        import os
        run = Experiment(Workspace.from_config(), "digits").start_logging(run_id="mine")
        if os.fork() == 0:
            run.log("child", 1)
            run.flush()
            os._exit(0)
        os.wait()
        run.log("parent", 1)
        """,
        STUDIO_MODE="offline",
    )
    assert ended.returncode == 0, ended.stderr
    assert len(list(spool_place.journals())) == 2
    assert main(["sync"]) == 0
    assert (known.values("mine", "child"), known.values("mine", "parent")) == ([1], [1])
