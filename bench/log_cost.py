"""What one `run.log()` costs the training that calls it; run by ingest.py with STUDIO_URL set. Prints JSON."""

import json
import sys
import time

from studio import Experiment, Workspace

STEPS, PER_STEP = 2_000, 10
STREAM = 200_000


def at_a_trainings_pace(run) -> list[float]:
    """Ten values a step, a step each two milliseconds: seconds of each call."""
    clock, durations = time.perf_counter, []
    for step in range(STEPS):
        for place in range(PER_STEP):
            before = clock()
            run.log(f"metric_{place}", 0.5, step=step)
            durations.append(clock() - before)
        time.sleep(0.002)
    return durations


def without_a_pause(run) -> list[float]:
    """200,000 values as fast as they go: seconds of each call."""
    clock, durations = time.perf_counter, []
    for step in range(STREAM):
        before = clock()
        run.log("stream", 0.5, step=step)
        durations.append(clock() - before)
    return durations


def main() -> None:
    """Measure both, then wait until everything has been sent."""
    with Experiment(Workspace.from_config(), "log-cost").start_logging(capture_console=False) as run:
        run.log("warm", 0.0)
        found = {"at a training's pace": at_a_trainings_pace(run), "without a pause": without_a_pause(run)}
        before = time.perf_counter()
        run.flush(300)
        flush_s = time.perf_counter() - before
        sent = len(run.get_metrics("stream")["stream"])
    json.dump({"found": found, "flush_s": flush_s, "sent": sent, "wanted": STREAM}, sys.stderr)


if __name__ == "__main__":
    main()
