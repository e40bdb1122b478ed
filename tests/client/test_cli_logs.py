"""`studio run monitor-logs`: a log as it grows, through breaks of the connection, until the run ends."""

import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from studio import Experiment, Run
from studio.client import waiting
from studio.client.waiting import for_terminal
from tests.client.conftest import Cli, until
from tests.client.fake_server import FakeStudio

LOG = "user_logs/std_log.txt"


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SHORTEST_S", 0.01)
    monkeypatch.setattr(waiting, "LONGEST_S", 0.02)


@pytest.fixture
def run(studio: FakeStudio, experiment: Experiment) -> dict[str, Any]:
    return studio.create({"experiment": "digits", "run_id": "live", "start": True}, None)[1]


@pytest.fixture
def meanwhile(studio: FakeStudio) -> Any:
    """Does something while the command waits."""
    threads: list[threading.Thread] = []

    def begin(act: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=act))
        threads[-1].start()

    yield begin
    for thread in threads:
        thread.join(10)


def asked(studio: FakeStudio, path: str) -> int:
    return sum(path in one[1] for one in list(studio.asked))


def test_a_log_is_shown_until_the_run_ends(
    fake_cli: Cli, studio: FakeStudio, run: dict[str, Any], meanwhile: Any
) -> None:
    def training() -> None:
        studio.append("live", LOG, 0, b"one\ntw")
        until(lambda: asked(studio, LOG) > 0)
        studio.append("live", LOG, 6, b"o\nthree")
        studio.end(run, "Completed", "")

    meanwhile(training)
    code, out, err = fake_cli("run", "monitor-logs", "-r", "live", "--query", "status")
    page = f"{studio.url}/w/default/runs/live/"
    assert (code, err) == (0, "")
    assert out == (
        f"RunId: live\nWeb View: {page}\n\nStreaming {LOG}\n{'=' * 31}\n\none\ntwo\nthree\n\n"
        f'Execution Summary\n=================\nRunId: live\nWeb View: {page}\n\n"Completed"\n'
    )


def test_it_goes_on_after_the_connection_broke(
    fake_cli: Cli, studio: FakeStudio, run: dict[str, Any], meanwhile: Any
) -> None:
    studio.append("live", LOG, 0, b"before\n")

    def training() -> None:
        until(lambda: asked(studio, LOG) > 0)
        studio.stop()
        studio.append("live", LOG, 7, b"during\n")
        studio.end(run, "Completed", "")
        threading.Event().wait(0.3)
        studio.come_back()

    meanwhile(training)
    code, out, err = fake_cli("run", "monitor-logs", "-r", "live", "-o", "none")
    assert code == 0 and "before\nduring\n" in out and out.count("before") == 1
    assert "does not answer" in err and err.splitlines()[-1] == "studio: The studio answers again."
    assert err.count("\n") == 2


def test_at_a_terminal_it_is_told_why_no_line_comes(
    fake_cli: Cli, studio: FakeStudio, run: dict[str, Any], meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    run["status"] = "Queued"

    def training() -> None:
        until(lambda: asked(studio, "runs/live/files/") > 1)
        studio.end(run, "Completed", "")

    meanwhile(training)
    assert fake_cli("run", "monitor-logs", "-r", "live", "-o", "none")[2] == "studio: The run is Queued.\n"


def test_a_studio_that_never_answers_is_three(fake_cli: Cli, studio: FakeStudio, run: dict[str, Any]) -> None:
    studio.stop()
    assert "does not answer" in fake_cli.refused("run", "monitor-logs", "-r", "live", code=3)


@pytest.mark.parametrize(("status", "reason"), [("Failed", "out of memory"), ("Canceled", "")])
def test_a_run_that_did_not_complete_is_one(
    fake_cli: Cli, studio: FakeStudio, run: dict[str, Any], status: str, reason: str
) -> None:
    error = {"code": "UserError", "message": reason, "details": {}} if reason else None
    studio.end(run, status, reason, error)
    code, out, err = fake_cli("run", "monitor-logs", "-r", "live", "-o", "none")
    assert code == 1 and ("Error:" in out) == bool(reason)
    assert err == f"studio: digits/1 ended as {status}{': ' + reason if reason else '.'}\n"


def test_ctrl_c_leaves_the_run(
    fake_cli: Cli, studio: FakeStudio, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_show_more", interrupted)
    code, _, err = fake_cli("run", "monitor-logs", "-r", "live")
    assert code == 130 and err.endswith("The run goes on. `studio run monitor-logs -r live` shows its log again, "
                                        "`studio run cancel -r live` stops it.\n")  # fmt: skip
    assert studio.runs["live"]["status"] == "Running"


def test_a_log_cannot_change_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "\x1b[32mgreen\x1b[0m \x1b]0;title\x07\x1b[2J\x1b[5;5Ha\x1bc\x9b1mb\x00 50%\r100%\n\tä"
    assert for_terminal(text) == text
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert for_terminal(text) == "\x1b[32mgreen\x1b[0m a1mb 50%\r100%\n\tä"
