"""Bytes over HTTP, as every door takes and gives them: a body in pieces, a file or a range of it as a download."""

import re
from collections.abc import Iterator
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from runs import storage
from runs.content_type import BINARY
from runs.errors import Invalid
from runs.limits import KIB
from runs.models import Artifact

PIECE_BYTES = 256 * KIB
_NO_LENGTH = "Send a Content-Length: of a body in chunks nobody can tell whether all of it has come."
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def pieces(request: HttpRequest, *, proven: bool = False) -> Iterator[bytes]:
    """The body in pieces of up to 256 KiB; a body that is cut short is Invalid.

    A body without a length comes in chunks, as `requests` sends an empty file: Django would read none of it. WSGI
    tells nobody whether such a body ended or its sender went away in the middle, so that one with content is taken
    only where it is `proven` by a hash.
    """
    if not request.META.get("CONTENT_LENGTH") and request.META.get("HTTP_TRANSFER_ENCODING"):
        if not request.META.get("wsgi.input_terminated"):
            raise Invalid(_NO_LENGTH)
        while piece := request.META["wsgi.input"].read(PIECE_BYTES):
            if not proven:
                raise Invalid(_NO_LENGTH)
            yield piece
        return
    announced = int(request.META.get("CONTENT_LENGTH") or 0)
    left = announced
    while left > 0:
        piece = request.read(min(PIECE_BYTES, left))
        if not piece:
            raise Invalid(f"The body ended after {announced - left:,} of {announced:,} bytes. Send it again.")
        left -= len(piece)
        yield piece


def download(
    row: Artifact, wanted: str | None, *, head: bool = False, content_type: str = BINARY
) -> HttpResponseBase:
    """The file, or the range of it that was asked for, as an attachment that no browser runs."""
    start, end = 0, row.size
    status = 200
    match = _RANGE.fullmatch(wanted.replace(" ", "")) if wanted else None
    if match is not None and (match[1] or match[2]):
        start, end = _range(match[1], match[2], row.size)
        if start >= end:
            response: HttpResponseBase = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{row.size}"
            return response
        status = 206
    body = HttpResponse if head else StreamingHttpResponse
    response = body(() if head else storage.stream(row.key, start=start, end=end), status=status)
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{row.size}"
    response["Content-Length"] = str(end - start)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = attachment(row.path.rsplit("/", 1)[-1])
    response["Accept-Ranges"] = "bytes"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    if row.sha256:
        response["ETag"] = f'"{row.sha256}"'
        response["X-Content-SHA256"] = row.sha256
    response["Cache-Control"] = "private, no-cache"
    return response


def zip_download(content: Iterator[bytes], name: str, *, head: bool = False) -> HttpResponseBase:
    """A zip that is made while it is sent, as an attachment that no browser runs."""
    answer: HttpResponseBase = HttpResponse() if head else StreamingHttpResponse(content)
    answer["Content-Type"] = "application/zip"
    answer["Content-Disposition"] = attachment(f"{name}.zip")
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _range(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


def attachment(name: str) -> str:
    """Content-Disposition by RFC 6266: a plain name, and the true one in UTF-8."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name) or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
