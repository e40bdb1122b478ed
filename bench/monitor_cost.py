"""What sampling the machine costs a training: `python bench/monitor_cost.py`. Needs no studio."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine
from studio.client.monitor import PACES_S, Machine

SAMPLES = 500


def main() -> None:
    """Take many samples and print what one costs, and which share of a core that is at each pace."""
    began = time.process_time()
    watched = Machine()
    first_ms = (time.process_time() - began) * 1000
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(SAMPLES):
        watched.sample()
    cpu_ms = (time.process_time() - cpu) * 1000 / SAMPLES
    wall_ms = (time.perf_counter() - wall) * 1000 / SAMPLES
    print(f"{machine.describe()}\n")
    rows = [[f"every {pace:g} s", f"{cpu_ms / pace / 10:.3f} %"] for _, pace in PACES_S]
    print(f"The first sample, psutil's import included: {first_ms:.1f} ms of processor time.")
    print(f"Each further one: {cpu_ms:.2f} ms of processor time, {wall_ms:.2f} ms of wall time.\n")
    print(machine.table(["a sample", "share of one core"], rows))


if __name__ == "__main__":
    main()
