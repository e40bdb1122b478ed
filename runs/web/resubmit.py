"""Resubmit: the same run once more, on a compute target of the workspace, or by commands on one's own machine."""

import shlex
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from runs.access import allows
from runs.access_compute import get_target
from runs.actions.resubmit import Changes, check_may_resubmit, definition_of, resubmit_run
from runs.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from runs.models import Run
from runs.query.compute import enabled_targets
from runs.query.snapshots import snapshot_of
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.run import facts_of, run_of
from runs.web.snapshot import git_of

DEFAULT_WORKSPACE = "default"


@require_http_methods(["GET", "HEAD", "POST"])
def again(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """How to run it again, and the form that does so on a compute target; sent, the way to the new run."""
    is_sent = request.method == "POST"
    run = run_of(request, workspace, run_id, "write" if is_sent else "read")
    facts = _facts(request, run)
    if is_sent:
        try:
            new = _resubmitted(request, run)
        except (NotFound, NotAllowed):
            raise
        except Refused as refusal:
            return _show(request, facts | {"refusal": refusal.message}, status_of(refusal))
        messages.info(request, f"Queued for {new.target}. It starts by itself.")
        place = reverse("run", args=[workspace, new.public_id])
        if not request.htmx:  # type: ignore[attr-defined]
            return redirect(place)
        return HttpResponse(status=204, headers={"HX-Redirect": place})
    return _show(request, facts)


def _show(request: HttpRequest, facts: dict[str, Any], status: int = 200) -> HttpResponse:
    page = "run/_again.html" if request.htmx else "run/again.html"  # type: ignore[attr-defined]
    return render(request, page, facts, status=status)


def _facts(request: HttpRequest, run: Run) -> dict[str, Any]:
    found, typed = snapshot_of(run), request.POST.get
    definition = definition_of(run)
    facts = facts_of(request, run, "") | {
        "snapshot": found,
        "git": git_of(run),
        "is_known": bool(definition),
        "why_not": _why_not(run),
    }
    if found is not None:
        facts |= {"shell": shell_of(run, definition), "python": python_of(run, definition)}
    if not (definition and allows(caller_of(request), run.workspace, "write")):
        return facts
    return facts | {
        "targets": enabled_targets(run.workspace),
        "may_submit": True,
        "has_arguments": definition.get("command") is None,
        "target": typed("target", run.target),
        "arguments": typed("arguments", shlex.join(map(str, run.arguments))),
        "name": typed("display_name", ""),
    }


def _why_not(run: Run) -> str:
    """Why it cannot be started from here; empty where it can."""
    try:
        check_may_resubmit(run)
    except Conflict as refusal:
        return refusal.message
    return ""


def _resubmitted(request: HttpRequest, run: Run) -> Run:
    """The new run on the chosen target. Raises Refused with a sentence for the form."""
    check_may_resubmit(run)
    target = get_target(caller_of(request), run.workspace.name, request.POST.get("target", ""))
    arguments = None
    if "arguments" in request.POST:
        try:
            arguments = shlex.split(request.POST["arguments"])
        except ValueError:
            raise Invalid(
                "The arguments have a quote that is not closed; write quotes around an argument with spaces in it.",
                field="arguments",
            ) from None
    changes = Changes(arguments=arguments, display_name=request.POST.get("display_name", "").strip())
    return resubmit_run(run, by=caller_of(request).user, changes=changes, target=target)[0]


def shell_of(run: Run, definition: dict[str, Any]) -> str:
    """Lines for a shell that run it again: by its definition, or from its sources, fetched into a new folder."""
    if definition:
        again = ["studio", "run", "resubmit", "-r", run.public_id]
        if run.workspace.name != DEFAULT_WORKSPACE:
            again += ["-w", run.workspace.name]
        return shlex.join(again + (["--", *map(str, run.arguments)] if run.arguments else []))
    folder = f"again-{run.number}"
    fetch = ["studio", "run", "download-snapshot", "-r", run.public_id, "-d", folder]
    if run.workspace.name != DEFAULT_WORKSPACE:
        fetch += ["-w", run.workspace.name]
    lines = [shlex.join(fetch), f"cd {folder}"]
    if run.script:
        started = shlex.join(["python", run.script, *map(str, run.arguments)])
        lines.append(f"STUDIO_RESUBMITTED_FROM={shlex.quote(run.public_id)} {started}")
    return "\n".join(lines)


def python_of(run: Run, definition: dict[str, Any]) -> str:
    """The same in Python."""
    named = "" if run.workspace.name == DEFAULT_WORKSPACE else f", workspace={run.workspace.name!r}"
    if definition:
        given = f"arguments={[str(argument) for argument in run.arguments]!r}" if run.arguments else ""
        return "\n".join(
            [
                "from studio import Workspace",
                "",
                f"workspace = Workspace.from_config(url={settings.PUBLIC_URL!r}{named})",
                f"run = workspace.get_run({run.public_id!r}).resubmit({given})",
                "run.wait_for_completion(show_output=True)",
            ]
        )
    lines = [
        *(["import os, subprocess, sys, zipfile"] if run.script else ["import zipfile"]),
        "from studio import Workspace",
        "",
        f"workspace = Workspace.from_config(url={settings.PUBLIC_URL!r}{named})",
        f"run = workspace.get_run({run.public_id!r})",
        f"zipfile.ZipFile(run.restore_snapshot()).extractall('again-{run.number}')",
    ]
    if run.script:
        arguments = "".join(f", {str(argument)!r}" for argument in run.arguments)
        lines += [
            "subprocess.run(",
            f"    [sys.executable, {run.script!r}{arguments}],",
            f"    cwd='again-{run.number}', env={{**os.environ, 'STUDIO_RESUBMITTED_FROM': run.id}},",
            ")",
        ]
    return "\n".join(lines)
