"""The same sweep read back from MLflow; run by sdk.py in MLflow's environment. Prints JSON on stderr's last line."""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric

CHILDREN, METRICS, VALUES = 300, 3, 10


def main() -> None:
    """Make it, then read last values, and every value."""
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
    print(json.dumps({"last_s": last_s, "all_s": time.perf_counter() - at}), file=sys.stderr)


if __name__ == "__main__":
    main()
