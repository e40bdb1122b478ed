"""Files and logs of a run, up and down."""

import re
from typing import Any
from urllib.parse import quote

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from runs.actions import run as run_actions
from runs.actions.files import Piece, append_log, delete_files, put_file, put_piece
from runs.api import serializers as s
from runs.api import tracked_shapes as t
from runs.api.base import Endpoint
from runs.api.shapes import file_shape
from runs.errors import Invalid, NotFound
from runs.file_transfer import download, pieces, zip_download
from runs.limits import LOG_CHUNK_BYTES
from runs.models import Artifact
from runs.query.run_zip import zip_of

FILES_A_PAGE = 10_000
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-(\d{1,18})|\*)/(\d{1,18})", re.ASCII)


class RawBody(BaseParser):
    """Leaves the body where it is: the view reads it in pieces."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """The stream itself."""
        return stream


class AnyAccept(BaseContentNegotiation):
    """Files are answered as they are, whatever the client would like."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The first."""
        return next(iter(parsers))

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        """The first."""
        first = next(iter(renderers))
        return first, first.media_type


class FilesEndpoint(Endpoint):
    """The files of a run."""

    @extend_schema(
        responses=t.FilesShape,
        operation_id="run_files",
        parameters=[
            OpenApiParameter("prefix", str, description="Those whose path begins with this."),
            OpenApiParameter("after", str, description="Those after this path, for the next page."),
        ],
    )
    def get(self, request: Request, run_id: str) -> Response:
        """By path, 10,000 a page."""
        rows = Artifact.objects.filter(run=self.run(run_id)).order_by("path")
        prefix, after = request.query_params.get("prefix", ""), request.query_params.get("after", "")
        if "\x00" in prefix + after:
            raise Invalid("A path holds no NUL character.", field="prefix")
        if prefix:
            rows = rows.filter(path__startswith=prefix)
        if after:
            rows = rows.filter(path__gt=after)
        page = list(rows[: FILES_A_PAGE + 1])
        shown = page[:FILES_A_PAGE]
        next_url = None
        if len(page) > FILES_A_PAGE:
            next_url = f"{request.path}?prefix={quote(prefix)}&after={quote(shown[-1].path)}"
        return Response({"files": [file_shape(f) for f in shown], "next": next_url})


class FileEndpoint(Endpoint):
    """One file of a run."""

    parser_classes = [RawBody]
    content_negotiation_class = AnyAccept
    body_limit = 2**63

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 206: OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("Range", str, "header", description="bytes=first-last")],
    )
    def get(self, request: Request, run_id: str, path: str) -> HttpResponseBase:
        """Download it, or a range of it. It is never shown in the page's own origin."""
        row = Artifact.objects.filter(run=self.run(run_id), path=path).first() if "\x00" not in path else None
        if row is None:
            raise NotFound(f"This run has no file {path!r}.")
        return download(row, request.headers.get("Range"), head=request.method == "HEAD")

    def head(self, request: Request, run_id: str, path: str) -> HttpResponseBase:
        """The headers of the download."""
        return self.get(request, run_id, path)

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: t.FileShape, 201: t.FileShape},
        parameters=[
            OpenApiParameter("X-Content-SHA256", str, "header", description="Refused when the bytes differ."),
            OpenApiParameter(
                "Content-Range",
                str,
                "header",
                description="`bytes first-last/total` for a piece of a large file (202 until it is whole), "
                "`bytes */total` to ask how much is there.",
            ),
        ],
    )
    def put(self, request: Request, run_id: str, path: str) -> Response:
        """Keep the body under this path: whole, or not at all. An earlier file of the path is replaced."""
        run, by = self.run(run_id, "write"), self.caller.user
        sha256, announced = request.headers.get("X-Content-SHA256"), request.headers.get("Content-Range")
        if announced is None:
            put = put_file(run, path, pieces(request._request, proven=bool(sha256)), by=by, sha256=sha256)
        else:
            found = put_piece(run, path, piece_of(request, announced), by=by, sha256=sha256 or "")
            if isinstance(found, int):
                return Response({"received": found}, status=202)
            put = found
        return Response(file_shape(put.artifact), status=201 if put.is_new else 200)

    @extend_schema(responses=t.DeletedFiles)
    def delete(self, request: Request, run_id: str, path: str) -> Response:
        """Delete the file, or the folder with all in it but logs; says how many there were."""
        return Response({"deleted": delete_files(self.run(run_id, "write"), path, by=self.caller.user)})


class FilesZipEndpoint(Endpoint):
    """All files of a run at once."""

    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="run_files_zip", responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        """Logs and uploaded files as a zip, made while it is sent."""
        run = self.run(run_id)
        return zip_download(zip_of(run), run.public_id, head=request.method == "HEAD")


class LogEndpoint(Endpoint):
    """A log that grows."""

    parser_classes = [RawBody]
    content_negotiation_class = AnyAccept
    body_limit = LOG_CHUNK_BYTES

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: t.LogAnswer, 409: s.ErrorAnswer},
        parameters=[
            OpenApiParameter("offset", int, required=True, description="Where the chunk begins."),
            OpenApiParameter(
                "X-Log-Marks",
                str,
                "header",
                description="When and by which stream its parts were printed, in order: `o` (stdout) or `e` (stderr), "
                "the length in bytes, `@`, milliseconds since 1970, as in `o120@1763915212123 e30@1763915212200`.",
            ),
        ],
    )
    def post(self, request: Request, run_id: str, path: str) -> Response:
        """Append up to 4 MiB. Bytes already there are not written twice; a gap is refused with the present size."""
        run = self.run(run_id, "write")
        offset = request.query_params.get("offset", "")
        if not offset.isdecimal() or len(offset) > 18:
            raise Invalid(f"offset must be a number of bytes, not {offset[:40]!r}.", field="offset")
        row = append_log(
            run,
            path,
            int(offset),
            b"".join(pieces(request._request)),
            marks=request.headers.get("X-Log-Marks", ""),
        )
        beat = run_actions.beat_of(run)
        return Response({"size": row.size, "status": beat.status, "cancel_requested": beat.cancel_requested})


def piece_of(request: Request, announced: str) -> Piece:
    """The piece that a Content-Range announces, or the question how much is there."""
    match = _CONTENT_RANGE.fullmatch(announced.strip())
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if match is None or (match[1] and int(match[2]) - int(match[1]) + 1 != length):
        raise Invalid(
            "Content-Range reads `bytes first-last/total`, as many bytes as the body has, or `bytes */total`.",
            field="Content-Range",
        )
    if match[1] is None:
        return Piece(0, int(match[3]))
    if int(match[2]) >= int(match[3]):
        raise Invalid("The piece ends behind the end of the file.", field="Content-Range")
    return Piece(int(match[1]), int(match[3]), pieces(request._request))
