"""Samples of the machine: taken while a run goes on, of few runs, in one process, and never to the training's harm."""

import os
import subprocess
import sys
import types
from typing import Any

import psutil
import pytest

from studio import Experiment
from studio.client import monitor
from studio.client.heart import Live
from studio.client.monitor import Gpus, Monitor
from tests.client.fake_server import FakeStudio


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples each 20 ms, wherever STUDIO_MONITOR does not forbid them."""
    monkeypatch.setattr(monitor, "PACES_S", ((float("inf"), 0.02),))
    monkeypatch.delenv("STUDIO_MONITOR")


def samples(studio: FakeStudio, run_id: str) -> set[str]:
    return {
        series["name"] for series in studio.metrics.get(run_id, []) if series["name"].startswith("system/")
    }


def until_sampled(studio: FakeStudio, run_id: str) -> None:
    for _ in range(300):
        if samples(studio, run_id):
            return
        monitor.time.sleep(0.02)
    pytest.fail("no sample came")


def test_a_run_is_sampled_until_it_ends(quick: None, studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        until_sampled(studio, run.id)
    assert {"system/cpu_percent", "system/memory_percent", "system/process_memory_mb"} <= samples(
        studio, run.id
    )
    count = len(studio.metrics[run.id])
    run._recorder.flush(5)
    monitor.time.sleep(0.1)
    run._recorder.flush(5)
    assert len(studio.metrics[run.id]) == count


@pytest.mark.parametrize("way", ["argument", "variable"])
def test_it_is_turned_off(
    way: str, quick: None, studio: FakeStudio, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "variable":
        monkeypatch.setenv("STUDIO_MONITOR", "off")
    with experiment.start_logging(monitor=False if way == "argument" else None) as run:
        monitor.time.sleep(0.15)
        child = run.child_run()
        monitor.time.sleep(0.15)
        child.complete()
    assert not samples(studio, run.id) and not samples(studio, child.id)


def test_the_argument_wins_over_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MONITOR", "0")
    assert monitor.is_wanted(True) and not monitor.is_wanted(None)


def test_a_forked_child_does_not_sample_a_second_time(
    quick: None, studio: FakeStudio, experiment: Experiment
) -> None:
    with experiment.start_logging() as run:
        until_sampled(studio, run.id)
        child = os.fork()
        if child == 0:
            run.log("from the child", 1)
            recorder = run._recorder
            recorder.flush(5)
            os._exit(1 if recorder._heart.runs() or recorder._monitor._machine else 0)
        assert os.waitpid(child, 0)[1] == 0


def test_of_many_live_runs_only_the_newest_are_sampled(quick: None) -> None:
    watch, put = Monitor(), []
    runs = [Live(f"run {n}", "", "") for n in range(9)]
    watch.sample_due(runs, put.append)  # where rates begin
    monitor.time.sleep(0.03)
    watch.sample_due(runs, put.append)
    assert {point[0] for point in put} == {"run 5", "run 6", "run 7", "run 8"}


def test_without_psutil_there_are_no_samples_and_no_noise(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psutil", None)
    watch, put = Monitor(), []
    for _ in range(3):
        watch.sample_due([Live("run", "", "")], put.append)
    assert put == [] and watch._is_off and capsys.readouterr() == ("", "")


def test_a_sample_that_goes_wrong_ends_the_sampling_not_the_recording(
    quick: None, studio: FakeStudio, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Any) -> dict[str, float]:
        raise RuntimeError("no such file: /proc/stat")

    monkeypatch.setattr(monitor.Machine, "sample", broken)
    with experiment.start_logging() as run:
        run.log("loss", 1.0)
        monitor.time.sleep(0.1)
        run.log("loss", 2.0)
    assert run.get_metrics() == {"loss": [1.0, 2.0]} and not samples(studio, run.id)


def test_another_process_is_sampled_where_the_run_says_so_and_may_end(quick: None) -> None:
    script = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    watch, put = Monitor(), []
    live = Live("run", "", "", watched_pid=script.pid)
    watch.sample_due([live], put.append)
    monitor.time.sleep(0.03)
    watch.sample_due([live], put.append)
    found = {name: value for _, name, value, _, _ in put}
    assert 0 < found["system/process_memory_mb"] < psutil.Process().memory_info().rss / 1e6
    script.communicate()
    put.clear()
    monitor.time.sleep(0.03)
    watch.sample_due([live], put.append)
    names = {name for _, name, _, _, _ in put}
    assert "system/cpu_percent" in names and "system/process_memory_mb" not in names


def test_gpus_are_sampled_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_handle: object) -> int:
        raise OSError("not supported")

    card = types.SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda place: place,
        nvmlDeviceGetUtilizationRates=lambda _: types.SimpleNamespace(gpu=70),
        nvmlDeviceGetMemoryInfo=lambda _: types.SimpleNamespace(used=1, total=4),
        nvmlDeviceGetTemperature=unknown,
        nvmlDeviceGetPowerUsage=lambda _: 250_000,
        NVML_TEMPERATURE_GPU=0,
    )
    monkeypatch.setitem(sys.modules, "pynvml", card)
    found = Gpus().sample()
    assert found["gpu1_percent"] == 70 and found["gpu0_memory_percent"] == 25 and found["gpu1_power_w"] == 250
    assert "gpu0_temperature_c" not in found
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Gpus().sample() == {}
