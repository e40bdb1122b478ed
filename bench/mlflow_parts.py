"""What the SDK's parts cost with MLflow; run by sdk.py in MLflow's environment. Prints JSON on stderr's last line."""

import json
import statistics
import sys
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric

CHILDREN, METRICS, VALUES = 300, 3, 10


# Each call of log_metric waits for its answer, so there are fewer of them than of ours.
CALLS, CALLS_IN_BACKGROUND = 2_000, 20_000


def log(calls: int, **options: bool) -> dict[str, float]:
    """Call log_metric, then wait until the tracking store has every point and the run has ended."""
    clock, durations = time.perf_counter, []
    with mlflow.start_run() as run:
        mlflow.log_metric("warm", 0.0, step=0)
        began, cpu = clock(), time.process_time()
        for step in range(calls):
            at = clock()
            mlflow.log_metric("loss", 0.5, step=step, **options)
            durations.append(clock() - at)
        mlflow.flush_async_logging() if options else None
    all_s, cpu_s = clock() - began, time.process_time() - cpu
    kept = len(MlflowClient().get_metric_history(run.info.run_id, "loss"))
    return {
        "p50_us": statistics.median(durations) * 1e6,
        "cpu_us": cpu_s / calls * 1e6,
        "all_s": all_s,
        "calls": calls,
        "kept": kept,
    }


def sweep() -> dict[str, float]:
    """Make 300 child runs, then read last values, and every value."""
    client = MlflowClient()
    parent = client.create_run("0").info.run_id
    for _ in range(CHILDREN):
        child = client.create_run("0", tags={"mlflow.parentRunId": parent}).info.run_id
        points = [
            Metric(f"metric_{place}", step * 0.1, 1_700_000_000_000, step)
            for place in range(METRICS)
            for step in range(VALUES)
        ]
        client.log_batch(child, metrics=points)
    wanted = f"tags.mlflow.parentRunId = '{parent}'"
    at = time.perf_counter()
    runs = client.search_runs(["0"], wanted, max_results=1000)
    last_s = time.perf_counter() - at
    for run in runs:
        for name in run.data.metrics:
            client.get_metric_history(run.info.run_id, name)
    return {"last_s": last_s, "all_s": time.perf_counter() - at}


PARTS = {
    "sweep": sweep,
    "log": lambda: log(CALLS),
    "log-in-background": lambda: log(CALLS_IN_BACKGROUND, synchronous=False),
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]]()), file=sys.stderr)
