"""A workspace: the people who work together, and their experiments."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.address import find_address
from studio.client.http import Client, Request, segment, with_json

if TYPE_CHECKING:
    from studio.client.run import Run
    from studio.client.view import Views


class Workspace:
    """A workspace of a studio; which one is found as `studio.client.address` says, unless `url` names it."""

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
    ) -> None:
        """`subscription_id` and `resource_group` are the cloud's: accepted so that scripts run, not used."""
        self._connect(url, token, workspace_name, None)

    def _connect(
        self, url: str | None, token: str | None, name: str | None, folder: str | Path | None
    ) -> None:
        address = find_address(url, token, name, folder=folder)
        self._name = address.workspace
        self._source = address.source
        self.client = Client(address.url, address.token)

    @staticmethod
    def from_config(
        path: str | Path | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        workspace: str | None = None,
    ) -> "Workspace":
        """Return the workspace that is configured here.

        Looked for in this order: the arguments, STUDIO_URL with STUDIO_TOKEN and STUDIO_WORKSPACE,
        `.studio/config.json` in `path` (the working folder by default) or above it, the login of `studio
        login`, a studio that runs on this machine. Raises UserErrorException that says what to do when there
        is none. Does not ask the studio.
        """
        found = Workspace.__new__(Workspace)
        place = Path(path) if path else None
        found._connect(url, token, workspace, place.parent if place and place.is_file() else place)
        return found

    @property
    def name(self) -> str:
        """The name of the workspace."""
        return self._name

    def get_run(self, run_id: str) -> "Run":
        """Return the run with this id. Raises ServiceException when there is none."""
        from studio.client.run import Run

        return Run.get(self, run_id)

    def get_runs(
        self,
        *,
        filter: str | None = None,
        search: str | None = None,
        order_by: str | None = None,
        experiment: str | None = None,
        include_children: bool = False,
        archived: bool = False,
        mine: bool = False,
    ) -> Iterator["Run"]:
        """Yield the runs that a list of the studio shows for the same words, newest first unless ordered.

        `filter` is a filter as on the runs page, `search` words to find, `order_by` columns by commas with `-`
        for descending. `archived`: those in the archive instead. Pages are asked for as they are wanted.
        """
        from studio.client.experiment import Experiment
        from studio.client.run import Run

        switches = {"include_children": include_children, "archived": archived, "mine": mine}
        asked = {name: "true" for name, is_on in switches.items() if is_on}
        words: dict[str, Any] = {"filter": filter, "q": search, "sort": order_by, "experiment": experiment}
        for found in self.client.pages(
            f"workspaces/{segment(self._name)}/runs/", limit=200, **words, **asked
        ):
            yield Run(Experiment._known(self, found["experiment"]), found["id"], _found=found)

    @property
    def views(self) -> "Views":
        """The saved views that this user may open."""
        from studio.client.view import Views

        return Views(self)

    def get_details(self) -> dict[str, Any]:
        """Return what the studio says of this workspace."""
        found: dict[str, Any] = self.client.get(f"workspaces/{segment(self._name)}/")
        return found

    def post_once(self, path: str, body: dict[str, Any], *, attempts: int | None = None) -> dict[str, Any]:
        """Send a POST that is the same the second time, so that it may be repeated."""
        request = with_json(Request("POST", path, timeout_s=10.0), body)
        request.may_repeat = True
        found: dict[str, Any] = self.client.json(request, attempts=attempts)
        return found

    def __repr__(self) -> str:
        return f"Workspace(Name: {self._name},\nStudio: {self.client.url})"
