"""A workspace: the people who work together, and their experiments."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.address import find_address
from studio.client.errors import ServiceException, WorkspaceException
from studio.client.http import Client, Request, segment, with_json

if TYPE_CHECKING:
    from studio.client.compute import ComputeTarget
    from studio.client.experiment import Experiment
    from studio.client.model import Model
    from studio.client.run import Run
    from studio.client.view import Views


class Workspace:
    """A workspace of a studio; which one is found as `studio.client.address` says, unless `url` names it."""

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        auth: Any = None,
        sku: str = "basic",
        tags: Mapping[str, Any] | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
    ) -> None:
        """`auth`: a token as text, or any of the cloud's objects, which are not needed here.

        `subscription_id`, `resource_group`, `sku` and `tags` are the cloud's: accepted so that scripts run.
        """
        self._subscription_id, self._resource_group = subscription_id or "", resource_group or ""
        self._connect(url, token or _token_of(auth), workspace_name, None)

    def _connect(
        self, url: str | None, token: str | None, name: str | None, folder: str | Path | None
    ) -> None:
        address = find_address(url, token, name, folder=folder)
        self._name = address.workspace
        self._source = address.source
        self.client = Client(address.url, address.token, offline=address.offline)

    @classmethod
    def _at(cls, name: str, client: Client) -> "Workspace":
        """Return a workspace of the studio that this client speaks to, without asking."""
        found = cls.__new__(cls)
        found._subscription_id = found._resource_group = ""
        found._name, found._source, found.client = name, "another workspace", client
        return found

    @staticmethod
    def from_config(
        path: str | Path | None = None,
        auth: Any = None,
        *,
        url: str | None = None,
        token: str | None = None,
        workspace: str | None = None,
    ) -> "Workspace":
        """Return the workspace that is configured here.

        Looked for in this order: the arguments, STUDIO_URL with STUDIO_TOKEN and STUDIO_WORKSPACE,
        `.studio/config.json` in `path` (the working folder by default) or above it, or the file that `path`
        names, the login of `studio login`, a studio that runs on this machine. Raises UserErrorException that
        says what to do when there is none. Does not ask the studio.
        """
        found = Workspace.__new__(Workspace)
        found._subscription_id = found._resource_group = ""
        found._connect(url, token or _token_of(auth), workspace, path)
        return found

    @staticmethod
    def get(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> "Workspace":
        """Return the workspace of this name in the configured studio. Raises WorkspaceException if there is none.

        Everything but `name` and `auth` is the cloud's and not used.
        """
        found = Workspace(subscription_id, resource_group, name, auth)
        try:
            found.get_details()
        except ServiceException as refusal:
            if refusal.status_code == 404:
                raise WorkspaceException(str(refusal)) from refusal
            raise
        return found

    @staticmethod
    def create(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        create_resource_group: bool = True,
        sku: str = "basic",
        tags: Mapping[str, Any] | None = None,
        friendly_name: str | None = None,
        storage_account: str | None = None,
        key_vault: str | None = None,
        app_insights: str | None = None,
        container_registry: str | None = None,
        adb_workspace: str | None = None,
        primary_user_assigned_identity: str | None = None,
        cmk_keyvault: str | None = None,
        resource_cmk_uri: str | None = None,
        hbi_workspace: bool = False,
        default_cpu_compute_target: Any = None,
        default_gpu_compute_target: Any = None,
        private_endpoint_config: Any = None,
        private_endpoint_auto_approval: bool = True,
        exist_ok: bool = False,
        show_output: bool = True,
        user_assigned_identity_for_cmk_encryption: str | None = None,
        system_datastores_auth_mode: str = "accessKey",
        v1_legacy_mode: bool | None = None,
    ) -> "Workspace":
        """Make a workspace in the configured studio and return it; for the owner of the installation.

        `friendly_name` becomes its description. With `exist_ok` one that is there is returned. Everything else is
        the cloud's and not used. Raises WorkspaceException when it is there, ServiceException for any refusal.
        """
        made = Workspace(subscription_id, resource_group, name, auth)
        known = {one["name"] for one in made.client.get("workspaces/")["results"]}
        if name in known and not exist_ok:
            raise WorkspaceException(
                f"There is a workspace {name!r} already; exist_ok=True takes the one that is there."
            )
        if name not in known:
            made.client.post("workspaces/", {"name": name, "description": friendly_name or ""})
        return made

    @staticmethod
    def list(
        subscription_id: str | None = None, auth: Any = None, resource_group: str | None = None
    ) -> dict[str, Sequence["Workspace"]]:
        """Return {name: [workspace]} of those that I am in. The lists hold one each, as names are unique here.

        `subscription_id` and `resource_group` are the cloud's and not used.
        """
        client = Workspace.from_config(auth=auth).client
        return {
            one["name"]: [Workspace._at(one["name"], client)] for one in client.get("workspaces/")["results"]
        }

    @property
    def name(self) -> str:
        """The name of the workspace."""
        return self._name

    @property
    def location(self) -> str:
        """Where the workspace lies: the address of the studio. In the cloud it is a region."""
        return self.client.url

    @property
    def subscription_id(self) -> str:
        """What the constructor was given. Of the cloud; a studio has no subscriptions, and it is often empty."""
        return self._subscription_id

    @property
    def resource_group(self) -> str:
        """What the constructor was given. Of the cloud; a studio has no resource groups, and it is often empty."""
        return self._resource_group

    @property
    def tags(self) -> dict[str, str]:
        """Always empty: of the cloud; a workspace has a description here, and its runs have tags."""
        return {}

    @property
    def experiments(self) -> dict[str, "Experiment"]:
        """The experiments that are not archived, by name."""
        from studio.client.experiment import Experiment

        return {one.name: one for one in Experiment.list(self)}

    @property
    def compute_targets(self) -> dict[str, "ComputeTarget"]:
        """Where scripts can be submitted to, by name: `local`, this machine, and what owners have attached."""
        from studio.client.compute import ComputeTarget

        return {target.name: target for target in ComputeTarget.list(self)}

    @property
    def models(self) -> dict[str, "Model"]:
        """The models that runs of the workspace have registered, by name; of each name the newest."""
        from studio.client.model import registered_models

        return registered_models(self)

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

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write `.studio/config.json` below `path`, the working folder by default: studio and workspace, no token.

        `Workspace.from_config()` finds it from there and from folders below.
        """
        import json

        folder = Path(path or ".") / ".studio"
        folder.mkdir(parents=True, exist_ok=True)
        written = {"url": self.client.url, "workspace": self._name}
        (folder / (file_name or "config.json")).write_text(json.dumps(written, indent=2) + os.linesep)

    def get_mlflow_tracking_uri(self) -> str:
        """Return the address of the studio, in the form of a tracking URI."""
        return self.client.url

    def post_once(self, path: str, body: dict[str, Any], *, attempts: int | None = None) -> dict[str, Any]:
        """Send a POST that is the same the second time, so that it may be repeated."""
        request = with_json(Request("POST", path, timeout_s=10.0), body)
        request.may_repeat = True
        found: dict[str, Any] = self.client.json(request, attempts=attempts)
        return found

    def __repr__(self) -> str:
        return f"Workspace(Name: {self._name},\nStudio: {self.client.url})"

    def _repr_html_(self) -> str:
        """The workspace as a notebook shows it."""
        from studio.client.notebook import table_html

        page = f"{self.client.url}/w/{segment(self._name)}/"
        return table_html({"Workspace": self._name, "Studio": self.client.url}, page)


def _token_of(auth: Any) -> str | None:
    """The cloud has objects that sign in; of them only what holds a token of ours is of use."""
    token = auth if isinstance(auth, str) else getattr(auth, "token", None)
    return token if isinstance(token, str) and token else None
