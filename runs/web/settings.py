"""Settings: what every one of its pages shows, the workspace itself, new workspaces, and leaving one."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.access import allows, get_workspace, role_in
from runs.access_mail import may_set_up_mail
from runs.access_people import check_may_create_workspaces
from runs.actions.members import remove_member
from runs.actions.workspace import create_workspace, edit_workspace
from runs.errors import Refused
from runs.models import Workspace
from runs.query.people import facts_of, owners_of
from runs.web import show
from runs.web.errors import status_of
from runs.web.frame import caller_of

# Name of the address, icon, word; the second group is about the person, the third about the whole studio.
OF_WORKSPACE = (
    ("settings", "folder", "Workspace"),
    ("settings_members", "users", "Members"),
    ("settings_activity", "clock", "Activity"),
)
OF_PERSON = (
    ("settings_profile", "user", "Profile"),
    ("settings_password", "lock", "Password"),
    ("settings_tokens", "key", "API tokens"),
    ("settings_sessions", "system", "Sessions"),
)
OF_STUDIO = (("settings_mail", "mail", "Mail"),)

HOUR_S = 3600
# After how long without a heartbeat a run may be called failed.
SILENCES = {
    600: "10 minutes",
    HOUR_S: "an hour",
    6 * HOUR_S: "6 hours",
    24 * HOUR_S: "a day",
    3 * 24 * HOUR_S: "3 days",
    7 * 24 * HOUR_S: "a week",
    30 * 24 * HOUR_S: "30 days",
}


@dataclass(frozen=True)
class Entry:
    """One page of the settings, in their navigation."""

    url: str
    icon: str
    word: str
    is_here: bool


def settings_page(
    request: HttpRequest, workspace: Workspace, place: str, facts: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Draw the page of that name, with the navigation beside it."""
    may_own = allows(caller_of(request), workspace, "own")

    def entries(group: tuple[tuple[str, str, str], ...]) -> list[Entry]:
        return [
            Entry(reverse(name, args=[workspace.name]), icon, word, name == place)
            for name, icon, word in group
            if name != "settings_activity" or may_own
        ]

    shared = {
        "workspace": workspace,
        "may_own": may_own,
        "of_workspace": entries(OF_WORKSPACE),
        "of_person": entries(OF_PERSON),
        "of_studio": entries(OF_STUDIO) if may_set_up_mail(caller_of(request)) else [],
        "word": next(word for name, _, word in OF_WORKSPACE + OF_PERSON + OF_STUDIO if name == place),
    }
    template = place.removeprefix("settings_").replace("settings", "workspace")
    return render(request, f"settings/{template}.html", shared | facts, status=status)


def said(request: HttpRequest, sentence: str) -> None:
    """Say it on the next page that is shown."""
    messages.info(request, sentence)


def silence_words(seconds: int) -> str:
    """How long a run may be silent until it has failed, in words."""
    return SILENCES.get(seconds) or show.duration(seconds)


def _silences(chosen: int) -> list[tuple[int, str, bool]]:
    """What can be chosen; something that was set over REST is among it."""
    return [(each, silence_words(each), each == chosen) for each in sorted({*SILENCES, chosen})]


@require_http_methods(["GET", "HEAD", "POST"])
def workspace_page(request: HttpRequest, workspace: str) -> HttpResponse:
    """What the workspace is and holds; its owners describe it."""
    is_change = request.method == "POST"
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "own" if is_change else "read")
    facts: dict[str, Any] = {"role": role_in(caller, found), "description": found.description}
    facts["stops_canceled"] = found.stops_canceled
    if is_change:
        facts["description"] = request.POST.get("description", "").replace("\r\n", "\n")
        lost_after = request.POST.get("lost_after_s", str(found.lost_after_s))
        try:
            edit_workspace(
                found,
                by=caller.user,
                description=facts["description"],
                lost_after_s=int(lost_after) if lost_after.isdecimal() and len(lost_after) < 10 else 0,
                stops_canceled=request.POST.get("stops_canceled", str(found.stops_canceled)) == "True",
            )
        except Refused as refusal:
            facts |= {"silences": _silences(found.lost_after_s)}
            facts |= {"refusal": refusal.message, "held": facts_of(found), "owners": owners_of(found)}
            return settings_page(request, found, "settings", facts, status=status_of(refusal))
        said(request, "The settings of the workspace are saved.")
        return redirect("settings", workspace)
    facts |= {"held": facts_of(found), "owners": owners_of(found), "silences": _silences(found.lost_after_s)}
    facts |= {"silence": silence_words(found.lost_after_s)}
    return settings_page(request, found, "settings", facts)


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, workspace: str) -> HttpResponse:
    """Ask once; then the person is out."""
    found = get_workspace(caller_of(request), workspace)
    user = caller_of(request).user
    if request.method != "POST":
        question = {
            "title": f"Leave {found.name}?",
            "text": "You will see nothing of it any more, and your tokens for it end. What you logged stays. "
            "To come back, an owner has to invite you.",
            "yes": "Leave",
            "action": reverse("settings_leave", args=[workspace]),
            "back": reverse("settings", args=[workspace]),
        }
        return ask(request, found, question)
    remove_member(found, user, by=user)
    said(request, f"You have left {found.name}.")
    return redirect("home")


def ask(request: HttpRequest, workspace: Workspace, question: dict[str, Any]) -> HttpResponse:
    """One question before something is lost: a dialog, or without a script a page."""
    template = "settings/_ask.html" if request.htmx else "settings/ask.html"  # type: ignore[attr-defined]
    return render(request, template, {"workspace": workspace, **question})


@require_http_methods(["GET", "HEAD", "POST"])
def new_workspace(request: HttpRequest) -> HttpResponse:
    """Name and description; then its empty list of runs."""
    caller = caller_of(request)
    check_may_create_workspaces(caller)
    facts: dict[str, Any] = {}
    if request.method == "POST":
        name, description = request.POST.get("name", "").strip(), request.POST.get("description", "")
        try:
            made = create_workspace(name, by=caller.user, description=description.replace("\r\n", "\n"))
        except Refused as refusal:
            facts = {"name": name, "description": description, "refusal": refusal.message}
            return render(request, "settings/new_workspace.html", facts, status=status_of(refusal))
        return redirect("workspace_home", made.name)
    return render(request, "settings/new_workspace.html", facts)
