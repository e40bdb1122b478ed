"""The client against a real server: what the fake one promises has to be true there as well."""

import io
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Workspace
from studio.client.cli import main
from studio.client.errors import ServiceException, UserErrorException
from tests.client.conftest import until


@pytest.fixture
def real(live_studio: Any) -> Workspace:
    return Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )


@pytest.fixture
def experiment(real: Workspace) -> Iterator[Experiment]:
    return Experiment(real, "real-server")


def test_a_whole_training(experiment: Experiment, home: Path) -> None:
    (home / "model.bin").write_bytes(b"weights" * 100_000)
    with experiment.start_logging(tags={"team": "vision"}, params={"lr": 0.1}, description="**why**") as run:
        for epoch in range(100):
            run.log("loss", 1 / (epoch + 1))
            run.log("accuracy", epoch, step=epoch * 10)
        run.log_list("scores", [3, 1, 2])
        run.log("note", "text")
        run.log("broken", math.nan)
        run.tag("seen")
        run.add_properties({"author": "ada"})
        print("hello from the script")
        run.upload_file("outputs/model.bin", "model.bin")
        run.upload_file("notes/a b#1?.txt", io.BytesIO(b"from a stream"))
        assert run.get_status() == "Running"
    metrics = run.get_metrics()
    assert metrics["loss"] == [1 / (epoch + 1) for epoch in range(100)]
    assert (metrics["scores"], metrics["note"]) == ([3, 1, 2], "text")
    assert math.isnan(metrics["broken"])
    assert run.get_tags() == {"team": "vision", "seen": None}
    assert run.get_properties() == {"author": "ada"}
    details = run.get_details()
    assert (details["status"], details["runId"]) == ("Completed", run.id)
    assert set(run.get_file_names()) == {"outputs/model.bin", "notes/a b#1?.txt", "user_logs/std_log.txt"}
    run.download_file("user_logs/std_log.txt", home / "log.txt")
    assert (home / "log.txt").read_text() == "hello from the script\n"
    run.download_file("outputs/model.bin", home / "copy.bin")
    assert (home / "copy.bin").read_bytes() == (home / "model.bin").read_bytes()


