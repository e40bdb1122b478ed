"""An experiment: a name under which runs belong together."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.address import own_run
from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.http import segment
from studio.client.labels import has, tag_text
from studio.client.run import Run, start_fields
from studio.client.workspace import Workspace

if TYPE_CHECKING:
    from studio.client.script import ScriptRunConfig

NAME = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}")
NAME_RULE = (
    "Experiment name must be between 1 and 255 characters long. Its first character has to be alphanumeric, "
    "and the rest may contain hyphens and underscores. No whitespace is allowed."
)
VIEW_TYPES = ("ActiveOnly", "ArchivedOnly", "All")


class Experiment:
    """`Experiment(workspace, name)` is the experiment of that name; it is made when there is none."""

    def __init__(self, workspace: Workspace, name: str, **kwargs: Any) -> None:
        """Further keyword arguments are the cloud's own and not used."""
        if not NAME.fullmatch(name):
            raise UserErrorException(NAME_RULE)
        self._workspace = workspace
        self._name = name
        self._found: dict[str, Any] = {}
        if own_run():
            return  # what a submitted script begins becomes a child of its own run, in the experiment of that one
        try:
            self._found = self._get_or_create(attempts=1)
        except UnreachableException:
            pass  # its first run makes it, when the studio is back

    @classmethod
    def _known(cls, workspace: Workspace, name: str, found: dict[str, Any] | None = None) -> "Experiment":
        """Return an experiment that is known to exist, without asking."""
        experiment = cls.__new__(cls)
        experiment._workspace, experiment._name, experiment._found = workspace, name, found or {}
        return experiment

    def _get_or_create(self, attempts: int | None = None) -> dict[str, Any]:
        path = f"workspaces/{segment(self._workspace.name)}/experiments/"
        # Getting or creating by name is the same the second time, so the name is a key of its own.
        return self._workspace.post_once(path, {"name": self._name}, attempts=attempts)

    def _known_now(self) -> dict[str, Any]:
        self._found = self._found or self._get_or_create()
        return self._found

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
        return str(self._known_now()["id"])

    @property
    def archived_time(self) -> str | None:
        """When it was archived, UTC in ISO 8601; None when it is not."""
        return self._known_now().get("archived_at")

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags when they were last read; `refresh` reads them anew."""
        return dict(self._known_now().get("tags") or {})

    @staticmethod
    def list(
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
        tags: str | Mapping[str, Any] | None = None,
    ) -> Sequence["Experiment"]:
        """Return experiments, newest first: of this name, and with these tags (a key, or keys with values).

        `view_type`: "ActiveOnly", "ArchivedOnly" or "All".
        """
        if view_type not in VIEW_TYPES:
            raise UserErrorException(f"view_type is one of {', '.join(VIEW_TYPES)}, not {view_type!r}.")
        path = f"workspaces/{segment(workspace.name)}/experiments/"
        found = []
        for archived in {"ActiveOnly": (False,), "ArchivedOnly": (True,), "All": (False, True)}[view_type]:
            asked = {"q": experiment_name, "archived": "true" if archived else None}
            for one in workspace.client.pages(path, "results", **asked):
                if experiment_name in (None, one["name"]) and has(one.get("tags") or {}, tags):
                    found.append(Experiment._known(workspace, one["name"], one))
        return found

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Move an experiment to the trash with its runs, where it stays for 30 days.

        Raises ServiceException while one of its runs goes on.
        """
        for experiment in Experiment.list(workspace, view_type="All"):
            if experiment.id == str(experiment_id):
                workspace.client.delete(experiment._path())
                return
        raise UserErrorException(
            f"The workspace {workspace.name} has no experiment of the id {experiment_id}."
        )

    @staticmethod
    def restore_from_trash(workspace: Workspace, experiment_name: str) -> "Experiment":
        """Bring an experiment back from the trash, with the runs that went there with it, and return it."""
        experiment = Experiment._known(workspace, experiment_name)
        experiment._change({"deleted": False})
        return experiment

    def rename(self, new_name: str) -> None:
        """Give it another name. Scripts that log to the old name make a new experiment."""
        if not NAME.fullmatch(new_name):
            raise UserErrorException(NAME_RULE)
        self._change({"name": new_name})
        self._name = new_name

    def archive(self) -> None:
        """Take it out of the list. Its runs stay, and new ones may be logged to it."""
        self._change({"archived": True})

    def reactivate(self, new_name: str | None = None) -> None:
        """Bring it back into the list. `new_name` is refused, as in the cloud: `rename` changes the name."""
        if new_name is not None:
            raise UserErrorException("Leave new_name out: experiment.rename(new_name) changes the name.")
        self._change({"archived": False})

    def refresh(self) -> None:
        """Read it anew."""
        self._found = self._workspace.client.get(self._path())

    def tag(self, key: str, value: Any = None) -> None:
        """Set one tag, with or without a value; the others stay as they are."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set these tags and leave the others. Values that are not text become text, with a warning."""
        self._change({"tags": {str(key): tag_text(key, value) for key, value in tags.items()}})

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove the tags with these keys; keys that are not there are no error."""
        self._change({"remove_tags": [tags] if isinstance(tags, str) else [*tags]})

    def _path(self) -> str:
        return f"workspaces/{segment(self._workspace.name)}/experiments/{segment(self._name)}/"

    def _change(self, body: dict[str, Any]) -> None:
        self._found = self._workspace.client.patch(self._path(), body)

    def get_portal_url(self) -> str:
        """Return the address of the experiment's page, empty where no studio is known."""
        if not self._workspace.client.url:
            return ""
        workspace = segment(self._workspace.name)
        return f"{self._workspace.client.url}/w/{workspace}/experiments/{segment(self._name)}/"

    @property
    def portal_url(self) -> str:
        """The address of the experiment's page."""
        return self.get_portal_url()

    def get_runs(
        self,
        type: str | None = None,
        tags: str | Mapping[str, Any] | None = None,
        properties: str | Mapping[str, Any] | None = None,
        include_children: bool = False,
        *,
        status: str | None = None,
        filter: str | None = None,
    ) -> Iterator[Run]:
        """Yield the runs, newest first, those at the top unless `include_children`.

        `tags` and `properties`: a key that must be there, or keys with their values. `filter` is a filter as on
        the runs page. Pages are asked for as they are wanted.
        """
        return Run.list(self, type, tags, properties, status, include_children, filter=filter)

    def start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | bool | None = None,
        *,
        snapshot_directory: str | Path | None = ".",
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

        The run's link is printed, and what the program prints is kept as `user_logs/std_log.txt`. Files that are
        written to `outputs` (./outputs) are uploaded when the run ends, those of ./logs while it goes on; False
        keeps either from it. While the studio is away the run begins all the same, and everything is sent later.
        `interrupt_on_cancel`: when somebody cancels the run, raise KeyboardInterrupt in the main thread; otherwise
        look at `run.cancel_requested`. `monitor`: whether to sample processor, memory, disk, network and GPUs
        while the run goes on; None asks STUDIO_MONITOR, and is yes where that is not 0.

        `snapshot_directory`: its sources are kept with the run, and what git knows of them; None keeps none.
        This is done beside the training, and when it fails that is told, not raised.
        """
        from studio.client.beginnings import origin, sources_folder
        from studio.client.git import git_properties

        known = {**git_properties(sources_folder(snapshot_directory)), **origin(), **(properties or {})}
        labels: dict[str, Any] = {"tags": tags, "properties": known, "params": params}
        fields = start_fields(display_name or name, run_id, description, labels)
        run = Run.begin(
            self,
            fields,
            interrupt=interrupt_on_cancel,
            capture=capture_console,
            monitor=monitor,
            outputs=outputs,
        )
        run._note_sources(snapshot_directory)
        return run

    def submit(self, config: "ScriptRunConfig", tags: Mapping[str, Any] | None = None, **kwargs: Any) -> Run:
        """Run a script on this machine, in a process of its own, and return its run at once.

        The folder of the script is copied first, so that it may be edited meanwhile. The run goes on when this
        program ends. `run_id` and `display_name` may be given; `run.wait_for_completion(show_output=True)` shows
        what it prints.
        """
        from studio.client.submission import submit

        return submit(self, config, tags=tags, **kwargs)

    def to_pandas(self, filter: str | None = None, *, include_children: bool = False) -> Any:
        """Return the runs as a pandas DataFrame: a row for each, newest first, indexed by id.

        Columns `metrics.loss`, `params.lr`, `tags.team` hold the last values; times are in UTC.
        """
        from studio.client.frame import frame_of

        return frame_of(self.get_runs(filter=filter, include_children=include_children))

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self._name},\nWorkspace: {self._workspace.name})"

    def _repr_html_(self) -> str:
        """The experiment as a notebook shows it."""
        from studio.client.notebook import table_html

        return table_html({"Name": self._name, "Workspace": self._workspace.name}, self.get_portal_url())


def get_run(experiment: Experiment, run_id: str, **kwargs: Any) -> Run:
    """Return the run with this id. Raises ServiceException when there is none in the experiment's workspace."""
    found = Run.get(experiment.workspace, run_id)
    if found.experiment.name != experiment.name:
        raise ServiceException(
            f"The run {run_id} is not in the experiment {experiment.name} but in {found.experiment.name}.",
            status_code=404,
            code="not_found",
        )
    return found
