"""The snapshot of a run: ask what to send, send it, make it a folder; and get it back."""

import re
from collections.abc import Iterator

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs.access_snapshots import blobs_for, get_snapshot
from runs.actions.snapshots import missing_hashes, put_blob, put_blob_piece, take_snapshot
from runs.api.base import Endpoint
from runs.api.files import AnyAccept, RawBody, piece_of
from runs.api.serializers import ErrorAnswer
from runs.api.shapes import moment
from runs.errors import Invalid, NotFound
from runs.file_transfer import download, pieces, zip_download
from runs.models import Artifact, Run, Snapshot, SnapshotFile
from runs.query.snapshots import file_of, files_of, snapshot_of, zip_of

_HEADER = re.compile(rb"([0-9a-fA-F]{64}) (\d{1,12})\n")
_HEADER_BYTES = 80


class HashesBody(serializers.Serializer):
    """What the sender has."""

    hashes = serializers.ListField(child=serializers.CharField(), help_text="SHA-256 of files, in hex.")
    no_file_limit = serializers.BooleanField(
        default=False, help_text="Take more than 2,000 new files.", required=False
    )


class MissingAnswer(serializers.Serializer):
    """What has to be sent."""

    missing = serializers.ListField(child=serializers.CharField())


class SnapshotFileShape(serializers.Serializer):
    """A file of a snapshot."""

    path = serializers.CharField()
    size = serializers.IntegerField()
    mode = serializers.ChoiceField(["100644", "100755"], default="100644", help_text="As in git.")
    sha256 = serializers.CharField()


class SnapshotBody(serializers.Serializer):
    """The files of the folder."""

    files = SnapshotFileShape(many=True)
    no_file_limit = serializers.BooleanField(default=False, required=False)


class SnapshotShape(serializers.Serializer):
    """A snapshot."""

    id = serializers.CharField()
    size = serializers.IntegerField()
    file_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    files = SnapshotFileShape(many=True)


class BlobAnswer(serializers.Serializer):
    """Bytes that are kept."""

    sha256 = serializers.CharField()
    size = serializers.IntegerField()


class BlobsAnswer(serializers.Serializer):
    """How many files are kept."""

    received = serializers.IntegerField()


def _shape(snapshot: Snapshot) -> dict[str, object]:
    return {
        "id": snapshot.sha256,
        "size": snapshot.size,
        "file_count": snapshot.file_count,
        "created_at": moment(snapshot.created_at),
        "files": [_file_shape(file) for file in files_of(snapshot)],
    }


def _file_shape(file: SnapshotFile) -> dict[str, object]:
    mode = "100755" if file.executable else "100644"
    return {"path": file.path, "size": file.blob.size, "mode": mode, "sha256": file.blob.sha256}


def _of(run: Run) -> Snapshot:
    found = snapshot_of(run)
    if found is None:
        raise NotFound(f"{run.display_name} has no snapshot.")
    return found


class SnapshotEndpoint(Endpoint):
    """The snapshot of a run, taken once."""

    @extend_schema(responses=SnapshotShape)
    def get(self, request: Request, run_id: str) -> Response:
        """Its files, by path."""
        return Response(_shape(_of(self.run(run_id))))

    @extend_schema(request=SnapshotBody, responses={200: SnapshotShape, 201: SnapshotShape, 409: ErrorAnswer})
    def post(self, request: Request, run_id: str) -> Response:
        """Make these files the snapshot. 409 when the run has another one, or names in `missing` what to send first."""
        run = self.run(run_id, "write")
        if not isinstance(request.data, dict):
            raise Invalid("Send a JSON object with files.")
        snapshot, is_new = take_snapshot(
            run,
            request.data.get("files"),
            by=self.caller.user,
            readable=blobs_for(self.caller, run),
            unlimited=request.data.get("no_file_limit") is True,
        )
        return Response(_shape(snapshot), status=201 if is_new else 200)


class SnapshotMissingEndpoint(Endpoint):
    """What has to be sent for a snapshot."""

    @extend_schema(request=HashesBody, responses={200: MissingAnswer, 409: ErrorAnswer})
    def post(self, request: Request, run_id: str) -> Response:
        """Which of these files are not known here yet. Changes nothing."""
        run = self.run(run_id, "write")
        if not isinstance(request.data, dict):
            raise Invalid("Send a JSON object with hashes.")
        readable = blobs_for(self.caller, run)
        unlimited = request.data.get("no_file_limit") is True
        found = missing_hashes(run, request.data.get("hashes"), readable=readable, unlimited=unlimited)
        return Response({"missing": found})


