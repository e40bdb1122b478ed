"""The page of a model: what it is, how well it does, which runs made and read it. All of it is a script's word."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import linebreaks
from django.views.decorators.http import require_safe

from runs.access import Need, allows
from runs.access_models import get_logged_model, get_model_in_use
from runs.actions.trash import days_left
from runs.errors import Gone
from runs.models import LoggedModel
from runs.models.artifact import files_of
from runs.models.name import RESERVED
from runs.query.file_tree import level, totals
from runs.query.logged_models import metrics_of, runs_of
from runs.web.described import shown
from runs.web.frame import caller_of

LIVE_S = 3
# A model that is not ready by then was left by its script.
LIVE_FOR = timedelta(hours=1)
MOST_PAIRS = 500
MOST_METRICS = 500
MOST_RUNS = 100
MOST_ENTRIES = 20
# In this tag MLflow's clients keep that the model lies elsewhere: there is nothing to load.
EXTERNAL = "mlflow.model.isExternal"
# What MLflow writes of a model: which flavours it has, and with what it was made.
DESCRIBES = "MLmodel"


def model_of(request: HttpRequest, workspace: str, model_id: str, need: Need = "read") -> LoggedModel:
    """The model of this address. Raises NotFound, NotAllowed, or Gone for one in the trash."""
    return get_model_in_use(caller_of(request), workspace, model_id, need)


def facts_of(request: HttpRequest, model: LoggedModel) -> dict[str, Any]:
    """What the head of every page of the model shows."""
    now = timezone.now()
    is_young = now - model.created_at < LIVE_FOR
    return {
        "workspace": model.workspace,
        "model": model,
        "now": now,
        "may_write": allows(caller_of(request), model.workspace, "write"),
        "live_s": LIVE_S if model.status == LoggedModel.PENDING and is_young else 0,
    }


@require_safe
def model(request: HttpRequest, workspace: str, model_id: str) -> HttpResponse:
    """All that is known of the model, in one page."""
    try:
        found = model_of(request, workspace, model_id)
    except Gone:
        found = get_logged_model(caller_of(request), workspace, model_id, deleted=True)
        facts = facts_of(request, found) | {"days": days_left(found.deleted_at) if found.deleted_at else 0}
        return render(request, "models/trashed.html", facts, status=410)
    facts = facts_of(request, found) | _overview(request, found) | _files(found)
    is_ready = found.status == LoggedModel.READY and found.tags.get(EXTERNAL, "").lower() != "true"
    facts["is_loadable"] = is_ready and _has_description(found)
    return render(request, "models/model.html", facts)


def _overview(request: HttpRequest, found: LoggedModel) -> dict[str, Any]:
    metrics = list(metrics_of(found, most=MOST_METRICS + 1))
    uses, has_more_uses = runs_of(found, most=MOST_RUNS)
    tags = sorted((key, value) for key, value in found.tags.items() if key != LoggedModel.NOTE)
    own = [(key, value) for key, value in tags if not key.startswith(RESERVED)]
    # Of a note from before notes were kept drawn, the text as it was written.
    text = found.tags.get(LoggedModel.NOTE, "")
    note = found.note_html or (linebreaks(text, autoescape=True) if text else "")
    params = sorted(found.params.items())
    return {
        "note": shown(note, caller_of(request), found.workspace, run=found.maker) if note else "",
        "metrics": metrics[:MOST_METRICS],
        "has_more_metrics": len(metrics) > MOST_METRICS,
        "has_datasets": any(metric.dataset_name or metric.dataset_digest for metric in metrics),
        "params": params[:MOST_PAIRS],
        "more_params": max(0, len(params) - MOST_PAIRS),
        "tags": own[:MOST_PAIRS],
        "more_tags": max(0, len(own) - MOST_PAIRS),
        "reserved": [(key, value) for key, value in tags if key.startswith(RESERVED)][:MOST_PAIRS],
        "uses": uses,
        "most_uses": MOST_RUNS,
        "has_more_uses": has_more_uses,
    }


def _has_description(found: LoggedModel) -> bool:
    """Whether MLflow finds among its files what the model is, without which it loads none."""
    owner = found.maker or found
    path = f"{found.folder}/{DESCRIBES}" if found.folder else DESCRIBES
    return files_of(owner).filter(path=path).exists()


def _files(found: LoggedModel) -> dict[str, Any]:
    """What lies at the top of its files, and where they are read: below those of its run, or on a page of their own."""
    owner = found.maker or found
    count, size = totals(owner, found.folder)
    listed = level(owner, found.folder)
    entries = [
        {"name": each.name, "size": each.size, "count": each.count, "url": files_url(found, each.path + "/")}
        for each in listed.folders
    ]
    entries += [
        {"name": each.path.rpartition("/")[2], "size": each.size, "url": files_url(found, each.path)}
        for each in listed.files
    ]
    there = len(entries) + listed.hidden + listed.hidden_folders
    return {
        "file_count": count,
        "file_size": size,
        "entries": entries[:MOST_ENTRIES],
        "hidden_entries": max(0, there - MOST_ENTRIES),
        "files_url": files_url(found),
        "zip_url": "" if found.run_id else reverse("model_zip", args=_names(found)),
    }


def files_url(found: LoggedModel, path: str = "") -> str:
    """Where the file of this path is opened, or the folder, whose path ends with a slash; without one all files.

    Nothing for a model whose run is in the trash.
    """
    if found.run_id and found.maker is None:
        return ""
    run = found.maker
    base = reverse("run_logs", args=[found.workspace.name, run.public_id]) if run else ""
    base = base or reverse("model_files", args=_names(found))
    asked = [("file", path)] if path and not path.endswith("/") else []
    if not asked:
        folders = [found.folder, path.rstrip("/")]
        asked = [("dir", "models"), *_dirs(folders)] if run else _dirs(folders)
    return f"{base}?{urlencode(asked)}" if asked else base


def _dirs(folders: list[str]) -> list[tuple[str, str]]:
    return [("dir", folder) for folder in folders if folder]


def _names(found: LoggedModel) -> list[str]:
    return [found.workspace.name, found.public_id]
