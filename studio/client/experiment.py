"""An experiment: a name under which runs belong together."""

import re
from collections.abc import Mapping
from typing import Any

from studio.client.errors import UnreachableException, UserErrorException
from studio.client.http import segment
from studio.client.run import Run, start_fields
from studio.client.workspace import Workspace

NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}")
NAME_RULE = (
    "Experiment name must be between 1 and 255 characters long. Its first character has to be alphanumeric, "
    "and the rest may contain hyphens and underscores. No whitespace is allowed."
)


class Experiment:
    """`Experiment(workspace, name)` is the experiment of that name; it is made when there is none."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        if not NAME.fullmatch(name):
            raise UserErrorException(NAME_RULE)
        self._workspace = workspace
        self._name = name
        self._found: dict[str, Any] = {}
        try:
            self._found = self._get_or_create(attempts=1)
        except UnreachableException:
            pass  # its first run makes it, when the studio is back

    @classmethod
    def _known(cls, workspace: Workspace, name: str) -> "Experiment":
        """Return an experiment that is known to exist, without asking."""
        experiment = cls.__new__(cls)
        experiment._workspace, experiment._name, experiment._found = workspace, name, {}
        return experiment

    def _get_or_create(self, attempts: int | None = None) -> dict[str, Any]:
        path = f"workspaces/{segment(self._workspace.name)}/experiments/"
        # Getting or creating by name is the same the second time, so the name is a key of its own.
        return self._workspace.post_once(path, {"name": self._name}, attempts=attempts)

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def workspace(self) -> Workspace:
        """The workspace that it belongs to."""
        return self._workspace

    @property
    def id(self) -> str:
        """The id that the studio gave it."""
        self._found = self._found or self._get_or_create()
        return str(self._found["id"])

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags of the experiment."""
        self._found = self._found or self._get_or_create()
        return dict(self._found.get("tags") or {})

    def get_portal_url(self) -> str:
        """Return the address of the experiment's page."""
        workspace = segment(self._workspace.name)
        return f"{self._workspace.client.url}/w/{workspace}/experiments/{segment(self._name)}/"

    @property
    def portal_url(self) -> str:
        """The address of the experiment's page."""
        return self.get_portal_url()

    def start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        *,
        display_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        interrupt_on_cancel: bool = True,
        capture_console: bool = True,
        monitor: bool | None = None,
    ) -> Run:
        """Begin a run of this program and return it; best used with `with`.

        The run's link is printed, and what the program prints is kept as `user_logs/std_log.txt`. While the
        studio is away the run begins all the same, and everything is sent later. `interrupt_on_cancel`: when
        somebody cancels the run, raise KeyboardInterrupt in the main thread; otherwise look at
        `run.cancel_requested`. `monitor`: whether to sample processor, memory, disk, network and GPUs
        while the run goes on; None asks STUDIO_MONITOR, and is yes where that is not 0.
        """
        labels: dict[str, Any] = {"tags": tags, "properties": properties, "params": params}
        fields = start_fields(display_name or name, run_id, description, labels)
        return Run.begin(
            self, fields, interrupt=interrupt_on_cancel, capture=capture_console, monitor=monitor
        )

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"
