"""Saved views in the browser: find, open, save, save as, rename and describe, share."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from runs.access import allows, get_experiment, get_workspace
from runs.access_views import check_may_share, get_view, rights_in_view
from runs.actions import views as actions
from runs.errors import Conflict, Refused
from runs.models import SavedView, Workspace
from runs.query.page_state import State, differences, is_same, read_state, state_in, state_of, state_text
from runs.query.views import MOST_LISTED, list_views, menu_of
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.view_bar import list_url, own_place, place_of

# In the form of a browser, lines end with CR LF.
CR_LF = "\r\n"


@dataclass
class Asked:
    """What a form or a dialog about views is about: the list one came from, and the state it was in."""

    workspace: Workspace
    at: str
    experiment: str | None
    state: State = field(default_factory=dict)
    version: int = 0

    @property
    def state_text(self) -> str:
        """The state for the next form."""
        return state_text(self.state)

    def url(self, view: SavedView | None) -> str:
        """Back to the list, in this state."""
        return list_url(self.at, self.state, view)


def asked_of(request: HttpRequest, workspace: Workspace) -> Asked:
    """Read it from the form, or from the address of the dialog."""
    sent = request.POST if request.method == "POST" else request.GET
    at, experiment = place_of(sent.get("at", ""), workspace)
    version = sent.get("version", "")
    return Asked(
        workspace,
        at,
        experiment,
        state_of(state_in(sent.get("state", ""))),
        int(version) if version.isdecimal() and len(version) < 10 else 0,
    )


@require_safe
def views(request: HttpRequest, workspace: str) -> HttpResponse:
    """All views, to be opened on the list one came from; for htmx the menu alone."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    asked = asked_of(request, found)
    search = request.GET.get("q", "")[:500].strip()
    listed = list(list_views(found, caller.user, search=search)[: MOST_LISTED + 1])
    facts: dict[str, Any] = {
        "workspace": found,
        "asked": asked,
        "search": search,
        "menu": menu_of(listed, caller.user),
        "current": request.GET.get("view", ""),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "views/_menu.html", facts)
    facts["deleted"] = [
        view
        for view in list_views(found, caller.user, deleted=True)[:MOST_LISTED]
        if rights_in_view(view, caller.user).may_manage
    ]
    return render(request, "views/views.html", facts)


@require_safe
def view(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Open it: on the list it was saved on, or on the one that is asked for."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id)
    at = place_of(request.GET["at"], found.workspace)[0] if "at" in request.GET else own_place(found)
    if found.experiment and found.experiment.deleted_at and "at" not in request.GET:
        messages.info(request, f"The experiment {found.experiment.name} of this view is in the trash.")
    return redirect(list_url(at, found.address, found))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, workspace: str) -> HttpResponse:
    """Save as…"""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    asked = asked_of(request, found)
    facts = {"asked": asked, "may_share": allows(caller, found, "write"), "choices": SavedView.SHARING}
    if request.method != "POST":
        return _dialog(request, "new", facts | {"typed": {"sharing": SavedView.PRIVATE}})
    sent = request.POST
    try:
        check_may_share(caller, found, sent.get("sharing", SavedView.PRIVATE))
        made = actions.create_view(
            found,
            by=caller.user,
            name=sent.get("name", ""),
            description=sent.get("description", "").replace(CR_LF, "\n"),
            sharing=sent.get("sharing", SavedView.PRIVATE),
            address=read_state(asked.state),
            experiment=get_experiment(caller, found, asked.experiment) if asked.experiment else None,
        )
        if sent.get("first"):
            actions.set_first_view(made, user=caller.user)
    except Refused as refusal:
        return _dialog(request, "new", facts | {"typed": sent, "refusal": refusal})
    messages.info(request, f"The view {made.name} is saved.")
    return _go(request, asked.url(made))


