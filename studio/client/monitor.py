"""Samples of the machine while a run goes on: processor, memory, disk, network and GPUs, for the tab Monitoring.

Taken in the recorder's thread, with psutil where it is installed (the extra `monitor`), and of NVIDIA GPUs with
nvidia-ml-py. A sample takes about a millisecond. Whatever goes wrong here ends the sampling, never the recording
or the training.
"""

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from studio.client.heart import Live

PREFIX = "system/"
# (until this age of the sampling, a sample each so many seconds): short runs show something, long ones stay small.
PACES_S = ((60.0, 2.0), (600.0, 5.0), (float("inf"), 15.0))
# A sweep may have hundreds of live runs in one process; they share the machine, so the newest few get its samples.
MOST_RUNS = 4
MEGABYTE = 1e6
OFF = ("0", "false", "no", "off")

Point = tuple[str, str, float, None, float]


def is_wanted(argument: bool | None) -> bool:
    """Whether to sample: by the argument of `start_logging`, else by STUDIO_MONITOR, else yes."""
    if argument is not None:
        return argument
    return os.environ.get("STUDIO_MONITOR", "").strip().lower() not in OFF


class Monitor:
    """Samples the machine for the live runs of this process that want it."""

    def __init__(self) -> None:
        self._machine: Machine | None = None
        self._is_off = False
        self._since = 0.0
        self._due_at = 0.0

    def sample_due(self, runs: Iterable[Live], put: Callable[[Point], None]) -> None:
        """Take a sample where it is time for one, and put it for each of the newest runs."""
        now = time.monotonic()
        if self._is_off or now < self._due_at:
            return
        wanted = [live for live in runs if live.is_monitored and not live.ended][-MOST_RUNS:]
        if not wanted:
            self._machine = None  # the next run begins with fresh counters
            return
        try:
            found = self._sample(now, wanted[-1].watched_pid)
        except Exception:  # psutil is not there, or a kernel without what it reads: then there are no samples
            self._is_off = True
            return
        at = time.time()
        for live in wanted:
            for name, value in found.items():
                put((live.id, PREFIX + name, value, None, at))

    def _sample(self, now: float, pid: int | None) -> dict[str, float]:
        """The numbers; none the first time, which is where rates begin."""
        if self._machine is None:
            self._machine, self._since = Machine(), now
            self._due_at = now + PACES_S[0][1]
            return {}
        age = now - self._since
        self._due_at = now + next(pace for until, pace in PACES_S if age < until)
        return self._machine.sample(pid)


class Machine:
    """Reads the counters of this machine and process. Raises what psutil raises, ImportError where there is none."""

    def __init__(self) -> None:
        import psutil

        self._psutil: Any = psutil
        self._process: Any = psutil.Process()
        self._pid: int | None = None
        self._gpus = Gpus()
        self._counted: dict[str, float] = {}
        self._counted_at = 0.0
        self.sample()

    def sample(self, pid: int | None = None) -> dict[str, float]:
        """Return the numbers now by name; rates are since the last sample. `pid`: of this process, not of ours."""
        psutil = self._psutil
        memory = psutil.virtual_memory()
        return {
            "cpu_percent": psutil.cpu_percent(None),
            "memory_percent": memory.percent,
            **self._of_process(pid),
            **self._disk_used(),
            **self._rates(),
            **self._gpus.sample(),
        }

    def _of_process(self, pid: int | None) -> dict[str, float]:
        """The share of a core and the memory of a process; nothing once it has ended."""
        try:
            if pid != self._pid:
                self._process, self._pid = self._psutil.Process(pid), pid
            cpu, memory = self._process.cpu_percent(None), self._process.memory_info().rss
        except self._psutil.Error:
            return {}
        return {"process_cpu_percent": cpu, "process_memory_mb": memory / MEGABYTE}

    def _disk_used(self) -> dict[str, float]:
        """How full the disk of the working folder is; nothing while that folder is gone."""
        try:
            return {"disk_used_percent": self._psutil.disk_usage(".").percent}
        except OSError:
            return {}

    def _rates(self) -> dict[str, float]:
        """Megabytes a second since the last time; a machine without disks or network has none of them."""
        disk, net = self._psutil.disk_io_counters(), self._psutil.net_io_counters()
        counts = (
            {} if disk is None else {"disk_read_mb_s": disk.read_bytes, "disk_write_mb_s": disk.write_bytes}
        )
        if net is not None:
            counts |= {"network_received_mb_s": net.bytes_recv, "network_sent_mb_s": net.bytes_sent}
        now = time.monotonic()
        passed, earlier = max(now - self._counted_at, 1e-3), self._counted
        self._counted, self._counted_at = counts, now
        # A counter that was set back, such as by a new network card, is no rate.
        return {
            name: max(0.0, count - earlier[name]) / MEGABYTE / passed
            for name, count in counts.items()
            if name in earlier
        }


class Gpus:
    """The NVIDIA GPUs, where nvidia-ml-py and a driver are there; else none, without a word."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[Any] = []
        try:
            import pynvml

            pynvml.nvmlInit()
            count = pynvml.nvmlDeviceGetCount()
            self._handles = [pynvml.nvmlDeviceGetHandleByIndex(place) for place in range(count)]
            self._nvml = pynvml
        except Exception:  # no such package, no driver, no GPU
            self._handles = []

    def sample(self) -> dict[str, float]:
        """Return the numbers of each GPU; what one of them cannot tell is left out."""
        found: dict[str, float] = {}
        for place, handle in enumerate(self._handles):
            for name, read in _OF_A_GPU.items():
                with suppress(Exception):  # an older card, or one that was just lost
                    found[f"gpu{place}_{name}"] = float(read(self._nvml, handle))
        return found


def _memory_percent(nvml: Any, handle: Any) -> float:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return 100.0 * float(memory.used) / float(memory.total)


_OF_A_GPU: dict[str, Callable[[Any, Any], float]] = {
    "percent": lambda nvml, handle: nvml.nvmlDeviceGetUtilizationRates(handle).gpu,
    "memory_percent": _memory_percent,
    "temperature_c": lambda nvml, handle: nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
    "power_w": lambda nvml, handle: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
}
