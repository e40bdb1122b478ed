"""The palette: go to a page, an experiment, a run, a view, a person's runs, or do something. Also as a plain page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from runs.access import get_member, has_right
from runs.errors import Invalid
from runs.models import Member, Run
from runs.query.find import find, is_like
from runs.query.home import stars_of
from runs.query.search import words_of
from runs.web import show
from runs.web.frame import caller_of

MOST_STARRED = 8
LENGTH = 80


@dataclass(frozen=True)
class Entry:
    """One line of the palette. `prefer` is a theme or density that a script puts at once: "theme=dark"."""

    icon: str
    label: str
    url: str
    detail: str = ""
    status: str = ""
    prefer: str = ""

    @property
    def preference(self) -> tuple[str, str, str]:
        """The name of the preference, the sign between, and its value."""
        return self.prefer.partition("=")


@dataclass(frozen=True)
class Group:
    """Entries of one kind."""

    label: str
    entries: list[Entry] = field(default_factory=list)


@require_safe
def palette(request: HttpRequest, workspace: str) -> HttpResponse:
    """What the words lead to; for htmx the groups alone."""
    member = get_member(caller_of(request), workspace)
    text = request.GET.get("q", "").strip()
    facts: dict[str, Any] = {"workspace": member.workspace, "search": text, "groups": []}
    status = 200
    try:
        facts["groups"] = [group for group in _groups(member, text) if group.entries]
    except Invalid as refusal:
        facts["refusal"], status = refusal.message, 400
    is_piece = bool(request.htmx)  # type: ignore[attr-defined]
    return render(request, "find/_found.html" if is_piece else "find/find.html", facts, status=status)


def _groups(member: Member, text: str) -> Iterator[Group]:
    name, words = member.workspace.name, words_of(text)
    pages = [entry for entry in _pages(member) if is_like(words, entry.label)]
    actions = [entry for entry in _actions(member) if is_like(words, entry.label)]
    if not words:
        yield Group("Starred", list(_starred(member)))
        yield Group("Pages", pages)
        yield Group("Actions", actions)
        return
    found = find(member, text)
    yield Group("Pages", pages)
    yield Group(
        "Experiments", [_experiment(name, one.name, bool(one.archived_at)) for one in found.experiments]
    )
    # Before the runs, which are many and are found by a part of their id, too.
    yield Group("Views", [_view(name, view.pk, view.name) for view in found.views])
    yield Group("Runs", [_run(name, run) for run in found.runs])
    yield Group("People", [_person(name, person.username) for person in found.people])
    yield Group("Actions", actions)
    search = f"{reverse('runs', args=[name])}?{urlencode({'q': text})}"
    more = "too many to look through here" if found.is_cut else ""
    yield Group("Search", [Entry("search", f"Search all runs for “{show.clipped(text, 60)}”", search, more)])


def _pages(member: Member) -> Iterator[Entry]:
    name = member.workspace.name
    for route, icon, label in (
        ("workspace_home", "home", "Home"),
        ("experiments", "experiment", "Experiments"),
        ("runs", "runs", "All runs"),
        ("compute", "compute", "Compute"),
        ("settings", "settings", "Settings"),
    ):
        yield Entry(icon, label, reverse(route, args=[name]), "page")
    if has_right(member.role, "write"):
        yield Entry("trash", "Trash", reverse("trash", args=[name]), "page")
    yield Entry("keyboard", "Keys", reverse("keys"), "page")


def _actions(member: Member) -> Iterator[Entry]:
    here = reverse("find", args=[member.workspace.name])
    if has_right(member.role, "write"):
        yield Entry("plus", "New experiment", reverse("new_experiment", args=[member.workspace.name]))
    yield Entry("runs", "My runs", f"{reverse('runs', args=[member.workspace.name])}?mine=true")
    yield Entry("warn", "Failed runs", f"{reverse('runs', args=[member.workspace.name])}?status=Failed")
    yield Entry("moon", "Theme: dark", here, prefer="theme=dark")
    yield Entry("sun", "Theme: light", here, prefer="theme=light")
    yield Entry("system", "Theme: as the system", here, prefer="theme=system")
    yield Entry("rows-tight", "Density: compact", here, prefer="density=compact")
    yield Entry("rows", "Density: comfortable", here, prefer="density=comfortable")


def _starred(member: Member) -> Iterator[Entry]:
    name, stars = member.workspace.name, stars_of(member.user, member.workspace, most=MOST_STARRED)
    yield from (_view(name, view.pk, view.name) for view in stars.views)
    yield from (_experiment(name, one.name, bool(one.archived_at)) for one in stars.experiments)
    yield from (_run(name, run) for run in stars.runs)


def _experiment(name: str, experiment: str, is_archived: bool) -> Entry:
    detail = "archived experiment" if is_archived else "experiment"
    label = show.clipped(experiment, LENGTH)
    return Entry("experiment", label, reverse("experiment", args=[name, experiment]), detail)


def _run(name: str, run: Run) -> Entry:
    detail = f"{show.clipped(run.experiment.name, 40)} #{run.number}"
    url = reverse("run", args=[name, run.public_id])
    return Entry("runs", show.clipped(run.display_name, LENGTH), url, detail, run.status)


def _view(name: str, number: int, label: str) -> Entry:
    home = reverse("workspace_home", args=[name])
    return Entry("columns", show.clipped(label, LENGTH), f"{home}views/{number}/", "view")


def _person(name: str, username: str) -> Entry:
    url = f"{reverse('runs', args=[name])}?{urlencode({'submitted_by': username})}"
    return Entry("user", f"Runs of {username}", url, "person")
