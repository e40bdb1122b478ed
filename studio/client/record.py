"""What every run object knows of its run: where it is, what the studio says of it, how to change it."""

from typing import TYPE_CHECKING, Any

from studio.client.errors import UnreachableException
from studio.client.heart import ENDED, Live
from studio.client.http import Client, segment
from studio.client.operation import Operation, change
from studio.client.process import recorder_for
from studio.client.recorder import Recorder

if TYPE_CHECKING:
    from studio.client.experiment import Experiment

# How long a call waits for the studio's word. A studio that is known to be away is not waited for.
PROMPT_S = 5.0
READ_FLUSH_S = 10.0


class RunRecord:
    """The part of a run that the other parts build on."""

    def __init__(
        self,
        experiment: "Experiment",
        run_id: str,
        outputs: str | None = None,
        *,
        _found: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """`outputs` and further keyword arguments are the cloud's: a run that exists tracks no folder."""
        self._experiment = experiment
        self._id = run_id
        self._client: Client = experiment.workspace.client
        self._recorder: Recorder = recorder_for(self._client)
        self._found = _found or {}
        self._live: Live | None = None
        # How often each picture's path was logged.
        self._pictures: dict[str, int] = {}

    @property
    def id(self) -> str:
        """The id of the run, unique in the studio."""
        return self._id

    @property
    def experiment(self) -> "Experiment":
        """The experiment that the run belongs to."""
        return self._experiment

    @property
    def number(self) -> int | None:
        """The number of the run in its experiment; None while the studio has not seen the run."""
        found = self._known().get("number")
        return int(found) if found is not None else None

    @property
    def type(self) -> str | None:
        """The kind of run, as its creator named it."""
        return self._known().get("type")

    @property
    def name(self) -> str | None:
        """The display name."""
        return self.display_name

    @property
    def display_name(self) -> str | None:
        """The name that people see; may be set."""
        return self._known().get("display_name")

    @display_name.setter
    def display_name(self, value: str) -> None:
        self._patch("display_name", value)

    @property
    def description(self) -> str | None:
        """The description, in Markdown; may be set."""
        return self._known().get("description")

    @description.setter
    def description(self, value: str | None) -> None:
        self._patch("description", value or "")

    def _patch(self, name: str, value: str) -> None:
        self._change(change(self._id, "details", "", {name: value}, method="PATCH"))
        self._found[name] = value

    @property
    def status(self) -> str:
        """The status when it was last read; `get_status` asks the studio."""
        return str(self._found.get("status") or self.get_status())

    def get_status(self) -> str:
        """Return the status now.

        Of a run that this program executes, the last known one while the studio is away.
        """
        if self._found.get("status") in ENDED:
            return str(self._found["status"])
        try:
            return str(self._fetch()["status"])
        except UnreachableException:
            if self._live is None:
                raise
            return str(self._found.get("status", "Running"))

    def get_detailed_status(self) -> dict[str, Any]:
        """Return {"status": …, "details": …}: the details say why it is so, where the studio knows."""
        run = self._fetch()
        return {"status": run["status"], "details": run.get("status_reason") or None}

    def get_details(self) -> dict[str, Any]:
        """Return what is known of the run, under the cloud's names; `logFiles` holds each log's address."""
        run = self._fetch()
        details: dict[str, Any] = {
            "runId": run["id"],
            "target": run.get("target") or "sdk",
            "status": run["status"],
            "startTimeUtc": run.get("started_at"),
            "services": {},
            "warnings": [],
            "properties": run.get("properties", {}),
            "inputDatasets": self.get_inputs()["data"],
            "outputDatasets": [],
            "runDefinition": {"script": run.get("script"), "arguments": run.get("arguments")},
            "logFiles": self._log_addresses(),
            "submittedBy": run.get("created_by"),
        }
        if run.get("ended_at"):
            details["endTimeUtc"] = run["ended_at"]
        if run.get("error"):
            details["error"] = {"error": run["error"]}
        return details

    def get_inputs(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the run read and made as it said by MLflow's client, {"data": […], "models": […]}.

        Data have a name, digest, source, schema, context and tags; models an id, name, type, status, the run that made
        them (`made_by`) and the folder of their files there. The first thousand of each.
        """
        found: dict[str, list[dict[str, Any]]] = self._client.get(self._path("inputs/"))
        return found

    def _log_addresses(self) -> dict[str, str]:
        files = self._client.pages(self._path("files/"), "files")
        base = f"{self._client.url}/api/v1/{self._path('files/')}"
        return {
            file["path"]: base + segment(file["path"]).replace("%2F", "/") for file in files if file["is_log"]
        }

    def get_portal_url(self) -> str:
        """Return the address of the run's page, empty where no studio is known."""
        if not self._client.url:
            return ""
        workspace = segment(self._experiment.workspace.name)
        return f"{self._client.url}/w/{workspace}/runs/{segment(self._id)}/"

    @property
    def portal_url(self) -> str:
        """The address of the run's page."""
        return self.get_portal_url()

    def flush(self, timeout_seconds: float = 300) -> bool:
        """Send everything logged so far. False when the studio is away: then it is on disk and sent later."""
        return self._recorder.flush(timeout_seconds)

    def _path(self, rest: str = "") -> str:
        return f"runs/{segment(self._id)}/{rest}"

    def _known(self) -> dict[str, Any]:
        return self._found if self._found else self._fetch()

    def _fetch(self) -> dict[str, Any]:
        """Read the run anew, after what this program has logged of it."""
        self._recorder.settle(READ_FLUSH_S)
        self._found = self._client.get(self._path())
        return self._found

    def _change(self, operation: Operation) -> dict[str, Any] | None:
        """Change the run.

        Returns the answer, or None when the studio is away and the change is kept for later.
        """
        return self._recorder.submit(operation).wait(PROMPT_S)

    def __repr__(self) -> str:
        shown = {"Experiment": self._experiment.name, "Id": self._id, "Type": self._found.get("type") or None}
        shown["Status"] = self._found.get("status", "not read yet")
        lines = ",\n".join(f"{name}: {value}" for name, value in shown.items())
        return f"Run({lines})"
