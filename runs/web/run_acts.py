"""What is done with a whole run from its page: cancel, mark by hand, archive, throw away, restore."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from runs.actions.organise import archive_run, unarchive_run
from runs.actions.repair import mark_run
from runs.actions.run import cancel_run
from runs.actions.trash import restore_run, trash_run
from runs.errors import NotAllowed, NotFound, Refused
from runs.lifecycle import Status
from runs.models import Run
from runs.query.tree import descendants
from runs.web import show
from runs.web.errors import status_of
from runs.web.frame import caller_of
from runs.web.run import facts_of, run_of
from runs.web.said import say

ENDS = (Status.FAILED.value, Status.CANCELED.value, Status.COMPLETED.value)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Ask once, naming what will happen; then ask the run to stop."""
    run = run_of(request, workspace, run_id, "write")
    if request.method != "POST":
        active = [child for child in descendants(run) if show.is_active(child.status)]
        facts = facts_of(request, run, "") | {"active_children": len(active), "is_watched": run.heartbeat_at}
        return render(request, _dialog_or_page(request, "cancel"), facts)
    done = cancel_run(
        run,
        by=caller_of(request).user,
        reason=request.POST.get("reason", "").strip(),
        children=bool(request.POST.get("children")),
    )
    said = "is asked to stop" if done.status == Status.CANCEL_REQUESTED else "is canceled"
    messages.info(request, f"{_name(run)} {said}.")
    return redirect("run", workspace, run_id)


@require_http_methods(["GET", "HEAD", "POST"])
def mark(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Ask what a stuck run became, and why; then mark it."""
    run = run_of(request, workspace, run_id, "write")
    facts: dict[str, Any] = {
        "status": request.POST.get("status", ""),
        "reason": request.POST.get("reason", ""),
    }
    facts["ends"] = ENDS
    if request.method != "POST":
        return render(request, _dialog_or_page(request, "mark"), facts_of(request, run, "") | facts)
    try:
        done = mark_run(run, facts["status"], by=caller_of(request).user, reason=facts["reason"])
    except (NotFound, NotAllowed):
        raise
    except Refused as refusal:
        facts = facts_of(request, run, "") | facts | {"refusal": refusal.message}
        return render(request, _dialog_or_page(request, "mark"), facts, status=status_of(refusal))
    messages.info(request, f"{_name(run)} is marked as {done.status}.")
    place = reverse("run", args=[workspace, run_id])
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(place)
    return HttpResponse(status=204, headers={"HX-Redirect": place})


@require_POST
def archive(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Take it out of the lists, or with `archived=false` bring it back; either can be undone."""
    run = run_of(request, workspace, run_id, "write")
    is_archived = request.POST.get("archived") != "false"
    (archive_run if is_archived else unarchive_run)(run, by=caller_of(request).user)
    words = "is archived: lists leave it out" if is_archived else "is back in the lists"
    undo = {"archived": "false" if is_archived else "true"}
    say(
        request,
        f"{_name(run)} {words}.",
        undo_url=reverse("run_archive", args=[workspace, run_id]),
        undo=undo,
    )
    return redirect("run", workspace, run_id)


@require_POST
def throw_away(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """Move it to the trash with what is below it, or with `deleted=false` bring it back; either can be undone."""
    run = run_of(request, workspace, run_id, "write", trashed=True)
    place = reverse("run_trash", args=[workspace, run_id])
    if request.POST.get("deleted") == "false":
        restore_run(run, by=caller_of(request).user)
        say(request, f"{_name(run)} is restored.", undo_url=place, undo={"deleted": "true"})
        return redirect("run", workspace, run_id)
    trash_run(run, by=caller_of(request).user)
    words = f"{_name(run)} is in the trash, where it stays for 30 days."
    say(request, words, undo_url=place, undo={"deleted": "false"})
    return redirect("experiment", workspace, run.experiment.name)


def _name(run: Run) -> str:
    return show.clipped(run.display_name, 60)


def _dialog_or_page(request: HttpRequest, name: str) -> str:
    return f"run/_{name}.html" if request.htmx else f"run/{name}.html"  # type: ignore[attr-defined]
