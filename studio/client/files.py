"""Files of a run: uploaded at once where the studio answers, kept beside the journal where it does not.

Slow imports stand where they are used, as in all of the client: `from studio import Run` is to cost little.
"""

import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.heart import GONE
from studio.client.http import segment
from studio.client.operation import upload
from studio.client.record import READ_FLUSH_S, RunRecord
from studio.client.transfer import BLOCK_BYTES, counted, fetch, send_file, sha256_of
from studio.client.tree import files_below

NOT_A_FOLDER = "Cannot upload path: {} since it is not a valid directory."
UNEQUAL = "names and paths must be lists of equal lengths. Names was of length {} and paths of length {}."


class Artifact:
    """A file of a run: `path` is its name there, `content` its bytes where they were asked for."""

    def __init__(self, run_id: str, path: str, content: bytes | None = None) -> None:
        self.run_id = run_id
        self.path = path
        self.content = content

    @property
    def uri(self) -> str:
        """The address of the file, whichever studio it is."""
        return f"studio://artifactId/ExperimentRun/dcid.{self.run_id}/{self.path}"

    def __repr__(self) -> str:
        return f"Artifact({self.uri})"


class RunFiles(RunRecord):
    """The part of a run that holds files."""

    def upload_file(
        self, name: str, path_or_stream: str | Path | IO[bytes], datastore_name: str | None = None
    ) -> None:
        """Upload one file under this name; a file of that name is replaced.

        A stream is read to its end. A large file goes on where it was when the connection breaks. While the
        studio is away a copy waits on disk and is sent later. `datastore_name` is the cloud's: not used.
        """
        if isinstance(path_or_stream, str | Path):
            self._upload(name, Path(path_or_stream))
        elif hasattr(path_or_stream, "read"):
            kept = self._keep_stream(path_or_stream)
            self._send_or_keep(name, kept, sha256_of(kept), is_copy=True)
        else:
            raise UserErrorException(
                f"UnsupportedType: type {type(path_or_stream)} is invalid, "
                "supported input types: file path or file"
            )

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str | Path],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> dict[str, Artifact] | None:
        """Upload files under names. With `return_artifacts` returns {name: Artifact}.

        All paths are looked at before the first is sent.
        """
        if isinstance(names, str) or isinstance(paths, str | Path) or len(names) != len(paths):
            lengths = [1 if isinstance(given, str | Path) else len(given) for given in (names, paths)]
            raise TypeError(UNEQUAL.format(*lengths))
        for name, path in zip(names, paths, strict=True):
            _check_file(name, Path(path))
        for name, path in counted([*zip(names, paths, strict=True)], "Uploading"):
            self._upload(name, Path(path))
        return {name: Artifact(self._id, name) for name in names} if return_artifacts else None

    def upload_folder(
        self, name: str, path: str | Path, datastore_name: str | None = None
    ) -> dict[str, Artifact]:
        """Upload every file below a folder, under `name` and its place in the folder. Returns {name: Artifact}."""
        folder = Path(path)
        if not folder.is_dir():
            raise UserErrorException(NOT_A_FOLDER.format(path))
        files = {f"{name.rstrip('/')}/{inside}": folder / inside for inside in files_below(folder)}
        for target, file in counted(files.items(), "Uploading"):
            self._upload(target, file)
        return {target: Artifact(self._id, target) for target in files}

    def _upload(self, name: str, path: Path) -> None:
        _check_file(name, path)
        self._send_or_keep(name, path, sha256_of(path), is_copy=False)

    def _send_or_keep(self, name: str, path: Path, sha256: str, *, is_copy: bool) -> None:
        """`is_copy`: the file is ours, and to be removed once the studio has it."""
        address = self._file_path(name)
        if not self._recorder.defers(self._id, "file"):
            try:
                send_file(self._client, address, path, sha256, name=name)
                if is_copy:
                    path.unlink(missing_ok=True)
                return
            except UnreachableException:
                pass  # kept below, and sent when the studio answers again
            except ServiceException as refusal:
                if refusal.status_code != GONE:
                    raise
                self._recorder.courier.note_deleted(self._id, str(refusal))
        kept = path if is_copy else self._copy(path)
        self._recorder.submit(upload(self._id, address, kept, sha256))

    def _upload_later(self, name: str, content: Path | bytes) -> None:
        """Keep a copy and let the recorder send it in its turn: nobody waits."""
        if isinstance(content, Path):
            _check_file(name, content)
            kept = self._copy(content)
        else:
            kept = self._place()
            kept.write_bytes(content)
        self._recorder.submit(upload(self._id, self._file_path(name), kept, sha256_of(kept)))

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
        return [file["path"] for file in self._files()]

    def _files(self, prefix: str | None = None) -> Iterator[dict[str, Any]]:
        return self._client.pages(self._path("files/"), "files", prefix=prefix or None)

    def download_file(
        self,
        name: str,
        output_file_path: str | Path | None = None,
    ) -> None:
        """Download one file: to this path, into this folder, or by its own name into the working folder.

        It goes on where it was when the connection breaks, and its checksum is compared. Raises
        UserErrorException that names what there is when the run has no such file.
        """
        self._recorder.settle(READ_FLUSH_S)
        target = Path(output_file_path) if output_file_path else Path(Path(name).name)
        if target.is_dir():
            target = target / Path(name).name
        self._download(name, target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | Path | None = None,
        output_paths: Sequence[str | Path] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Download every file whose name begins with `prefix` into a folder, the working folder by default.

        Names keep the prefix unless `append_prefix` is False; `output_paths` gives each file a place of its
        own, in the order of the names. A name that would leave the folder is refused.
        """
        self._recorder.settle(READ_FLUSH_S)
        names = [file["path"] for file in self._files(prefix)]
        if not names:
            raise UserErrorException(self._not_found(prefix or "", "No file begins with {}"))
        if output_paths is not None and len(output_paths) != len(names):
            raise UserErrorException(
                f"output_paths has {len(output_paths)} places for {len(names)} files: {', '.join(names[:50])}."
            )
        folder = Path(output_directory or ".")
        for place, name in counted([*enumerate(names)], "Downloading"):
            shown = name if append_prefix else _without_prefix(name, prefix or "")
            target = inside(folder, shown) if output_paths is None else folder / output_paths[place]
            self._download(name, target)

    def get_all_logs(self, destination: str | Path | None = None) -> list[str]:
        """Download every log into a folder, `assets/<run id>` by default; return the paths."""
        folder = Path(destination) if destination else Path("assets") / self._id
        if folder.exists() and not folder.is_dir():
            raise UserErrorException(f"{folder} exists and is not a directory.")
        self._recorder.settle(READ_FLUSH_S)
        paths = []
        for name in counted([file["path"] for file in self._files() if file["is_log"]], "Downloading"):
            target = inside(folder, name)
            self._download(name, target)
            paths.append(str(target))
        folder.mkdir(parents=True, exist_ok=True)
        return paths

    def get_details_with_logs(self) -> dict[str, Any]:
        """Return `get_details()` with the text of each log under `logFiles`."""
        details = self.get_details()
        for name in details["logFiles"]:
            details["logFiles"][name] = self._read_file(name).decode("utf-8", "replace")
        return details

    def _download(self, name: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name[:100]}.{uuid.uuid4().hex[:8]}.part")
        try:
            if not fetch(self._client, self._file_path(name), part, name=name):
                raise UserErrorException(self._not_found(name))
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _not_found(self, name: str, words: str = "File with path {} was not found") -> str:
        available = ",".join(self.get_file_names()) or "none"
        return f"{words.format(name)},\navailable files include: {available}."

    def _read_file(self, name: str, run_id: str | None = None) -> bytes:
        """Return the bytes of a file of this run or another one, none where there is no such file."""
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            part = Path(folder) / "file"
            if not fetch(self._client, self._file_path(name, run_id), part, name=name):
                return b""
            return part.read_bytes()

    def _file_path(self, name: str, run_id: str | None = None) -> str:
        """Slashes part folders; everything else is quoted, so that a name stays one name."""
        parts = [segment(part) for part in str(name).replace("\\", "/").split("/")]
        return f"runs/{segment(run_id or self._id)}/files/" + "/".join(parts)


def inside(folder: Path, name: str) -> Path:
    """Return the place of a file below a folder. Raises UserErrorException for a name that leads out of it."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or "\0" in name:
        raise UserErrorException(f"The name {name!r} does not name a place inside a folder.")
    return folder.joinpath(*parts)


def _without_prefix(name: str, prefix: str) -> str:
    rest = name.removeprefix(prefix).lstrip("/")
    return rest or name.rsplit("/", 1)[-1]


def _check_file(name: str, path: Path) -> None:
    if not path.is_file():
        raise UserErrorException(f"There is no file {path} to upload as {name}.")
