"""The tab Outputs + logs: the files of a run, a log that is followed, previews that are shown safely."""

from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs import storage
from runs.access import Caller
from runs.content_type import IMAGES, TEXT, content_type_of
from runs.errors import Invalid, NotFound
from runs.line_index import encoding_of
from runs.models import Artifact, Run
from runs.query.log_lines import TextFile
from runs.web import log_view, log_wait
from runs.web.address import Address
from runs.web.described import shown
from runs.web.file_tree import tab_facts, tabs_of, tree_facts
from runs.web.file_view import MOST_IMAGE_BYTES
from runs.web.frame import caller_of
from runs.web.headers import SANDBOX
from runs.web.log_html import values_of
from runs.web.preview import kind_of, preview_facts, word_of
from runs.web.run import facts_of, run_of

OWN_LOG = "std_log.txt"  # what a program prints


@require_safe
def logs(request: HttpRequest, workspace: str, run_id: str) -> HttpResponse:
    """The files, and one of them opened: the one of the address, or the run's own log."""
    run = run_of(request, workspace, run_id)
    address = Address.of(request)
    opened = _opened(run, address)
    facts = facts_of(request, run, "logs") | tree_facts(run, address, opened) | {"opened": opened}
    facts["zip_url"] = reverse("api-run-files-zip", args=[run.public_id])
    if opened is None or request.headers.get(
        "X-Live"
    ):  # a refresh looks at the tree alone: a log follows by itself
        return render(request, "run/logs.html", facts)
    facts["open_tabs"] = tab_facts(address, opened)
    if address.query.get("step"):
        step = log_view.step_of(TextFile(opened), address)
        if step.url is not None:
            return redirect(step.url)
        address = Address.at(
            address.having(step=None, line=address.get("line").strip("0") and address.get("line"))
        )
        facts |= {"step": step}
    return render(request, "run/logs.html", facts | _view(caller_of(request), run, opened, address))


@require_safe
def log_lines(request: HttpRequest, workspace: str, run_id: str) -> JsonResponse:
    """Lines of a file as values: around `line`, `from` one on, up to one (`to`), or the last ones.

    With `wait` the answer is held back until the file has another size than `size`.
    """
    run = run_of(request, workspace, run_id)
    file = _file(run, request.GET.get("file", ""))
    is_held = True
    if request.GET.get("wait") and file.is_log and not run.is_ended:
        is_held = log_wait.wait_for_growth(file, log_view.number_of(request.GET, "size") or 0)
        run, file = run_of(request, workspace, run_id), _file(run, file.path)
    opened = TextFile(file)
    window = log_view.window_of(opened, request.GET)
    style = log_view.style_of(run, file, opened, request.GET, log_view.pattern_of(request.GET))
    return JsonResponse(
        {
            "lines": values_of(window.lines, style),
            "total": window.total,
            "size": window.size,
            "version": file.key[:8],
            "is_open": window.is_open,
            "is_active": file.is_log and not run.is_ended,
            "retry_ms": 0 if is_held else log_wait.RETRY_MS,
        }
    )


@require_safe
def log_part(request: HttpRequest, workspace: str, run_id: str) -> HttpResponseBase:
    """Bytes of a file, such as one huge line, as a download."""
    run = run_of(request, workspace, run_id)
    file = _file(run, request.GET.get("file", ""))
    start, end = (log_view.number_of(request.GET, name) or 0 for name in ("start", "end"))
    if not 0 <= start < end <= file.size:
        raise Invalid(
            f"{file.path} has {file.size:,} bytes; give a start before an end within them.", field="end"
        )
    answer = StreamingHttpResponse(storage.stream(file.key, start=start, end=end))
    answer.headers["Content-Type"] = "application/octet-stream"
    answer.headers["Content-Length"] = str(end - start)
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["Content-Disposition"] = f'attachment; filename="bytes-{start}-{end}.txt"'
    return answer


@require_safe
def image(request: HttpRequest, workspace: str, run_id: str) -> HttpResponseBase:
    """A raster picture for an `img`. What it is, its first bytes say; nothing else is ever answered here."""
    return picture(request, _file(run_of(request, workspace, run_id), request.GET.get("file", "")))


def picture(request: HttpRequest, file: Artifact) -> HttpResponseBase:
    """The file as a picture, if it is one. Raises NotFound for anything else."""
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


def _opened(run: Run, address: Address) -> Artifact | None:
    path = address.query.get("file") or next(iter(tabs_of(address, None)), None)
    if path:
        return _file(run, path)
    logs = Artifact.objects.filter(run=run, is_log=True).order_by("path")
    return logs.filter(path__endswith=OWN_LOG).first() or logs.first()


def _file(run: Run, path: str) -> Artifact:
    file = Artifact.objects.filter(run=run, path=path).first() if "\x00" not in path else None
    if file is None:
        raise NotFound(f"{run.display_name} has no file {path!r}.")
    return file


def _view(caller: Caller, run: Run, file: Artifact, address: Address) -> dict[str, Any]:
    """How the opened file is shown: as a picture, in its own way, as lines, or only as something to download."""
    wanted = address.query.get("as", "")
    facts: dict[str, Any] = {
        "download_url": reverse("api-run-file", args=[run.public_id, file.path]),
        "text_url": address.having(**{"as": "text"}),
        "preview_url": address.having(
            **dict.fromkeys(("as", *log_view.PLACES, "grep", "case", log_view.STDERR))
        ),
    }
    if wanted != "text" and file.content_type in IMAGES and file.size <= MOST_IMAGE_BYTES:
        return facts | {
            "kind": "image",
            "image_url": reverse("run_image", args=[run.workspace.name, run.public_id]),
        }
    if wanted != "text" and not _is_text(file):
        return facts | {"kind": "other"}
    facts["preview"] = None if file.is_log else kind_of(file.path)
    facts["preview_word"] = word_of(facts["preview"], file)
    # Source is shown whole, so its lines are there; elsewhere who asks for a line gets lines.
    places = [name for name in log_view.PLACES if not (name == "line" and facts["preview"] == "source")]
    is_read = any(address.query.get(name) for name in (*places, "grep"))
    if facts["preview"] and wanted != "text" and not is_read:
        found = preview_facts(facts["preview"], file)
        if "html" in found:  # references and images become links, as in a description
            found["html"] = shown(found["html"], caller, run.workspace, run=run)
        if "kind" in found:
            return facts | found
        facts |= found
    return facts | log_view.text_facts(run, file, address, follows=file.is_log and not run.is_ended)


def _is_text(file: Artifact) -> bool:
    if file.is_log or file.content_type == TEXT:
        return True
    return encoding_of(storage.read(file.key, end=3)).startswith("utf-16")
