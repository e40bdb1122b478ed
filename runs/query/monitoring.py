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
_GROUPS = (
    ("Processor, %", re.compile(r"(process_)?cpu_percent")),
    ("Memory, %", re.compile(r"memory_percent")),
    ("Memory of the process, MB", re.compile(r"process_memory_mb")),
    ("GPU, %", re.compile(r"gpu\d+_percent")),
    ("GPU memory, %", re.compile(r"gpu\d+_memory_percent")),
    ("GPU temperature, °C", re.compile(r"gpu\d+_temperature_c")),
    ("GPU power, W", re.compile(r"gpu\d+_power_w")),
    ("Network, MB/s", re.compile(r"network_.*_mb_s")),
    ("Disk traffic, MB/s", re.compile(r"disk_.*_mb_s")),
    ("Disk in use, %", re.compile(r"disk_used_percent")),
)
_UNITS = (
    ("_percent", " %"),
    ("_mb_s", " MB/s"),
    ("_mb", " MB"),
    ("_temperature_c", " °C"),
    ("_power_w", " W"),
)
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
    return words.replace("_", " ").replace("cpu", "CPU").replace("gpu", "GPU ")


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
