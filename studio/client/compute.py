"""Where scripts can be submitted to: this machine, called `local`, and what owners have attached to the workspace."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.client.errors import ComputeTargetException, ServiceException
from studio.client.http import segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.client.workspace import Workspace

LOCAL = "local"
UNKNOWN = (
    "The compute target {!r} does not exist in the workspace {}. `ws.compute_targets` has those that do; 'local' is "
    "the machine that submits."
)
NOT_MADE = "Machines are made by clouds, not by a studio: attach {} instead."
# What the studio says of an engine, in the cloud's words.
_STATES = {"ready": "Succeeded", "failing": "Failed"}
LOOK_S, CHECK_PATIENCE_S = 0.5, 120.0


class AttachConfiguration:
    """What `ComputeTarget.attach` takes: the kind of engine, its settings, and its token where it asks for one."""

    def __init__(
        self, kind: str, settings: Mapping[str, Any], enabled: bool | None = None, token: str | None = None
    ) -> None:
        self.kind = kind
        self.settings = {key: value for key, value in settings.items() if value is not None}
        self.enabled = enabled
        self.token = token

    def __repr__(self) -> str:
        return f"AttachConfiguration(kind={self.kind}, settings={self.settings})"


class ComputeTarget:
    """A place that runs scripts. `ComputeTarget(workspace, "local")` is this machine."""

    def __init__(self, workspace: "Workspace | None", name: str) -> None:
        """Raises ComputeTargetException when the workspace has no target of that name."""
        self.workspace = workspace
        self._name = name
        self._found: dict[str, Any] = {}
        if name != LOCAL:
            self._refresh()

    @staticmethod
    def _known(workspace: "Workspace", found: dict[str, Any]) -> "ComputeTarget":
        target = ComputeTarget(workspace, LOCAL)
        target._name, target._found = found["name"], found
        return target

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def type(self) -> str:
        """The kind of target: `local`, `ray`, `slurm`."""
        return str(self._found.get("kind", LOCAL))

    @staticmethod
    def list(workspace: "Workspace") -> "Sequence[ComputeTarget]":
        """Return the targets of a workspace, this machine first."""
        found = workspace.client.get(_path(workspace))["results"]
        attached = [ComputeTarget._known(workspace, each) for each in found]
        return [ComputeTarget(workspace, LOCAL), *attached]

    @staticmethod
    def attach(workspace: "Workspace", name: str, attach_configuration: Any) -> "ComputeTarget":
        """Attach an engine, as an owner of the workspace; `wait_for_completion` then waits until it is known to work.

        `attach_configuration` comes from `RayCompute.attach_configuration(...)`, or that of SlurmCompute or
        ServerCompute. Raises ComputeTargetException that says what is not right.
        """
        if not isinstance(attach_configuration, AttachConfiguration):
            raise ComputeTargetException(
                "attach_configuration is made by attach_configuration() of RayCompute, SlurmCompute or "
                f"ServerCompute, not {type(attach_configuration).__name__}."
            )
        body: dict[str, Any] = {"name": name, "kind": attach_configuration.kind}
        body["settings"] = attach_configuration.settings
        for key in ("enabled", "token"):
            if (value := getattr(attach_configuration, key)) is not None:
                body[key] = value
        return ComputeTarget._known(workspace, _asked(workspace, "POST", _path(workspace), body))

    @staticmethod
    def create(workspace: "Workspace", name: str, provisioning_configuration: Any) -> "ComputeTarget":
        """Raise ComputeTargetException: machines are made by clouds, not by a studio."""
        raise ComputeTargetException(NOT_MADE.format(name))

    def get_status(self) -> str:
        """Return "Succeeded" when the engine answers, "Failed", or "Creating" while it is being asked."""
        if self._name == LOCAL:
            return "Succeeded"
        self._refresh()
        return _STATES.get(self._found["state"], "Creating")

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False) -> None:
        """Return when the engine answers. Raises ComputeTargetException with its reason when it does not."""
        if is_delete_operation:
            return
        until, status = time.monotonic() + CHECK_PATIENCE_S, self.get_status()
        while status == "Creating" and time.monotonic() < until:
            time.sleep(LOOK_S)
            status = self.get_status()
        if show_output:
            print(status)
        if status == "Creating":
            raise ComputeTargetException(
                f"{self._name} was not asked within {CHECK_PATIENCE_S:.0f} s: is the studio's worker running?"
            )
        if status == "Failed":
            raise ComputeTargetException(f"{self._name} does not answer: {self._found['state_reason']}")

    def serialize(self) -> dict[str, Any]:
        """Return what the studio says of the target."""
        return dict(self._found) or {"name": LOCAL, "kind": LOCAL}

    def enable(self) -> None:
        """Switch it on: it takes runs. On the server's own machine and Slurm this is the installation owner's."""
        self._change({"enabled": True})

    def disable(self) -> None:
        """Switch it off: what waits in its queue goes on waiting, what was started goes on."""
        self._change({"enabled": False})

    def delete(self) -> None:
        """Detach it; the machines of an engine are not the studio's to delete."""
        self.detach()

    def detach(self) -> None:
        """Forget it. Raises ComputeTargetException while runs wait for it or are on it, and for `local`."""
        workspace = self._attached("detached")
        _asked(workspace, "DELETE", _path(workspace, self._name))

    def _change(self, body: dict[str, Any]) -> None:
        workspace = self._attached("switched")
        self._found = _asked(workspace, "PATCH", _path(workspace, self._name), body)

    def _refresh(self) -> None:
        if self.workspace is None:
            raise ComputeTargetException(UNKNOWN.format(self._name, "at hand"))
        try:
            self._found = self.workspace.client.get(_path(self.workspace, self._name))
        except ServiceException as refusal:
            if refusal.status_code != 404:
                raise
            raise ComputeTargetException(UNKNOWN.format(self._name, self.workspace.name)) from refusal

    def _attached(self, what: str) -> "Workspace":
        if self._name == LOCAL or self.workspace is None:
            raise ComputeTargetException(f"'local' is this machine: it cannot be {what}.")
        return self.workspace

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name}, type={self.type})"


