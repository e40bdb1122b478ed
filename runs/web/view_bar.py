"""The bar above a list of runs: which saved view this is, whether it was changed, and what may be done with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from django.urls import Resolver404, resolve, reverse

from runs.access import Caller
from runs.access_views import ViewRights, get_view, rights_in_view
from runs.errors import NotFound
from runs.models import SavedView, Workspace
from runs.query.missing import missing_words, named_in, presence
from runs.query.page_state import State, is_same, state_of, state_text
from runs.query.view_runs import own_experiment
from runs.query.views import first_view
from runs.web.address import Address

# `view=default` is what the studio shows by itself, also for those who begin with a view of their own.
BUILT_IN = "default"
PLACES = ("runs", "experiment")
# How a list looks, not which runs it is about; `only` says that what is selected counts.
_LOOKS = {"sort", "columns", "group", "pin", "chart", "open", "selected"}


@dataclass
class ViewBar:
    """Everything the template of the bar needs. Without `view` it is the built-in Default view."""

    workspace: Workspace
    address: Address
    state: State
    view: Any = None
    version: int = 0
    rights: ViewRights = field(default_factory=ViewRights)
    is_gone: bool = False
    missing: list[str] = field(default_factory=list)

    @property
    def is_changed(self) -> bool:
        """Whether the address says other things than the view keeps."""
        return not is_same(self.state, self.kept)

    @property
    def kept(self) -> State:
        """What the view keeps."""
        return state_of(self.view.address) if self.view else {}

    @property
    def is_behind(self) -> bool:
        """Whether somebody has changed the view since this address began from it."""
        return self.view is not None and self.version != self.view.version

    @property
    def state_text(self) -> str:
        """The state, for a form that saves it."""
        return state_text(self.state)

    @property
    def reset_url(self) -> str:
        """The same list as the view keeps it."""
        return list_url(self.address.path, self.kept, self.view)

    @property
    def built_in_url(self) -> str:
        """The same list as the studio shows it by itself."""
        return list_url(self.address.path, {}, None)

    @property
    def menu_url(self) -> str:
        """Where all views are found, to be opened here."""
        return self._url("views")

    @property
    def new_url(self) -> str:
        """Save as…"""
        return self._url("view_new", with_state=True)

    @property
    def link_url(self) -> str:
        """Share what is seen."""
        return self._url("view_share" if self.view else "view_link", with_state=True)

    @property
    def edit_url(self) -> str:
        """Rename, describe, who may use it."""
        return self._url("view_edit", with_state=True)

    @property
    def bell_about(self) -> str:
        """What an alert about these runs names: the view as it is kept, or the filter; empty where neither says it."""
        if self.view and not self.is_changed:
            return f"view={self.view.pk}"
        if self.narrows != {"filter"}:
            return ""
        about = {"filter": self.state["filter"][0]}
        _, experiment = place_of(self.address.path, self.workspace)
        if experiment is not None:
            about["experiment"] = experiment
        return urlencode(about)

    @property
    def narrows(self) -> set[str]:
        """What of the state says which runs these are."""
        return set(self.state) - _LOOKS

    def _url(self, name: str, *, with_state: bool = False) -> str:
        numbered = name in ("view_share", "view_edit")
        place = reverse(name, args=[self.workspace.name, *([self.view.pk] if numbered else [])])
        asked = {"at": self.address.path, "view": self.address.get("view"), "version": self.version or ""}
        if with_state:
            asked["state"] = self.state_text
        return f"{place}?{urlencode({k: v for k, v in asked.items() if v})}"


def bar_of(caller: Caller, workspace: Workspace, address: Address) -> ViewBar:
    """The bar of this address: no query for the built-in view, one for another."""
    bar = ViewBar(workspace, address, state_of(address.query))
    number = address.query.get("view", "")
    if number in ("", BUILT_IN):
        return bar
    wanted = named_in(bar.state)
    try:
        bar.view = get_view(caller, workspace, number, also=presence(workspace, wanted))
    except NotFound:
        bar.is_gone = True
        return bar
    bar.rights = rights_in_view(bar.view, caller.user)
    version = address.query.get("version", "")
    bar.version = int(version) if version.isdecimal() and len(version) < 10 else bar.view.version
    bar.missing = missing_words(wanted, vars(bar.view))
    return bar


def first_url(caller: Caller, workspace: Workspace, path: str) -> str | None:
    """Where a list without any parameter begins, if that is a saved view."""
    view = first_view(workspace, caller.user)
    return list_url(path, view.address, view) if view else None


def list_url(path: str, state: Mapping[str, Sequence[str]], view: SavedView | None, version: int = 0) -> str:
    """The address of a list in this state, begun from the view (None: the built-in one) or an older version of it."""
    origin = f"view={view.pk}&version={version or view.version}" if view else f"view={BUILT_IN}"
    parts = [state_text(state), origin]
    return f"{path}?{'&'.join(part for part in parts if part)}"


def place_of(path: str, workspace: Workspace) -> tuple[str, str | None]:
    """The path of a list that shows views, if it is one of this workspace, and the experiment it is of.

    Anything else is taken for All runs: a form can lead nowhere else.
    """
    try:
        match = resolve(unquote(path))
    except (Resolver404, ValueError):
        match = None
    if match is None or match.url_name not in PLACES or match.kwargs.get("workspace") != workspace.name:
        return reverse("runs", args=[workspace.name]), None
    return reverse(match.url_name, kwargs=match.kwargs), match.kwargs.get("name")


def own_place(view: SavedView) -> str:
    """The list that a view was saved on: an experiment's, unless that has gone, or all runs."""
    experiment = own_experiment(view)
    if experiment is None:
        return reverse("runs", args=[view.workspace.name])
    return reverse("experiment", args=[view.workspace.name, experiment.name])
