"""Samples of the machine: their groups and words, pauses as gaps, silences; and that no picker offers them."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from runs.actions.run import heartbeat
from runs.actions.silence import reap_silent_runs
from runs.actions.tracking import Points, log_points
from runs.models import Kind, Name, Run, Workspace
from runs.query.compare import compare_runs
from runs.query.curve import Look
from runs.query.curves import read_curves
from runs.query.default_columns import default_columns
from runs.query.fields import Source
from runs.query.monitoring import GAP_MS, sample_groups, sample_label, silences_of
from runs.query.run_metrics import chosen_metrics
from runs.query.series import logged_values
from runs.query.suggest import suggest_keys
from runs.query.values import values_of
from tests import make

CPU = "system/cpu_percent"


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return make.run(workspace, heartbeat=True)


def sampled(run: Run, *names: str) -> None:
    log_points(run, [Points(name, np.array([1.0, 2.0])) for name in names])


def test_samples_that_belong_together_share_a_chart(run: Run, reads) -> None:
    gpus = [f"system/gpu{n}_percent" for n in range(11)]
    sampled(run, CPU, "system/process_cpu_percent", "system/disk_read_mb_s", "system/mine", "loss", *gpus)
    with reads(at_most=1):
        groups = sample_groups(run)
    assert [group.title for group in groups] == ["Processor, %", "GPU, %", "Disk traffic, MB/s", "mine"]
    assert [m.name.text for m in groups[0].metrics] == [CPU, "system/process_cpu_percent"]
    assert [m.name.text for m in groups[1].metrics] == gpus


def test_samples_by_the_names_of_mlflow_share_charts_too(run: Run) -> None:
    sampled(
        run,
        "system/cpu_utilization_percentage",
        "system/node_1/cpu_utilization_percentage",
        "system/system_memory_usage_percentage",
        "system/system_memory_usage_megabytes",
        "system/network_receive_megabytes",
        "system/network_transmit_megabytes",
        "system/disk_usage_percentage",
        "system/disk_available_megabytes",
        "system/gpu_0_memory_usage_percentage",
        "system/gpu_1_memory_usage_percentage",
    )
    assert {group.title: len(group.metrics) for group in sample_groups(run)} == {
        "Processor, %": 2,
        "Memory, %": 1,
        "Memory, MB": 1,
        "GPU memory, %": 2,
        "Network, MB since the start": 2,
        "Disk in use, %": 1,
        "Disk, MB": 1,
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (CPU, "CPU %"),
        ("system/cpu_utilization_percentage", "CPU utilization %"),
        ("system/gpu_0_power_usage_watts", "GPU 0 power usage W"),
        ("system/network_received_mb_s", "network received MB/s"),
        ("system/process_memory_mb", "process memory MB"),
        ("system/gpu0_temperature_c", "GPU 0 °C"),
        ("loss", "loss"),
    ],
)
def test_samples_are_named_in_words(name: str, words: str) -> None:
    assert sample_label(name) == words


def test_a_long_pause_between_samples_is_a_gap(run: Run) -> None:
    times = np.array([0, 15_000, 30_000, 400_000, 415_000])
    log_points(run, [Points(CPU, np.ones(5), times=times)])
    look = Look(across="time", gap_ms=GAP_MS)
    (curve,) = read_curves(run, chosen_metrics(run, [CPU]), look).curves
    assert curve.x.tolist() == [0, 15_000, 30_000, 215_000, 400_000, 415_000]
    assert np.isnan(curve.y).tolist() == [False, False, False, True, False, False] and curve.gaps == 0


def test_a_silence_lasts_until_the_run_is_heard_again(run: Run, owner) -> None:
    assert silences_of(run) == []
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=5))
    reap_silent_runs()
    (silence,) = silences_of(run)
    assert silence.end is None
    run.refresh_from_db()
    heartbeat(run, by=owner)
    (silence,) = silences_of(run)
    assert silence.end is not None and silence.end >= silence.start


def test_nothing_that_people_choose_from_offers_samples(run: Run, workspace: Workspace) -> None:
    sampled(run, CPU, "loss")
    assert suggest_keys(workspace, Source.METRIC) == ["loss"]
    assert suggest_keys(workspace, Source.METRIC, "system/c") == [CPU]
    assert [column.label for column in default_columns(run.experiment)].count("cpu_percent") == 0
    assert all(CPU not in str(column.key) for column in default_columns(run.experiment))
    assert list(Name.objects.offered().filter(kind=Kind.METRIC).values_list("text", flat=True)) == ["loss"]
    assert values_of([run])[run.pk].metrics == {"loss": 2.0}
    assert "cpu_percent" not in str(compare_runs(workspace, [run], now=timezone.now()))


def test_scripts_get_samples_only_by_name(run: Run) -> None:
    sampled(run, CPU, "loss")
    assert list(logged_values(run)[run.public_id]) == ["loss"]
    assert logged_values(run, name=CPU)[run.public_id][CPU]["value"] == [1.0, 2.0]