class LocalTarget(ComputeTarget):
    """This machine."""

    def __init__(self) -> None:
        super().__init__(None, LOCAL)


class SlurmCompute(ComputeTarget):
    """A Slurm cluster, by the commands of Slurm on the studio's server."""

    @staticmethod
    def attach_configuration(
        partition: str | None = None,
        account: str | None = None,
        folder: str | None = None,
        python: str | None = None,
        url: str | None = None,
        enabled: bool | None = None,
    ) -> AttachConfiguration:
        """Return what `ComputeTarget.attach` takes. `folder` is shared by server and nodes; `python` starts the runs
        there and has run-studio; `url` is the studio as the nodes reach it. See docs/compute.md.
        """
        settings = {
            "partition": partition,
            "account": account,
            "folder": folder,
            "python": python,
            "url": url,
        }
        return AttachConfiguration("slurm", settings, enabled)


class RayCompute(ComputeTarget):
    """A Ray cluster, by the Jobs API of its dashboard."""

    @staticmethod
    def attach_configuration(
        address: str,
        token: str | None = None,
        private: bool | None = None,
        python: str | None = None,
        url: str | None = None,
        enabled: bool | None = None,
    ) -> AttachConfiguration:
        """Return what `ComputeTarget.attach` takes. `address`: where the dashboard answers, and `token` what it asks
        for, which nobody is told again; `private`: it may lie in the private network of the studio's server. `python`
        starts the runs there and has run-studio; `url` is the studio as Ray's machines reach it. See docs/compute.md.
        """
        settings = {"address": address, "private": private, "python": python, "url": url}
        return AttachConfiguration("ray", settings, enabled, token)


class ServerCompute(ComputeTarget):
    """The machine of the studio itself. Scripts run there as the user of the server."""

    @staticmethod
    def attach_configuration(
        slots: int | None = None,
        python: str | None = None,
        url: str | None = None,
        enabled: bool = False,
        cpus: int | None = None,
        gpus: int | None = None,
        memory_mb: int | None = None,
    ) -> AttachConfiguration:
        """Return what `ComputeTarget.attach` takes; it is switched off unless said.

        `slots`: how many runs at once. `cpus`, `gpus`, `memory_mb`: what there is for runs together; a run that asks
        for some waits until it is free. Not counted where they are left out.
        """
        counted = {"cpus": cpus, "gpus": gpus, "memory_mb": memory_mb}
        return AttachConfiguration(
            "local", {"slots": slots, "python": python, "url": url, **counted}, enabled
        )


def _path(workspace: "Workspace", name: str | None = None) -> str:
    path = f"workspaces/{segment(workspace.name)}/computetargets/"
    return path if name is None else f"{path}{segment(name)}/"


def _asked(workspace: "Workspace", method: str, path: str, body: Any = None) -> Any:
    client = workspace.client
    try:
        if method == "DELETE":
            return client.delete(path)
        return client.post(path, body) if method == "POST" else client.patch(path, body)
    except ServiceException as refusal:
        raise ComputeTargetException(str(refusal)) from refusal
