"""Where scripts can be submitted to. Here it is one place: this machine, called `local`."""

from typing import TYPE_CHECKING, Any

from studio.client.errors import ComputeTargetException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.client.workspace import Workspace

LOCAL = "local"
UNKNOWN = (
    "The compute target {!r} does not exist in the workspace {}. "
    "Scripts can be submitted to 'local', this machine."
)
NO_ENGINE = (
    "This studio runs submitted scripts on the machine that submits them, as the target 'local'; {} cannot be "
    "{} here."
)


class ComputeTarget:
    """A place that runs scripts. `ComputeTarget(workspace, "local")` is this machine."""

    def __init__(self, workspace: "Workspace | None", name: str) -> None:
        """Raises ComputeTargetException when the workspace has no target of that name."""
        if name != LOCAL:
            raise ComputeTargetException(UNKNOWN.format(name, workspace.name if workspace else "at hand"))
        self.workspace = workspace
        self._name = name

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def type(self) -> str:
        """The kind of target: `local`."""
        return LOCAL

    @staticmethod
    def list(workspace: "Workspace") -> "Sequence[ComputeTarget]":
        """Return the targets of a workspace."""
        return [ComputeTarget(workspace, LOCAL)]

    @staticmethod
    def attach(workspace: "Workspace", name: str, attach_configuration: Any) -> "ComputeTarget":
        """Raise ComputeTargetException: there is no engine to attach other machines by."""
        raise ComputeTargetException(NO_ENGINE.format(name, "attached"))

    @staticmethod
    def create(workspace: "Workspace", name: str, provisioning_configuration: Any) -> "ComputeTarget":
        """Raise ComputeTargetException: machines are made by clouds, not by a studio."""
        raise ComputeTargetException(NO_ENGINE.format(name, "created"))

    def get_status(self) -> str:
        """Return "Succeeded": this machine is there."""
        return "Succeeded"

    def wait_for_completion(self, show_output: bool = False, is_delete_operation: bool = False) -> None:
        """Return at once: this machine is ready."""
        if show_output:
            print(self.get_status())

    def delete(self) -> None:
        """Raise ComputeTargetException: this machine belongs to nobody's workspace."""
        raise ComputeTargetException("'local' is this machine: it cannot be deleted.")

    def detach(self) -> None:
        """Raise ComputeTargetException: this machine belongs to nobody's workspace."""
        raise ComputeTargetException("'local' is this machine: it cannot be detached.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name}, type={self.type})"


class LocalTarget(ComputeTarget):
    """This machine."""

    def __init__(self) -> None:
        super().__init__(None, LOCAL)
