"""Saved views of a workspace: lists of runs that people keep and share under a name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from studio.client.errors import UserErrorException
from studio.client.http import segment

if TYPE_CHECKING:
    from studio.client.run import Run
    from studio.client.workspace import Workspace


class View:
    """A saved view as it was when it was read; `runs()` asks for its runs as they are now."""

    def __init__(self, workspace: "Workspace", found: dict[str, Any]) -> None:
        self._workspace = workspace
        self._found = found

    @property
    def id(self) -> int:
        """The number of the view."""
        return int(self._found["id"])

    @property
    def name(self) -> str:
        """Its name; names may come twice."""
        return str(self._found["name"])

    @property
    def description(self) -> str:
        """What its owner says of it."""
        return str(self._found["description"])

    @property
    def owner(self) -> str | None:
        """The user name of its owner, or None when the account is gone."""
        owner: str | None = self._found["owner"]
        return owner

    @property
    def sharing(self) -> str:
        """`private`, or what the workspace may do with it: `view` or `edit`."""
        return str(self._found["sharing"])

    @property
    def experiment(self) -> str | None:
        """The experiment whose runs it shows; None for all runs."""
        name: str | None = self._found["experiment"]
        return name

    @property
    def filter(self) -> str:
        """All its conditions as one filter, as `Workspace.get_runs` takes it."""
        return str(self._found["filter"] or "")

    @property
    def search(self) -> str:
        """The words that it searches for."""
        return str(self._found["search"])

    @property
    def order_by(self) -> str:
        """Its order as `Workspace.get_runs` takes it; empty for newest first."""
        return str(self._found["sort"])

    @property
    def columns(self) -> list[str]:
        """The columns it shows; empty for those of the list it opens on."""
        return list(self._found["columns"])

    @property
    def state(self) -> dict[str, list[str]]:
        """Everything it keeps of the address of a list: parameters with their texts."""
        return {name: list(texts) for name, texts in self._found["state"].items()}

    @property
    def url(self) -> str:
        """The address that opens it in a browser, for every member who may see it."""
        return f"{self._workspace.client.url}{self._found['url']}"

    def runs(self) -> "Iterator[Run]":
        """Yield the runs that it finds now, in its order. Pages are asked for as they are wanted."""
        from studio.client.experiment import Experiment
        from studio.client.run import Run

        for found in self._workspace.client.pages(f"{_path(self._workspace)}{self.id}/runs/", limit=200):
            yield Run(Experiment._known(self._workspace, found["experiment"]), found["id"], _found=found)

    def to_dict(self) -> dict[str, Any]:
        """Return everything that the studio said of it."""
        return dict(self._found)

    def __repr__(self) -> str:
        return f"View(Id: {self.id},\nName: {self.name},\nWorkspace: {self._workspace.name})"


class Views:
    """The views that the user may open: go through them, or `get` one."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace

    def __iter__(self) -> Iterator[View]:
        return self.list()

    def list(
        self, *, search: str | None = None, scope: str | None = None, experiment: str | None = None
    ) -> Iterator[View]:
        """Yield views by name; `scope` leaves those that are `mine`, `shared` by others or `starred`."""
        wanted: dict[str, Any] = {"q": search, "scope": scope, "experiment": experiment}
        for found in self._workspace.client.pages(_path(self._workspace), **wanted):
            yield View(self._workspace, found)

    def get(self, view: int | str) -> View:
        """Return the view of this number or name.

        Raises ServiceException when there is none of that number, UserErrorException when none or several have
        the name. A name of digits alone is taken for a number.
        """
        if isinstance(view, int) or (view.isascii() and view.isdecimal()):
            found = self._workspace.client.get(f"{_path(self._workspace)}{view}/")
            return View(self._workspace, found)
        named = [one for one in self.list(search=view) if one.name == view]
        if len(named) == 1:
            return named[0]
        if not named:
            raise UserErrorException(
                f"There is no view {view!r} in {self._workspace.name}, or it is not shared with you."
            )
        each = ", ".join(f"{one.id} of {one.owner or 'nobody'}" for one in named)
        raise UserErrorException(f"There are several views {view!r}; name one by its number: {each}.")

    def __repr__(self) -> str:
        return f"Views(Workspace: {self._workspace.name})"


def _path(workspace: "Workspace") -> str:
    return f"workspaces/{segment(workspace.name)}/views/"
