"""From Cancel to the process being gone: `python bench/cancel.py`."""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import machine, server
from studio import Experiment, Run, ScriptRunConfig, Workspace

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""


def main() -> None:
    """Cancel scripts of both kinds, each with a child in a session of its own, and print how long they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"STUDIO_RUNS_FOLDER": f"{folder}/runs", "PYTHONPATH": str(ROOT)}
        os.environ |= {"STUDIO_SNAPSHOT": "off", "XDG_STATE_HOME": f"{folder}/state"}
        data = Path(folder) / "data"
        data.mkdir()
        with server.studio(data) as found:
            workspace = Workspace.from_config(url=found.url, token=found.token, workspace=found.workspace)
            for words, kind, grace_s in (
                ("ends by SIGTERM", "", "10"),
                ("ignores it, grace 1 s", "stubborn", "1"),
            ):
                os.environ["STUDIO_CANCEL_GRACE_S"] = grace_s
                took = [measure(workspace, Path(folder), kind) for _ in range(arguments.runs)]
                rows.append([words, *cells(took)])
    print(f"{machine.describe()}\n")
    heads = [
        "a script that",
        "runs",
        "process gone, median s",
        "longest s",
        "run Canceled, median s",
        "longest s",
    ]
    print(machine.table(heads, rows))


def measure(workspace: Workspace, folder: Path, kind: str) -> tuple[float, float]:
    """Submit a script, cancel it, and return after how many seconds its processes were gone, and its run Canceled."""
    source = folder / "source"
    source.mkdir(exist_ok=True)
    (source / "train.py").write_text(SCRIPT)
    note = folder / f"pids-{time.monotonic_ns()}"
    config = ScriptRunConfig(source, "train.py", [str(note), kind])
    run = Experiment(workspace, "cancel").submit(config)
    while not note.exists():
        time.sleep(0.01)
    pids = [int(word) for word in note.read_text().split()]
    time.sleep(2.0 + (time.monotonic_ns() % 2000) / 1000)  # at any moment between two heartbeats
    began = time.monotonic()
    workspace.client.post(f"runs/{run.id}/cancel/")
    while any(is_alive(pid) for pid in pids):
        time.sleep(0.005)
    gone_s = time.monotonic() - began
    return gone_s, wait_for_end(run, began)


def wait_for_end(run: Run, began: float) -> float:
    """Seconds until the studio shows the run as Canceled."""
    while (status := run.get_status()) != "Canceled":
        if status in ("Completed", "Failed"):
            raise RuntimeError(f"{run.id} ended as {status}")
        time.sleep(0.02)
    return time.monotonic() - began


def is_alive(pid: int) -> bool:
    """Whether the process is there, and more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def cells(took: list[tuple[float, float]]) -> list[str]:
    """How many, and median and longest of both times."""
    gone, ended = ([pair[place] for pair in took] for place in (0, 1))
    return [
        str(len(took)),
        *(f"{figure:.2f}" for times in (gone, ended) for figure in (statistics.median(times), max(times))),
    ]


if __name__ == "__main__":
    main()
