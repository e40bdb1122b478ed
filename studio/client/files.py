"""Files of a run: uploaded at once where the studio answers, kept beside the journal where it does not.

Slow imports stand where they are used, as in all of the client: `from studio import Run` is to cost little.
"""

import uuid
from pathlib import Path
from typing import IO

from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.http import Request, segment
from studio.client.operation import upload
from studio.client.record import READ_FLUSH_S, RunRecord
from studio.client.sender import upload_request

BLOCK_BYTES = 1 << 20
DOWNLOAD_TIMEOUT_S = 120.0


class RunFiles(RunRecord):
    """The part of a run that holds files."""

    def upload_file(self, name: str, path_or_stream: str | Path | IO[bytes]) -> None:
        """Upload one file under this name; a file of that name is replaced.

        A stream is read to its end. While the studio is away a copy waits on disk and is sent later.
        """
        if isinstance(path_or_stream, str | Path):
            self._upload(name, Path(path_or_stream))
        elif hasattr(path_or_stream, "read"):
            kept = self._keep_stream(path_or_stream)
            self._send_or_keep(name, kept, _sha256(kept), is_copy=True)
        else:
            raise UserErrorException(
                f"UnsupportedType: type {type(path_or_stream)} is invalid, "
                "supported input types: file path or file"
            )

    def _upload(self, name: str, path: Path) -> None:
        if not path.is_file():
            raise UserErrorException(f"There is no file {path} to upload as {name}.")
        self._send_or_keep(name, path, _sha256(path), is_copy=False)

    def _send_or_keep(self, name: str, path: Path, sha256: str, *, is_copy: bool) -> None:
        """`is_copy`: the file is ours, and to be removed once the studio has it."""
        address = self._file_path(name)
        if not self._recorder.defers(self._id, "file"):
            try:
                self._client.json(upload_request(address, path, sha256), attempts=2)
                if is_copy:
                    path.unlink(missing_ok=True)
                return
            except UnreachableException:
                pass  # kept below, and sent when the studio answers again
        kept = path if is_copy else self._copy(path)
        self._recorder.submit(upload(self._id, address, kept, sha256))

    def _keep_stream(self, stream: IO[bytes]) -> Path:
        kept = self._place()
        with kept.open("wb") as copy:
            while block := stream.read(BLOCK_BYTES):
                copy.write(block.encode() if isinstance(block, str) else block)
        return kept

    def _copy(self, path: Path) -> Path:
        from shutil import copyfile

        kept = self._place()
        copyfile(path, kept)
        return kept

    def _place(self) -> Path:
        return self._recorder.journal.disk.files_folder / uuid.uuid4().hex

    def get_file_names(self) -> list[str]:
        """Return the paths of all files of the run, logs included."""
        self._recorder.settle(READ_FLUSH_S)
        return [file["path"] for file in self._client.pages(self._path("files/"), "files")]

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Download one file: to this path, into this folder, or by its own name into the working folder.

        Raises UserErrorException that names what there is when the run has no such file.
        """
        self._recorder.settle(READ_FLUSH_S)
        target = Path(output_file_path) if output_file_path else Path(Path(name).name)
        if target.is_dir():
            target = target / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            self._fetch_file(name, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _fetch_file(self, name: str, part: Path) -> None:
        request = Request(
            "GET", self._file_path(name), headers={"Accept": "*/*"}, timeout_s=DOWNLOAD_TIMEOUT_S
        )
        try:
            response = self._client.open(request)
        except ServiceException as refusal:
            if refusal.status_code != 404:
                raise
            available = ",".join(self.get_file_names())
            raise UserErrorException(
                f"File with path {name} was not found,\navailable files include: {available}."
            ) from None
        from http.client import HTTPException
        from shutil import copyfileobj

        wanted = response.length
        try:
            with part.open("wb") as stream:
                copyfileobj(response, stream, BLOCK_BYTES)
        except (OSError, HTTPException) as failure:
            raise UnreachableException(f"The download of {name} broke off ({failure}).") from failure
        if wanted is not None and part.stat().st_size != wanted:
            raise UnreachableException(f"The download of {name} broke off after {part.stat().st_size} bytes.")

    def _file_path(self, name: str) -> str:
        """Slashes part folders; everything else is quoted, so that a name stays one name."""
        parts = [segment(part) for part in str(name).replace("\\", "/").split("/")]
        return self._path("files/") + "/".join(parts)


def _sha256(path: Path) -> str:
    import hashlib

    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
