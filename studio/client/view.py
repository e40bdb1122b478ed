"""Saved views of a workspace: lists of runs that people keep and share under a name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from studio.client.errors import UserErrorException
from studio.client.http import segment

if TYPE_CHECKING:
    from studio.client.run import Run
    from studio.client.workspace import Workspace


class View:
    """A saved view as it was when it was read or changed; `runs()` asks for its runs as they are now."""

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

        for found in self._workspace.client.pages(f"{self._path}runs/", limit=200):
            yield Run(Experiment._known(self._workspace, found["experiment"]), found["id"], _found=found)

    def update(
        self,
        *,
        name: str | None = None,
        description: str | None = None,
        sharing: str | None = None,
        **shown: Any,
    ) -> "View":
        """Change what is named, all of it or nothing; the rest stays. Returns this view as it is then.

        `shown`: `filter`, `search`, `order_by`, `columns` or the whole `state`, as `Views.create` takes them; an
        empty one is taken away. Raises ServiceException when somebody has changed the view since it was read.
        """
        said = {"name": name, "description": description, "sharing": sharing}
        body: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
        if shown:
            body["state"] = _state(self.state, **shown)
        found = self._workspace.client.patch(self._path, body | {"version": self._found["version"]})
        self._found = found
        return self

    def duplicate(self, name: str | None = None) -> "View":
        """Make a private copy of my own; its name is the old one with "copy" unless said."""
        body = {"name": name} if name else {}
        return View(self._workspace, self._workspace.client.post(f"{self._path}duplicate/", body))

    def delete(self) -> None:
        """Delete it; for 30 days it can be restored. Twice is not an error."""
        self._workspace.client.delete(self._path)

    def restore(self) -> "View":
        """Bring it back after `delete`, with its stars. Returns this view."""
        self._found = self._workspace.client.post(f"{self._path}restore/")
        return self

    def star(self) -> None:
        """Star it for me."""
        self._workspace.client.put(f"{self._path}star/", {})

    def unstar(self) -> None:
        """Take my star away."""
        self._workspace.client.delete(f"{self._path}star/")

    @property
    def _path(self) -> str:
        return f"{_path(self._workspace)}{self.id}/"

    def to_dict(self) -> dict[str, Any]:
        """Return everything that the studio said of it."""
        return dict(self._found)

    def __repr__(self) -> str:
        return f"View(Id: {self.id},\nName: {self.name},\nWorkspace: {self._workspace.name})"


class Views:
    """The views that the user may open: go through them, `get` one, or `create` one."""

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

    def create(
        self,
        name: str,
        *,
        description: str = "",
        sharing: str = "private",
        experiment: str | None = None,
        **shown: Any,
    ) -> View:
        """Keep a list of runs under a name. Readers of a workspace may keep private ones.

        `sharing`: `private`, or what the workspace may do with it, `view` or `edit`. `experiment`: it opens on the page
        of this one, else on All runs. `shown` is what it keeps: `filter`, `search`, `order_by` and `columns` (names, or
        one text with commas) as `Workspace.get_runs` takes them; or in `state` any parameters of the address of a list.
        """
        body = {"name": name, "description": description, "sharing": sharing, "experiment": experiment}
        made = self._workspace.client.post(_path(self._workspace), body | {"state": _state({}, **shown)})
        return View(self._workspace, made)

    def deleted(self) -> Iterator[View]:
        """Yield those deleted in the last 30 days that I may restore."""
        for found in self._workspace.client.pages(_path(self._workspace), deleted="true"):
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


def _state(
    before: Mapping[str, Any],
    *,
    filter: str | None = None,
    search: str | None = None,
    order_by: str | None = None,
    columns: str | Iterable[str] | None = None,
    state: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a view keeps of an address: `before`, or `state` in its place, with what is given instead."""
    listed = columns if columns is None or isinstance(columns, str) else ",".join(columns)
    given = {"filter": filter, "q": search, "sort": order_by, "columns": listed}
    kept = dict(before if state is None else state)
    kept |= {name: text for name, text in given.items() if text is not None}
    return {name: value for name, value in kept.items() if value}


def _path(workspace: "Workspace") -> str:
    return f"workspaces/{segment(workspace.name)}/views/"