@require_POST
def save(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Keep what is seen now in the view; when somebody was faster, ask what shall be kept."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id, "write")
    asked = asked_of(request, found.workspace)
    try:
        address = read_state(asked.state)
        actions.save_view(found, by=caller.user, address=address, expected_version=asked.version)
    except Conflict as refusal:
        parts = list(differences(asked.state, state_of(found.address)))
        facts = {"asked": asked, "view": found, "refusal": refusal, "parts": parts}
        facts["theirs_url"] = list_url(asked.at, found.address, found)
        return _dialog(request, "conflict", facts)
    messages.info(request, f"The view {found.name} is saved.")
    return _go(request, asked.url(found))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """Name, description and, for those who manage it, who may use it."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id, "write")
    asked = asked_of(request, found.workspace)
    rights = rights_in_view(found, caller.user)
    facts = {"asked": asked, "view": found, "rights": rights, "choices": SavedView.SHARING}
    if request.method != "POST":
        typed = {"name": found.name, "description": found.description, "sharing": found.sharing}
        return _dialog(request, "edit", facts | {"typed": typed, "edited_version": found.version})
    sent, before = request.POST, found.version
    edited = sent.get("edited_version", "")
    try:
        sharing = None
        if rights.may_manage and sent.get("sharing", found.sharing) != found.sharing:
            sharing = sent["sharing"]
            check_may_share(caller, found.workspace, sharing)
        actions.change_view(
            found,
            by=caller.user,
            sharing=sharing,
            name=sent.get("name", ""),
            description=sent.get("description", "").replace(CR_LF, "\n"),
            expected_version=int(edited) if edited.isdecimal() and len(edited) < 10 else before,
        )
    except Refused as refusal:
        theirs = found if isinstance(refusal, Conflict) else None
        facts |= {"typed": sent, "refusal": refusal, "theirs": theirs, "edited_version": found.version}
        return _dialog(request, "edit", facts)
    return _go(request, _back(asked, found, before))


def _back(asked: Asked, view: SavedView, before: int) -> str:
    """To the list as it was; one that stood at the version before this change of name stands at the one after."""
    return list_url(asked.at, asked.state, view, 0 if asked.version == before else asked.version)


@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest, workspace: str, view_id: str) -> HttpResponse:
    """The link of the view, and who may use it."""
    caller = caller_of(request)
    found = get_view(caller, workspace, view_id)
    asked = asked_of(request, found.workspace)
    if request.method == "POST":
        found = get_view(caller, workspace, found.pk, "own")
        sharing = request.POST.get("sharing", "")
        check_may_share(caller, found.workspace, sharing)
        actions.set_sharing(found, by=caller.user, sharing=sharing)
        words = dict(SavedView.SHARING)[sharing]
        messages.info(request, f"The view {found.name}: {words}.")
        return _go(request, list_url(asked.at, asked.state or found.address, found))
    link = reverse("view", args=[found.workspace.name, found.pk])
    facts = {
        "asked": asked,
        "view": found,
        "rights": rights_in_view(found, caller.user),
        "choices": SavedView.SHARING,
        "link": request.build_absolute_uri(link),
    }
    if asked.state and not is_same(asked.state, state_of(found.address)):
        facts["present_link"] = request.build_absolute_uri(asked.url(found))
    return _dialog(request, "share", facts)


@require_safe
def link(request: HttpRequest, workspace: str) -> HttpResponse:
    """The link of what is seen, for the built-in view."""
    found = get_workspace(caller_of(request), workspace)
    asked = asked_of(request, found)
    facts = {"asked": asked, "present_link": request.build_absolute_uri(asked.url(None))}
    return _dialog(request, "share", facts)


def _dialog(request: HttpRequest, name: str, facts: dict[str, Any]) -> HttpResponse:
    """For htmx the dialog alone, else a page of its own."""
    refusal = facts.get("refusal")
    status = status_of(refusal) if refusal else 200
    facts |= {"part": f"views/_{name}.html", "workspace": facts["asked"].workspace}
    template = facts["part"] if request.htmx else "views/dialog.html"  # type: ignore[attr-defined]
    return render(request, template, facts, status=status)


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """Lead the whole window there, also out of a dialog."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)  # type: ignore[attr-defined]
