"""The tab Snapshot of a run: its sources, and what they differ in from another run's."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs.access import get_run
from runs.errors import NotFound
from runs.models import Artifact, Run, Snapshot, SnapshotFile
from runs.query.differences import Change, changed_files, line_difference
from runs.query.snapshots import file_of, files_of, snapshot_of
from runs.query.sources import git_facts, runs_to_compare
from runs.web.address import Address
from runs.web.described import shown
from runs.web.diff_html import side_by_side, unified
from runs.web.file_view import view_facts
from runs.web.frame import caller_of
from runs.web.run import facts_of, run_of
from runs.web.run_files import picture
from runs.web.source_tree import tree_of

DIFF_NAME = "git/uncommitted.diff"
MOST_CHANGES = 500
SIGNS = {"added": "+", "removed": "−", "changed": "±", "mode": "±"}


@require_safe
def snapshot(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The folder and one of its files; or, with `with`, what differs from another run's folder."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    if asked := request.GET.get("id", "").strip():
        return redirect(address.having(id=None, **{"with": asked}))
    found = snapshot_of(run)
    facts = facts_of(request, run, "snapshot") | {"snapshot": found, "git": git_of(run)}
    if found is None:
        return render(request, "run/snapshot_none.html", facts)
    offered = runs_to_compare(run)
    facts |= {
        "zip_url": reverse("api-run-snapshot-zip", args=[run.public_id]),
        "files_url": Address(address.path, address.query.copy()).dropping_all(
            "with", "file", "look", "whole"
        ),
        "suggested": offered[0] if offered else None,
    }
    if other_id := request.GET.get("with", ""):
        facts |= _difference(_other(request, run, other_id), run, address, offered)
        return render(request, "run/snapshot_difference.html", facts)
    facts |= _files(run, found, address)
    if facts["kind"] == "markdown":
        facts["html"] = shown(facts["html"], caller_of(request), run.workspace, run=run)
    return render(request, "run/snapshot.html", facts)


def git_of(run: Run) -> dict[str, str]:
    """What the properties tell of git, and where the uncommitted changes lie."""
    facts = git_facts(run)
    if facts.get("repository", "").startswith(("https://", "http://")):
        facts["repository_url"] = facts["repository"]
    if facts.get("dirty") and Artifact.objects.filter(run=run, path=DIFF_NAME).exists():
        logs = reverse("run_logs", args=[run.workspace.name, run.public_id])
        facts["diff_url"] = f"{logs}?file={DIFF_NAME}"
    return facts


def _other(request: HttpRequest, run: Run, public_id: str) -> Run:
    """The run to compare with. One of another workspace is not found here, also where the person may see it."""
    other = get_run(caller_of(request), public_id)
    if other.workspace_id != run.workspace_id:
        raise NotFound(f"There is no run {public_id!r} in the workspace {run.workspace.name}.")
    return other


def _files(run: Run, found: Snapshot, address: Address) -> dict[str, Any]:
    files = files_of(found)
    path = address.query.get("file") or _first(files, run)
    opened = next((file for file in files if file.path == path), None)
    if opened is None:
        raise NotFound(f"The snapshot of {run.display_name} has no file {path!r}.")
    return tree_of(files, address, opened.path) | _view(run, opened, address)


def _first(files: list[SnapshotFile], run: Run) -> str:
    """What is opened first: the script, a README, or else the first file."""
    paths = [file.path for file in files]
    wanted = [path for path in paths if run.script and path in (run.script, run.script.rpartition("/")[2])]
    readmes = [path for path in paths if path.lower() in ("readme.md", "readme")]
    top = [path for path in paths if "/" not in path and not path.startswith(".")]
    return [*wanted, *readmes, *top, *paths][0]


def artifact_of(file: SnapshotFile) -> Artifact:
    """The file as previews and pictures take one; it is not a row."""
    blob = file.blob
    return Artifact(
        path=file.path, key=blob.key, size=blob.size, sha256=blob.sha256, content_type=blob.content_type
    )


def _view(run: Run, file: SnapshotFile, address: Address) -> dict[str, Any]:
    """How the opened file is shown."""
    download_url = reverse("api-run-snapshot-file", args=[run.public_id, file.path])
    image_url = reverse("run_snapshot_image", args=[run.workspace.name, run.public_id])
    facts = view_facts(artifact_of(file), address, download_url=download_url, image_url=image_url)
    return facts | {"is_program": file.executable}


@require_safe
def image(request: HttpRequest, workspace: str, run_id: str) -> HttpResponseBase:
    """A raster picture of the snapshot for an `img`, under the same rules as those of a run's files."""
    run = run_of(request, workspace, run_id)
    found = snapshot_of(run)
    file = file_of(found, request.GET.get("file", "")) if found else None
    if file is None:
        raise NotFound("There is no such file in this run's snapshot.")
    return picture(request, artifact_of(file))


def _difference(other: Run, run: Run, address: Address, offered: list[Run]) -> dict[str, Any]:
    """The changed files from the other run's folder to this one's, and the lines of the chosen one."""
    before, after = snapshot_of(other), snapshot_of(run)
    facts: dict[str, Any] = {
        "other": other,
        "offered": [each for each in offered if each.pk != other.pk],
        "other_snapshot": before,
        "turned_url": f"{reverse('run_snapshot', args=[other.workspace.name, other.public_id])}?with={run.public_id}",
    }
    if before is None or after is None:
        return facts
    changes = changed_files(before, after)
    path = address.query.get("file") or (changes[0].path if changes else "")
    chosen = next((change for change in changes if change.path == path), None)
    place = changes.index(chosen) if chosen else 0
    return facts | {
        "changes": [_listed(change, address, chosen) for change in changes[:MOST_CHANGES]],
        "change_count": len(changes),
        "most_changes": MOST_CHANGES,
        "counts": [(word, n) for word in ("added", "removed", "changed") if (n := _count(changes, word))],
        "chosen": chosen,
        "is_same_file": chosen is None and bool(path),
        "path": path,
        "earlier_url": address.having(file=changes[place - 1].path) if chosen and place else "",
        "later_url": address.having(file=changes[place + 1].path)
        if chosen and place + 1 < len(changes)
        else "",
        **(_lines(chosen, address) if chosen else {}),
    }


def _count(changes: list[Change], word: str) -> int:
    return sum(change.kind == word or (word == "changed" and change.kind == "mode") for change in changes)


def _listed(change: Change, address: Address, chosen: Change | None) -> dict[str, Any]:
    word = "changed" if change.kind == "mode" else change.kind
    return {
        "path": change.path,
        "sign": SIGNS[change.kind],
        "word": word,
        "url": address.having(file=change.path),
        "is_chosen": change is chosen,
    }


def _lines(change: Change, address: Address) -> dict[str, Any]:
    is_whole, is_split = address.query.get("whole") == "true", address.query.get("look") == "split"
    found = line_difference(change, **({"context": 10**6} if is_whole else {}))
    return {
        "difference": found,
        "rows": side_by_side(found) if is_split else unified(found),
        "is_split": is_split,
        "is_whole": is_whole,
        "has_more": is_whole or found.hidden_after or any(hunk.hidden for hunk in found.hunks),
        "unified_url": address.having(look=None),
        "split_url": address.having(look="split"),
        "whole_url": address.having(whole=None if is_whole else "true"),
    }
