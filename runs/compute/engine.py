"""What every engine does, and what it is given."""

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from runs.definition import Resources

# The folder that holds the packages: a checkout, or site-packages.
PACKAGES = Path(__file__).resolve().parents[2]
# What a supervisor gets of the server's environment: nothing of it is the studio's own, and no secret.
INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
)
LOG_BYTES = 16_000


class EngineAway(Exception):
    """The engine cannot be asked just now; the sentence says why. Try again later."""


class EngineRefused(Exception):
    """The engine does not take this job, and would not later; the sentence says why."""


class State(StrEnum):
    """Where a job stands with its engine."""

    QUEUED = "queued"
    RUNNING = "running"
    ENDED = "ended"
    # The engine does not know it, any more or at all.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seen:
    """What the engine says of a job."""

    state: State
    reason: str = ""
    # The engine itself has ended the job, for that reason: its time was over, say.
    was_stopped: bool = False


@dataclass(frozen=True)
class Order:
    """One run to start. The token goes into the environment of the job alone: no command line or log has it."""

    run_id: str
    url: str
    token: str = field(repr=False)
    workspace: str = ""
    resources: Resources = field(default_factory=Resources)


class Engine(ABC):
    """A place that runs jobs. Each method raises EngineAway when the place cannot be asked."""

    def __init__(self, settings: Mapping[str, Any], folder: Path, secret: str = "") -> None:
        """`settings`: as runs/target_settings.py has them. `folder`: where the engine may keep files. `secret`: its
        token, which stands in nothing that a method returns or raises.
        """
        self.settings = settings
        self.folder = folder
        self.secret = secret

    @abstractmethod
    def check(self) -> dict[str, str]:
        """Ask the engine whether it is there; return what it tells of its size, in words."""

    @abstractmethod
    def submit(self, order: Order) -> str:
        """Start the run and return the engine's id of the job; a run that was started before is not started again.

        Raises EngineRefused when it cannot ever be started so.
        """

    @abstractmethod
    def find(self, run_id: str) -> str | None:
        """Return the id of the job that was started for the run, or None."""

    @abstractmethod
    def states(self, job_ids: Collection[str]) -> dict[str, Seen]:
        """Return where these jobs stand."""

    @abstractmethod
    def stop(self, job_id: str, *, hard: bool) -> None:
        """Have the job end: asked to, or `hard` killed. One that has ended is let be."""

    @abstractmethod
    def start_log(self, run_id: str) -> str:
        """Return the end of what was printed outside the script: why a supervisor did not start."""

    @abstractmethod
    def forget(self, run_id: str) -> None:
        """Remove what is kept here of a job that has ended."""

    def words(self, run_id: str) -> list[str]:
        """The command that executes the run."""
        python = str(self.settings.get("python") or sys.executable)
        return [python, "-m", "studio.client.cli", "run", "exec", run_id]

    def environment(self, order: Order) -> dict[str, str]:
        """What the supervisor finds around it."""
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        own = {"STUDIO_URL": order.url, "STUDIO_TOKEN": order.token, "STUDIO_WORKSPACE": order.workspace}
        if not self.settings.get("python"):  # the server's own, which may run from a checkout
            own |= {"PYTHONPATH": str(PACKAGES), "STUDIO_SCRIPT_PYTHONPATH": ""}
        return {**kept, **own}


def end_of(file: Path) -> str:
    """The last lines of a file; empty where there is none."""
    try:
        with file.open("rb") as opened:
            opened.seek(0, os.SEEK_END)
            opened.seek(max(0, opened.tell() - LOG_BYTES))
            return opened.read().decode("utf-8", "replace").replace("\x00", "�").strip()
    except OSError:
        return ""