class SnapshotBlobsEndpoint(Endpoint):
    """Small files for a snapshot, many at once."""

    parser_classes = [RawBody]

    @extend_schema(request={"application/octet-stream": OpenApiTypes.BINARY}, responses=BlobsAnswer)
    def post(self, request: Request, run_id: str) -> Response:
        """Keep some files, up to 16 MiB in all. Each begins with a line of its SHA-256 in hex, a space and its
        size in bytes; its bytes follow, then the next such line."""
        run = self.run(run_id, "write")
        body = _Body(pieces(request._request, proven=True))
        received = 0
        while (head := body.header()) is not None:
            put_blob(run, head[0], body.read(head[1]), size=head[1])
            received += 1
        return Response({"received": received})


class SnapshotBlobEndpoint(Endpoint):
    """One file for a snapshot, whole or in pieces."""

    parser_classes = [RawBody]
    content_negotiation_class = AnyAccept
    body_limit = 2**63

    @extend_schema(
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={200: BlobAnswer, 202: BlobsAnswer},
        parameters=[
            OpenApiParameter(
                "Content-Range",
                str,
                "header",
                description="`bytes first-last/total` for a piece of a large file (202 until it is whole), "
                "`bytes */total` to ask how much is there.",
            )
        ],
    )
    def put(self, request: Request, run_id: str, sha256: str) -> Response:
        """Keep the body, whose SHA-256 stands in the address; a large file comes in pieces, as files of runs do."""
        run = self.run(run_id, "write")
        announced = request.headers.get("Content-Range")
        if announced is None:
            kept = put_blob(run, sha256, pieces(request._request, proven=True))
        else:
            found = put_blob_piece(run, sha256, piece_of(request, announced))
            if isinstance(found, int):
                return Response({"received": found}, status=202)
            kept = found
        return Response({"sha256": kept.sha256, "size": kept.size})


class SnapshotFileEndpoint(Endpoint):
    """One file of a snapshot."""

    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 206: OpenApiTypes.BINARY},
        parameters=[OpenApiParameter("Range", str, "header", description="bytes=first-last")],
    )
    def get(self, request: Request, run_id: str, path: str) -> HttpResponseBase:
        """Download it, or a range of it. It is never shown in the page's own origin."""
        run = self.run(run_id)
        file = file_of(_of(run), path)
        if file is None:
            raise NotFound(f"The snapshot of {run.display_name} has no file {path[:200]!r}.")
        blob = file.blob
        row = Artifact(path=file.path, key=blob.key, size=blob.size, sha256=blob.sha256)
        return download(row, request.headers.get("Range"), head=request.method == "HEAD")


class SnapshotZipEndpoint(Endpoint):
    """All of a run's snapshot."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, run_id: str) -> HttpResponseBase:
        """As a zip, made while it is sent."""
        return zip_answer(_of(self.run(run_id)), head=request.method == "HEAD")


class WorkspaceSnapshotEndpoint(Endpoint):
    """A snapshot by its id, whichever run has it."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, workspace: str, snapshot_id: str) -> HttpResponseBase:
        """As a zip, made while it is sent."""
        found = get_snapshot(self.caller, workspace, snapshot_id)
        return zip_answer(found, head=request.method == "HEAD")


def zip_answer(snapshot: Snapshot, *, head: bool = False) -> HttpResponseBase:
    """The zip as an attachment that no browser runs."""
    return zip_download(zip_of(snapshot), snapshot.sha256, head=head)


class _Body:
    """Files one after the other in one body, read without holding them in memory."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def header(self) -> tuple[str, int] | None:
        """The hash and size of the next file; None at the end. Raises Invalid where something else stands."""
        while (
            b"\n" not in self._rest and len(self._rest) < _HEADER_BYTES and (piece := next(self._pieces, b""))
        ):
            self._rest += piece
        if not self._rest:
            return None
        match = _HEADER.match(self._rest)
        if match is None:
            raise Invalid(
                "Each file begins with a line of its SHA-256 in hex, a space and its size in bytes."
            )
        self._rest = self._rest[match.end() :]
        return match[1].decode(), int(match[2])

    def read(self, size: int) -> Iterator[bytes]:
        """So many bytes, in pieces. Raises Invalid when the body ends before."""
        left = size
        while left > 0:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                raise Invalid(
                    f"The body ended after {size - left:,} of {size:,} bytes of a file. Send it again."
                )
            taken, self._rest = piece[:left], piece[left:]
            left -= len(taken)
            yield taken
