"""Samples of the machine that a run was on, in groups that share a chart, and when nothing was heard of the run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runs.models import Metric, Run, RunEvent
from runs.models.name import SYSTEM

# Samples come every 15 seconds at the slowest: a longer pause is one in which the machine slept or the process stood.
GAP_MS = 60_000
MOST_SILENCES = 100
# The names are ours and MLflow's, which put the name of a machine before them where several take part.
_GROUPS = tuple(
    (title, re.compile(rf"(?:[^/]+/)?(?:{names})"))
    for title, names in (
        ("Processor, %", r"(process_)?cpu_percent|cpu_utilization_percentage"),
        ("Memory, %", r"memory_percent|system_memory_usage_percentage"),
        ("Memory, MB", r"system_memory_usage_megabytes"),
        ("Memory of the process, MB", r"process_memory_mb"),
        ("GPU, %", r"gpu\d+_percent|gpu_\d+_utilization_percentage"),
        ("GPU memory, %", r"gpu\d+_memory_percent|gpu_\d+_memory_usage_percentage"),
        ("GPU memory, MB", r"gpu_\d+_memory_usage_megabytes"),
        ("GPU memory, GB", r"gpu_\d+_memory_usage_gigabytes"),
        ("GPU temperature, °C", r"gpu\d+_temperature_c"),
        ("GPU power, W", r"gpu\d+_power_w|gpu_\d+_power_usage_watts"),
        ("GPU power, %", r"gpu_\d+_power_usage_percentage"),
        ("Network, MB/s", r"network_.*_mb_s"),
        ("Network, MB since the start", r"network_(receive|transmit)_megabytes"),
        ("Disk traffic, MB/s", r"disk_.*_mb_s"),
        ("Disk in use, %", r"disk_used_percent|disk_usage_percentage"),
        ("Disk, MB", r"disk_(usage|available)_megabytes"),
    )
)
_UNITS = (
    ("_percent", " %"),
    ("_percentage", " %"),
    ("_mb_s", " MB/s"),
    ("_mb", " MB"),
    ("_megabytes", " MB"),
    ("_gigabytes", " GB"),
    ("_temperature_c", " °C"),
    ("_power_w", " W"),
    ("_watts", " W"),
)
_GPU = re.compile(r"gpu ?(?=\d)")
MOST_SHOWN = 200


@dataclass(frozen=True)
class Group:
    """Samples that share a chart."""

    title: str
    metrics: list[Metric]


@dataclass(frozen=True)
class Silence:
    """A time in which the studio heard nothing of the run; `end` None while it lasts."""

    start: datetime
    end: datetime | None


def sample_groups(run: Run) -> list[Group]:
    """The run's samples in groups; what is in none has a group of its own. One query."""
    rows = Metric.objects.filter(run=run, count__gt=0, name__text__startswith=SYSTEM)
    left = list(rows.select_related("name").order_by("name__text")[:MOST_SHOWN])
    found = []
    for title, pattern in _GROUPS:
        together = [metric for metric in left if pattern.fullmatch(_short(metric))]
        left = [metric for metric in left if metric not in together]
        found += [Group(title, sorted(together, key=_natural))] if together else []
    return [*found, *(Group(sample_label(metric.name.text), [metric]) for metric in left)]


def _short(metric: Metric) -> str:
    return metric.name.text.removeprefix(SYSTEM)


def _natural(metric: Metric) -> list[tuple[int, str]]:
    """GPU 10 behind GPU 9."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", metric.name.text)]


def sample_label(name: str) -> str:
    """The name of a sample in words: "network received MB/s"; any other name as it is."""
    if not name.startswith(SYSTEM):
        return name
    words = name.removeprefix(SYSTEM)
    for end, unit in _UNITS:
        if words.endswith(end):
            words = words.removesuffix(end) + unit
            break
    return _GPU.sub("GPU ", words.replace("_", " ").replace("cpu", "CPU"))


def is_sample(metrics: Sequence[Metric]) -> bool:
    """Whether all of these are samples of the machine."""
    return all(metric.name.text.startswith(SYSTEM) for metric in metrics)


def silences_of(run: Run) -> list[Silence]:
    """When nothing was heard of the run, the oldest first; one query."""
    kinds = ("not responding", "responding again", "completed", "failed", "canceled")
    events = RunEvent.objects.filter(run=run, kind__in=kinds).order_by("-id").values_list("kind", "at")
    found: list[Silence] = []
    start: datetime | None = None
    for kind, at in reversed(list(events[: 2 * MOST_SILENCES])):
        if kind == "not responding":
            start = start or at
        elif start is not None:
            found.append(Silence(start, at))
            start = None
    return [*found, *([Silence(start, None)] if start is not None else [])]
