"""One measurement of the SDK in a process of its own; run by sdk.py. Prints JSON as the last line of stderr."""

import json
import resource
import statistics
import sys
import time
from contextlib import closing

from studio import Experiment, Run, Workspace
from studio.client.spool import Spool
from studio.client.spool_place import journals

MILLION = 1_000_000
CHILDREN, METRICS, VALUES = 300, 3, 10


def grown_mb(before_kb: int) -> float:
    """How much the highest memory of this process has risen."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024


def million(*, away: bool) -> dict[str, float]:
    """A million calls, then the end of the run; every hundredth call is timed."""
    run = Experiment(Workspace.from_config(), "million").start_logging(
        capture_console=False, outputs=False, snapshot_directory=None, monitor=False
    )
    run.log("warm", 0.0)
    time.sleep(1)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, durations = time.perf_counter, []
    began, cpu = clock(), time.process_time()
    for step in range(MILLION):
        if step % 100:
            run.log("loss", 0.5, step=step)
            continue
        at = clock()
        run.log("loss", 0.5, step=step)
        durations.append(clock() - at)
    run.complete()
    all_s, cpu_s, grown = clock() - began, time.process_time() - cpu, grown_mb(before_kb)
    kept = kept_on_disk() if away else len(run.get_metrics("loss")["loss"])
    return {
        "p50_us": statistics.median(durations) * 1e6,
        "cpu_us": cpu_s / MILLION * 1e6,
        "all_s": all_s,
        "kept": kept,
        "grown_mb": grown,
    }


def kept_on_disk() -> int:
    """How many points of `loss` wait in the journals."""
    count = 0
    for path in journals():
        with closing(Spool(path)._open()) as connection:
            for (body,) in connection.execute("select body from operation where kind = 'metrics'"):
                series = json.loads(body)["series"]
                count += sum(len(part["value"]) for part in series if part["name"] == "loss")
    return count


def sweep() -> dict[str, float]:
    """Read 300 child runs back, the best of three."""
    run: Run = Experiment(Workspace.from_config(), "sweep").start_logging(
        outputs=False, snapshot_directory=None, monitor=False
    )
    for _ in range(CHILDREN // 100):
        for child in run.create_children(100):
            for place in range(METRICS):
                for step in range(VALUES):
                    child.log(f"metric_{place}", step * 0.1, step=step)
    run.flush(120)
    times = []
    for _ in range(3):
        at = time.perf_counter()
        found = run.get_metrics(recursive=True)
        times.append(time.perf_counter() - at)
    assert len(found) == CHILDREN and all(len(one["metric_0"]) == VALUES for one in found.values())
    run.complete()
    return {"read_s": min(times)}


if __name__ == "__main__":
    what = sys.argv[1]
    answer = sweep() if what == "sweep" else million(away=what == "million-away")
    print(json.dumps(answer), file=sys.stderr)
    sys.stderr.flush()
