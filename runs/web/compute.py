"""Compute: the targets of a workspace, their queues, and the forms by which owners attach and change them."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from runs.access import Caller, allows, get_workspace
from runs.access_compute import (
    check_may_switch_on,
    check_settings,
    get_target,
    may_switch_on,
    owns_installation,
)
from runs.actions import compute as actions
from runs.errors import Invalid, Refused
from runs.models import ComputeTarget, Workspace
from runs.query.compute import TargetRow, active_runs, rows_of, targets_of
from runs.target_settings import KINDS, LOCAL, RAY, SETTINGS, Setting, clean_kind
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.settings import ask, said

LIVE_S, CHECKING_S = 10, 2
MOST_RUNS = 50
# What a kind is for, said where it can be attached.
ABOUT = {
    "local": "Scripts run on the machine of the studio itself.",
    "ray": "Scripts run as jobs of a Ray cluster, which the studio asks over HTTP.",
    "slurm": "Scripts run as jobs of a Slurm cluster, by sbatch on the studio's server.",
}
# What an owner should know before it is switched on.
WARNINGS = {
    "local": "Scripts of every contributor run here as the user of the studio's server. They can read and change what"
    " that user can: the database and files of all workspaces, and the keys. Switch it on only where you trust them"
    " all.",
    "ray": "Jobs of every contributor run on the machines of this Ray as the user that Ray runs as: they can read and"
    " change what that user can, Ray itself included. Who may ask Ray can read the environment of its jobs, and in it"
    " the token of each run, which is good for that run alone and until it ends.",
    "slurm": "Jobs of every contributor run as the user of the studio's server, on the machines of the cluster. Where"
    " they share its files, they can read and change what that user can.",
}


@dataclass(frozen=True)
class Field:
    """A setting in a form, with what stands in it."""

    setting: Setting
    value: str | bool


@require_safe
def compute(request: HttpRequest, workspace: str) -> HttpResponse:
    """All targets."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace)
    rows = targets_of(found)
    facts: dict[str, Any] = {
        "workspace": found,
        "may_own": allows(caller, found, "own"),
        "now": timezone.now(),
        "rows": rows,
        "kinds": [(kind, word, ABOUT[kind]) for kind, word in KINDS.items()],
        "live_s": live_s(rows),
    }
    return render(request, "compute/compute.html", facts)


def live_s(rows: list[TargetRow]) -> int:
    """How often the page looks: more often while an engine is being asked."""
    return CHECKING_S if any(row.target.state == ComputeTarget.CHECKING for row in rows) else LIVE_S


