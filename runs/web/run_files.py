"""The tab Outputs + logs: the files of a run, a log that is followed, pictures shown safely."""

from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs import storage
from runs.content_type import IMAGES, TEXT, content_type_of
from runs.errors import Invalid, NotFound
from runs.models import Artifact, Run
from runs.web.address import Address
from runs.web.headers import SANDBOX
from runs.web.log_text import WINDOW_BYTES, Window, tail_start, window_of
from runs.web.run import facts_of, run_of

MOST_FILES = 500
# Lines are numbered where counting them takes no time worth speaking of.
COUNTED_BYTES = 64 * 1024 * 1024
MOST_IMAGE_BYTES = 50 * 1024 * 1024


@require_safe
def logs(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The files, and one of them opened: the one of the address, or the run's own log."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    find = address.get("find").strip()
    rows = Artifact.objects.filter(run=run).order_by("path")
    found = rows.filter(path__icontains=find) if find and "\x00" not in find else rows
    listed = list(found[: MOST_FILES + 1])
    opened = _opened(run, request.GET.get("file"), listed)
    facts = facts_of(request, run, "logs") | {
        "find": find,
        "folders": _folders(listed[:MOST_FILES], address, opened),
        "is_cut": len(listed) > MOST_FILES,
        "most": MOST_FILES,
        "opened": opened,
    }
    if opened is not None:
        facts |= _view(run, opened, is_active=not run.is_ended)
    return render(request, "run/logs.html", facts)


@require_safe
def log_lines(request: HttpRequest, workspace: str, run_id: str) -> JsonResponse:
    """Lines of a log as text: from the byte `from` on, or those that end before the byte `before`."""
    run = run_of(request, workspace, run_id)
    file = _file(run, request.GET.get("file", ""))
    if "before" in request.GET:
        before = min(_offset(request, "before"), file.size)
        window = _earlier(file, before)
    else:
        start = _offset(request, "from")
        if start > file.size:  # it was replaced by a shorter one
            start = 0
        window = _later(file, start)
    return JsonResponse(
        {
            "lines": window.lines,
            "start": window.start,
            "next": window.next,
            "is_open": window.is_open,
            "size": file.size,
            "has_more": not window.is_open and window.next < file.size,
            "is_active": not run.is_ended,
        }
    )


@require_safe
def image(request: HttpRequest, workspace: str, run_id: str) -> HttpResponseBase:
    """A raster picture for an `img`. What it is, its first bytes say; nothing else is ever answered here."""
    file = _file(run_of(request, workspace, run_id), request.GET.get("file", ""))
    kind = content_type_of(file.path, storage.read(file.key, end=512))
    if kind not in IMAGES or file.size > MOST_IMAGE_BYTES:
        raise NotFound("This file is no picture that can be shown here. Download it instead.")
    tag = f'"{file.sha256}"'
    if file.sha256 and request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    answer = StreamingHttpResponse(storage.stream(file.key, end=file.size), content_type=kind)
    answer.headers["Content-Length"] = str(file.size)
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Content-Disposition"] = "inline"
    if file.sha256:  # a slider goes back and forth over the same pictures
        answer.headers["ETag"], answer.headers["Cache-Control"] = tag, "private, no-cache"
    return answer


def _opened(run: Run, path: str | None, listed: list[Artifact]) -> Artifact | None:
    if path:
        return _file(run, path)
    logs = [file for file in listed if file.is_log]
    return next((file for file in logs if file.path.endswith("std_log.txt")), logs[0] if logs else None)


def _file(run: Run, path: str) -> Artifact:
    file = Artifact.objects.filter(run=run, path=path).first() if "\x00" not in path else None
    if file is None:
        raise NotFound(f"{run.display_name} has no file {path!r}.")
    return file


def _folders(files: list[Artifact], address: Address, opened: Artifact | None) -> list[dict[str, Any]]:
    """The files under the folders they lie in, those at the top first."""
    folders: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        folder, _, name = file.path.rpartition("/")
        folders.setdefault(folder, []).append(
            {
                "file": file,
                "name": name,
                "url": address.having(file=file.path),
                "icon": "image" if file.content_type in IMAGES else "log" if file.is_log else "file",
                "is_opened": opened is not None and file.pk == opened.pk,
            }
        )
    return [{"name": name, "files": folders[name]} for name in sorted(folders)]


def _view(run: Run, file: Artifact, *, is_active: bool) -> dict[str, Any]:
    """How the opened file is shown: as a picture, as text, or only as something to download."""
    base = [run.workspace.name, run.public_id]
    facts: dict[str, Any] = {"download_url": reverse("api-run-file", args=[run.public_id, file.path])}
    if file.content_type in IMAGES and file.size <= MOST_IMAGE_BYTES:
        return facts | {"kind": "image", "image_url": reverse("run_image", args=base)}
    if not (file.is_log or file.content_type == TEXT):
        return facts | {"kind": "other"}
    window = _earlier(file, file.size)
    return facts | {
        "kind": "text",
        "window": window,
        "first_number": _number_at(file, window.start),
        "lines_url": reverse("run_log_lines", args=base),
        "follows": is_active and file.is_log,
    }


def _earlier(file: Artifact, before: int) -> Window:
    """The last lines before a byte."""
    offset = max(0, before - WINDOW_BYTES)
    chunk = storage.read(file.key, start=offset, end=before)
    start = tail_start(chunk, offset)
    return window_of(chunk[start - offset :], start, at_end=True)


def _later(file: Artifact, start: int) -> Window:
    end = min(file.size, start + WINDOW_BYTES)
    return window_of(storage.read(file.key, start=start, end=end), start, at_end=end == file.size)


def _number_at(file: Artifact, place: int) -> int | None:
    """The number of the line that begins at this byte; None where counting would take long."""
    if place > COUNTED_BYTES:
        return None
    pieces = storage.stream(file.key, end=place) if place else iter(())
    return 1 + sum(piece.count(b"\n") for piece in pieces)


def _offset(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "0")
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(f"{name} must be a number of bytes.", field=name)
    return int(text)