def test_refusals_are_sentences(real: Workspace, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.add_properties({"author": "ada"})
        with pytest.raises(ServiceException, match="author"):
            run.add_properties({"author": "bob"})
    with pytest.raises(ServiceException, match="already ended as Completed"):
        run.fail("late")
    with pytest.raises(ServiceException) as refusal:
        real.get_run("nowhere")
    assert (refusal.value.status_code, refusal.value.code) == (404, "not_found")
    with pytest.raises(UserErrorException, match="was not found"):
        run.download_file("nowhere.txt")


def test_children_and_their_metrics_in_one_request(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        for number in range(3):
            with run.child_run(f"child {number}") as child:
                child.log("score", number)
    children = list(run.get_children())
    assert [one.display_name for one in children] == ["child 0", "child 1", "child 2"]
    assert run.get_metrics(recursive=True) == {one.id: {"score": n} for n, one in enumerate(children)}
    parent = children[0].parent
    assert parent is not None and parent.id == run.id


def test_a_run_cancelled_in_the_studio_stops(real: Workspace, experiment: Experiment) -> None:
    with pytest.raises(KeyboardInterrupt), experiment.start_logging() as run:
        real.get_run(run.id).cancel()
        time.sleep(10)
    assert run.get_status() == "Canceled"
    assert real.client.get(f"runs/{run.id}/")["status_reason"] == "canceled by ada"


def test_an_ended_run_is_resumed(real: Workspace, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 3.0)
    again = real.get_run(run.id)
    with again.resume() as resumed:
        assert resumed.get_status() == "Running"
        resumed.log("loss", 2.0)
    assert again.get_details()["status"] == "Completed"
    assert again.get_metrics()["loss"] == [3.0, 2.0]
    with pytest.raises(RuntimeError), again.resume():
        raise RuntimeError("the second try broke")
    assert real.get_run(run.id).get_details()["status"] == "Failed"
    going_on = experiment.start_logging()
    assert going_on.resume() is going_on
    going_on.complete()
    assert going_on.get_details()["status"] == "Completed"


def test_a_failure_has_its_trace(experiment: Experiment) -> None:
    with pytest.raises(ZeroDivisionError), experiment.start_logging() as run:
        _ = 1 / 0
    error = run.get_details()["error"]["error"]
    assert error["message"] == "User program failed with ZeroDivisionError: division by zero"
    assert "1 / 0" in error["details"]["debug_stack_trace"]


def test_one_bad_metric_is_set_aside_and_the_rest_arrives(
    experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 1)
        run.log("bad\x00name", 1)
        run.log("accuracy", 2)
    assert run.get_metrics() == {"loss": 1, "accuracy": 2}
    assert "set aside" in capsys.readouterr().err


def test_a_batch_that_is_sent_twice_counts_once(real: Workspace, experiment: Experiment) -> None:
    run = experiment.start_logging()
    series = {"series": [{"name": "loss", "step": None, "time": None, "value": [1.0]}]}
    for _ in range(3):
        real.client.post(f"runs/{run.id}/metrics/", series, key="the-same")
    assert run.get_metrics() == {"loss": 1.0}
    assert experiment.start_logging(run_id="taken-once").id == "taken-once"
    with pytest.raises(ServiceException, match="taken"):
        experiment.start_logging(run_id="taken-once")


def test_metrics_are_seen_within_a_moment(real: Workspace, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.log("loss", 1)
        until(lambda: real.client.get(f"runs/{run.id}/")["metrics"] == {"loss": 1.0})


def test_the_command_line_lists_and_filters(
    live_studio: Any,
    experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("STUDIO_URL", live_studio.url)
    monkeypatch.setenv("STUDIO_TOKEN", live_studio.token)
    for number in range(3):
        with experiment.start_logging(run_id=f"listed-{number}", tags={"number": str(number)}) as run:
            run.log("loss", number)

    def listed(*flags: str) -> list[str]:
        capsys.readouterr()
        assert main(["run", "list", "-e", "real-server", "--query", "[].id", *flags]) == 0
        return list(json.loads(capsys.readouterr().out))

    assert listed("--last", "3") == ["listed-2", "listed-1", "listed-0"]
    assert listed("--tags", "number=1") == ["listed-1"]
    assert listed("--filter", "metrics.loss < 0.5 and tags.number = '0'") == ["listed-0"]
    assert set(listed("--status", "Completed")) >= {"listed-0", "listed-1", "listed-2"}
    assert main(["run", "list", "--filter", "metrics.loss <"]) == 1
    assert capsys.readouterr().err.startswith("studio: ")
    assert main(["experiment", "list", "--query", "[].name"]) == 0
    assert "real-server" in json.loads(capsys.readouterr().out)
    assert main(["run", "show", "-r", "listed-1", "-o", "table"]) == 0
    assert main(["whoami", "-o", "yaml"]) == 0


def test_a_list_is_narrowed_and_ordered_by_the_words_of_the_page(
    real: Workspace, experiment: Experiment, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    for name, score in (("one", 1.0), ("two", 3.0), ("three", 2.0)):
        with experiment.start_logging(name=f"listed {name}", tags={"list": "it's, a=b"}) as run:
            run.log("score", score)
    words = {"filter": 'tags.list = "it\'s, a=b" and metrics.score > 1', "search": "listed"}
    found = real.get_runs(**words, order_by="-metrics.score", experiment=experiment.name)
    assert [run.display_name for run in found] == ["listed two", "listed three"]
    assert list(real.get_runs(**words, archived=True)) == []
    monkeypatch.setenv("STUDIO_URL", real.client.url)
    monkeypatch.setenv("STUDIO_TOKEN", real.client._token)
    capsys.readouterr()
    options = [f"--filter={words['filter']}", "--search=listed", "--order-by=metrics.score", "--mine"]
    assert main(["run", "list", "-w", real.name, *options, "--query", "[].display_name"]) == 0
    assert json.loads(capsys.readouterr().out) == ["listed three", "listed two"]