@require_http_methods(["GET", "HEAD", "POST"])
def attach(request: HttpRequest, workspace: str) -> HttpResponse:
    """The form of one kind; then the new target."""
    caller = caller_of(request)
    found = get_workspace(caller, workspace, "own")
    sent = request.POST if request.method == "POST" else request.GET
    kind = clean_kind(sent.get("kind", LOCAL))
    name = sent.get("name", "").strip()
    settings = _sent(kind, sent, caller)
    facts: dict[str, Any] = {"kind": kind, "name": name, "fields": _fields(kind, settings)}
    status = 200
    if request.method == "POST":
        try:
            enabled = bool(sent.get("enabled"))
            if enabled:
                check_may_switch_on(caller, kind)
            check_settings(caller, kind, settings)
            token = request.POST.get("token", "")
            made = actions.attach_target(
                found, name, kind, settings, by=caller.user, enabled=enabled, token=token
            )
        except Refused as refusal:
            facts |= {"refusal": refusal.message, "enabled": sent.get("enabled")}
            status = status_of(refusal)
        else:
            said(request, f"{made.name} is attached. The studio tries whether it answers.")
            return redirect("compute_target", workspace, made.name)
    shared = {"kind_word": KINDS[kind], "about": ABOUT[kind], "warning": WARNINGS[kind]}
    return render(
        request, "compute/attach.html", _facts(request, found, kind) | shared | facts, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
def target(request: HttpRequest, workspace: str, target: str) -> HttpResponse:
    """One target: its state, its runs, its settings; a button tries, switches or changes it."""
    caller = caller_of(request)
    if request.method != "POST":
        return _page(request, get_target(caller, workspace, target))
    found = get_target(caller, workspace, target, "own")
    try:
        said(request, _change(request, found))
    except Refused as refusal:
        facts: dict[str, Any] = {"refusal": refusal.message}
        if request.POST.get("do") == "change":
            sent = _sent(found.kind, request.POST, caller)
            facts["fields"] = _fields(found.kind, found.settings | sent)
        return _page(request, found, facts, status=status_of(refusal))
    return redirect("compute_target", workspace, target)


def _change(request: HttpRequest, found: ComputeTarget) -> str:
    """Do what the button says; return what is then so."""
    caller, do = caller_of(request), request.POST.get("do", "")
    if do == "test":
        actions.ask_to_check(found)
        return f"{found.name} is being asked."
    if do == "enable":
        check_may_switch_on(caller, found.kind)
        actions.enable_target(found, by=caller.user)
        return f"{found.name} is switched on."
    if do == "disable":
        actions.disable_target(found, by=caller.user)
        return f"{found.name} is switched off. What was started goes on."
    if do == "change":
        settings = _sent(found.kind, request.POST, caller)
        check_settings(caller, found.kind, settings, found)
        # Left empty, the token that is kept stays.
        token = request.POST.get("token") or None
        actions.change_target(found, settings, by=caller.user, token=token)
        return f"The settings of {found.name} are saved."
    raise Invalid("A target can be tested, switched on or off, and changed.")


@require_http_methods(["GET", "HEAD", "POST"])
def detach(request: HttpRequest, workspace: str, target: str) -> HttpResponse:
    """Ask once; then the target is forgotten."""
    caller = caller_of(request)
    found = get_target(caller, workspace, target, "own")
    if request.method != "POST":
        question = {
            "title": f"Detach {found.name}?",
            "text": "Nothing can be submitted to it any more. Its runs keep its name; the machines stay as they are.",
            "yes": "Detach",
            "action": reverse("compute_detach", args=[workspace, target]),
            "back": reverse("compute_target", args=[workspace, target]),
        }
        return ask(request, found.workspace, question)
    try:
        actions.detach_target(found, by=caller.user)
    except Refused as refusal:
        return _page(request, found, {"refusal": refusal.message}, status=status_of(refusal))
    said(request, f"{found.name} is detached.")
    return redirect("compute", workspace)


def _page(
    request: HttpRequest, found: ComputeTarget, facts: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    row = rows_of([found])[0]
    runs = [*active_runs([found])[: MOST_RUNS + 1]]
    shared: dict[str, Any] = {
        "row": row,
        "target": found,
        "runs": runs[:MOST_RUNS],
        "has_more": len(runs) > MOST_RUNS,
        "fields": _fields(found.kind, found.settings),
        "warning": WARNINGS[found.kind],
        "has_token": bool(found.secret),
        "live_s": live_s([row]),
    }
    whole = _facts(request, found.workspace, found.kind) | shared | (facts or {})
    return render(request, "compute/target.html", whole, status=status)


def _facts(request: HttpRequest, workspace: Workspace, kind: str) -> dict[str, Any]:
    caller = caller_of(request)
    return {
        "workspace": workspace,
        "may_own": allows(caller, workspace, "own"),
        "may_switch_on": may_switch_on(caller, kind),
        "may_private": owns_installation(caller),
        "takes_token": kind == RAY,
        "now": timezone.now(),
    }


def _fields(kind: str, values: dict[str, Any]) -> list[Field]:
    found = [(setting, values.get(setting.key, setting.default)) for setting in SETTINGS[kind]]
    return [Field(setting, bool(value) if setting.is_switch else str(value)) for setting, value in found]


def _sent(kind: str, sent: QueryDict, caller: Caller) -> dict[str, str | bool]:
    """What stands in the form. A box that is not ticked is not sent, nor is one that is not the caller's to tick."""
    texts: dict[str, str | bool] = {
        setting.key: sent.get(setting.key, "")
        for setting in SETTINGS[kind]
        if setting.key in sent and not setting.is_switch
    }
    switches = [setting.key for setting in SETTINGS[kind] if setting.is_switch]
    return texts | {key: key in sent for key in switches if key in sent or owns_installation(caller)}
