"""Client processes that send batches of points over HTTP as fast as they are answered.

A batch is made before, and only its steps are written anew each time: what is measured is the server.
"""

import http.client
import json
import multiprocessing
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

METRICS = 10  # a batch is shared out among so many names, as a training logs them

ATTEMPTS = 5

# The steps of a batch are this number and two digits, which say the place in it.
_STEPS = 10_000_000

Body = Callable[[str, int, list[float]], bytes]


@dataclass(frozen=True)
class Load:
    """What each client does: to whom it sends which batches, and for how long. One run for each client."""

    host: str
    port: int
    paths: tuple[str, ...]
    runs: tuple[str, ...]
    headers: Mapping[str, str]
    body: Body
    batch: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What all clients together brought about."""

    points: int
    seconds: float
    calls_s: list[float]

    @property
    def points_per_s(self) -> float:
        """How many points were accepted a second."""
        return self.points / self.seconds


def studio_body(run: str, first_step: int, values: list[float]) -> bytes:
    """The points as Run Studio takes them: columns for each metric."""
    now, n = int(time.time() * 1000), len(values) // METRICS
    steps, times = list(range(first_step, first_step + n)), [now] * n
    series = [
        {"name": f"metric_{i}", "step": steps, "time": times, "value": values[i * n : (i + 1) * n]}
        for i in range(METRICS)
    ]
    return json.dumps({"series": series}).encode()


def mlflow_body(run: str, first_step: int, values: list[float]) -> bytes:
    """The same points as MLflow takes them: an object for each."""
    now, n = int(time.time() * 1000), len(values) // METRICS
    metrics = [
        {"key": f"metric_{place // n}", "value": value, "timestamp": now, "step": first_step + place % n}
        for place, value in enumerate(values)
    ]
    return json.dumps({"run_id": run, "metrics": metrics}).encode()


def measure(load: Load) -> Outcome:
    """Start one process for each path, let them go at once, and wait for the last."""
    spawn = multiprocessing.get_context("spawn")
    results: Any = spawn.Queue()
    barrier = spawn.Barrier(len(load.paths))
    clients = [spawn.Process(target=_send, args=(load, i, barrier, results)) for i in range(len(load.paths))]
    for client in clients:
        client.start()
    found = [results.get(timeout=load.seconds + 120) for _ in clients]
    for client in clients:
        client.join()
    failures = [result for result in found if isinstance(result, str)]
    if failures:
        raise RuntimeError(failures[0])
    calls_s = [duration for _, _, durations in found for duration in durations]
    began, ended = min(result[0] for result in found), max(result[1] for result in found)
    return Outcome(len(calls_s) * load.batch, ended - began, calls_s)


def _send(load: Load, place: int, barrier: Any, results: Any) -> None:
    try:
        results.put(_send_until_done(load, place, barrier))
    except Exception as error:
        results.put(f"Client {place}: {type(error).__name__}: {error}")


def _send_until_done(load: Load, place: int, barrier: Any) -> tuple[float, float, list[float]]:
    """Returns when it began and ended on the clock that all processes share, and the duration of each call."""
    connection = http.client.HTTPConnection(load.host, load.port, timeout=60)
    generator, steps, durations = random.Random(place), _STEPS, []
    values = [generator.gauss(0, 1) for _ in range(load.batch)]
    made, digits = load.body(load.runs[place], steps * 100, values), str(steps).encode()
    if load.batch > 100 * METRICS or made.count(digits) != load.batch:
        raise ValueError(f"a batch of {load.batch} points does not hold each step once")
    _call(connection, load, place, made)  # connects, makes the metrics
    barrier.wait(120)
    began = time.monotonic()
    while time.monotonic() - began < load.seconds:
        steps += 1
        body = made.replace(digits, str(steps).encode())
        before = time.perf_counter()
        _call(connection, load, place, body)
        durations.append(time.perf_counter() - before)
    return began, time.monotonic(), durations


def _call(connection: http.client.HTTPConnection, load: Load, place: int, body: bytes) -> None:
    """Send the batch, again where the server closed the connection: MLflow restarts workers that are busy for long."""
    headers = {**load.headers, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    for attempt in range(ATTEMPTS):
        try:
            connection.request("POST", load.paths[place], body, headers)
            response = connection.getresponse()
            answer = response.read()
        except (ConnectionError, http.client.IncompleteRead):
            connection.close()
            if attempt == ATTEMPTS - 1:
                raise
            continue
        if response.status != 200:
            raise RuntimeError(f"{response.status} {answer[:500]!r}")
        return
