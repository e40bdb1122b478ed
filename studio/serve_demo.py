"""`studio up --demo`: runs the example trainings against the studio, one after another, each once per data folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from studio.parent_death import tied_to_me
from studio.serve_processes import PACKAGES, low_priority
from studio.settings import ASSETS, DATA


def main() -> int:
    """Run what has not run yet to its end; the output of each example goes to a file."""
    folder = DATA / "demo"
    folder.mkdir(exist_ok=True)
    record = folder / "done.json"
    done = read_done(record)
    scripts = [script for script in examples(ASSETS / "examples") if script.name not in done]
    if not scripts:
        say("The demo's trainings have all run in this data folder.")
        return 0
    low_priority()
    say(f"The demo trains {len(scripts)} examples in the background, at low priority; output in {folder}.")
    for script in scripts:
        say(f"Demo: {script.name} has started.")
        code = run(script, folder / f"{script.stem}.log")
        say(f"Demo: {script.name} has ended{'' if code == 0 else f' with code {code}'}.")
        done.append(script.name)
        record.write_text(json.dumps(done))
    return 0


def examples(folder: Path) -> list[Path]:
    """The scripts to run, in the order of their names."""
    return sorted(script for script in folder.glob("*.py") if not script.name.startswith("_"))


def read_done(record: Path) -> list[str]:
    """The names of the examples that ran to their end before."""
    try:
        return [str(name) for name in json.loads(record.read_text())]
    except (OSError, ValueError):
        return []


def run(script: Path, log: Path) -> int:
    """Run one training as its user would, in a folder of its own, which its runs keep as their snapshot."""
    folder = log.with_suffix("")
    folder.mkdir(exist_ok=True)
    copy = shutil.copy(script, folder)
    environment = {**os.environ, "PYTHONPATH": str(PACKAGES), "PYTHONUNBUFFERED": "1", "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(copy)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=tied_to_me(),
        )
        return process.wait()


def say(text: str) -> None:
    """Tell whoever sees the terminal of `studio up`."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # the training that was under way hears it as well
        sys.exit(130)
