"""Large files: in pieces, gone on with after a cut, with checksums; many files at once."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import Experiment, Run, Workspace
from studio.client import transfer
from studio.client.errors import ServiceException, UnreachableException, UserErrorException
from studio.client.http import Client, Request

BODY = bytes(range(256)) * 40  # 10,240 bytes


@pytest.fixture
def run(live_studio: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(transfer, "PIECE_BYTES", 4096)
    monkeypatch.setattr(transfer, "BLOCK_BYTES", 1000)
    workspace = Workspace.from_config(
        url=live_studio.url, token=live_studio.token, workspace=live_studio.workspace
    )
    with Experiment(workspace, "transfer").start_logging(capture_console=False) as run:
        yield run


def requests_of(monkeypatch: pytest.MonkeyPatch, break_at: int = 0, times: int = 1) -> list[str]:
    """Note the Content-Range of each request; some of them lose their answer."""
    asked: list[str] = []
    earlier = Client.open

    def open(self: Client, request: Request, *, attempts: int | None = None) -> Any:
        answer = earlier(self, request, attempts=attempts)
        if "Content-Range" not in request.headers:  # a heartbeat
            return answer
        asked.append(request.headers["Content-Range"])
        if break_at <= len(asked) < break_at + times:
            raise UnreachableException("The line broke.")
        return answer

    monkeypatch.setattr(Client, "open", open)
    return asked


def test_a_large_file_goes_up_in_pieces_and_comes_down_whole(run: Run, home: Path) -> None:
    (home / "big.bin").write_bytes(BODY)
    run.upload_file("outputs/big.bin", "big.bin")
    found = run._client.get(f"runs/{run.id}/files/", prefix="outputs/")["files"]
    assert [(file["size"], file["sha256"]) for file in found] == [
        (len(BODY), hashlib.sha256(BODY).hexdigest())
    ]
    run.download_file("outputs/big.bin", "copy.bin")
    assert (home / "copy.bin").read_bytes() == BODY


def test_an_upload_goes_on_where_it_was_cut(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "big.bin").write_bytes(BODY)
    asked = requests_of(monkeypatch, break_at=2)
    run.upload_file("big.bin", "big.bin")
    # The first piece arrived though its answer was lost: it is asked for, and not sent again.
    assert asked == [
        "bytes */10240",
        "bytes 0-4095/10240",
        "bytes */10240",
        "bytes 4096-8191/10240",
        "bytes 8192-10239/10240",
    ]
    run.download_file("big.bin", "copy.bin")
    assert (home / "copy.bin").read_bytes() == BODY


def test_a_piece_at_the_wrong_place_and_a_wrong_checksum_are_refused(run: Run) -> None:
    def put(announced: str, body: bytes, sha256: str = "0" * 64) -> Any:
        headers = {"Content-Range": announced, "X-Content-SHA256": sha256}
        return run._client.json(Request("PUT", run._file_path("x"), {}, lambda: body, len(body), headers))

    assert put("bytes 0-1/4", b"ab") == {"received": 2}
    with pytest.raises(ServiceException, match="2 bytes of x have arrived") as refusal:
        put("bytes 3-3/4", b"d")
    assert refusal.value.details["received"] == 2
    with pytest.raises(ServiceException, match="not the announced"):
        put("bytes 2-3/4", b"cd")
    assert put("bytes */4", b"") == {"received": 0}
    for announced in ("bytes 0-9/4", "bytes 1-0/4", "lines 0-1/4", "bytes 0-5/4"):
        with pytest.raises(ServiceException, match=r"Content-Range reads|ends behind"):
            put(announced, b"abcdef" if announced == "bytes 0-5/4" else b"ab")
    with pytest.raises(ServiceException, match="64 hex characters"):
        put("bytes 0-1/4", b"ab", "abc")


def test_a_download_goes_on_where_it_was_cut(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "big.bin").write_bytes(BODY)
    run.upload_file("big.bin", "big.bin")
    from http.client import HTTPResponse, IncompleteRead

    earlier, reads = HTTPResponse.read, []

    def read(self: HTTPResponse, amount: int | None = None) -> bytes:
        reads.append(amount)
        if reads.count(1000) == 4:
            raise IncompleteRead(b"")
        return earlier(self, amount)

    monkeypatch.setattr(HTTPResponse, "read", read)
    ranges = []
    opened = Client.open

    def open(self: Client, request: Request, *, attempts: int | None = None) -> Any:
        ranges.append(request.headers.get("Range"))
        return opened(self, request, attempts=attempts)

    monkeypatch.setattr(Client, "open", open)
    run.download_file("big.bin", "copy.bin")
    assert [one for one in ranges if one] == ["bytes=3000-"]
    assert (home / "copy.bin").read_bytes() == BODY
    assert not list(home.glob(".copy*"))


def test_folders_and_prefixes(run: Run, home: Path) -> None:
    for name in ("a.txt", "deep/b.txt"):
        (home / "model" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "model" / name).write_text(name)
    uploaded = run.upload_folder("outputs/model", "model")
    assert sorted(uploaded) == ["outputs/model/a.txt", "outputs/model/deep/b.txt"]
    artifacts = run.upload_files(["x.txt"], ["model/a.txt"], return_artifacts=True)
    assert artifacts is not None and artifacts["x.txt"].path == "x.txt"
    assert run.upload_files(["y.txt"], ["model/a.txt"]) is None
    run.download_files("outputs/model/", "kept")
    assert (home / "kept/outputs/model/deep/b.txt").read_text() == "deep/b.txt"
    run.download_files("outputs/model/", "bare", append_prefix=False)
    assert (home / "bare/deep/b.txt").read_text() == "deep/b.txt"
    run.download_files("outputs/model/", output_paths=["one.txt", "two.txt"])
    assert (home / "two.txt").read_text() == "deep/b.txt"


def test_what_cannot_be_right_is_said(run: Run, home: Path) -> None:
    (home / "a.txt").write_text("a")
    with pytest.raises(TypeError, match="Names was of length 1 and paths of length 2"):
        run.upload_files(["a"], ["a.txt", "b.txt"])
    with pytest.raises(UserErrorException, match=r"There is no file b\.txt"):
        run.upload_files(["a", "b"], ["a.txt", "b.txt"])
    with pytest.raises(
        UserErrorException, match=r"Cannot upload path: a\.txt since it is not a valid directory"
    ):
        run.upload_folder("x", "a.txt")
    run.upload_file("a.txt", "a.txt")
    with pytest.raises(
        UserErrorException, match=r"nowhere was not found,\navailable files include: a\.txt\."
    ):
        run.download_file("nowhere")
    with pytest.raises(UserErrorException, match=r"No file begins with no/"):
        run.download_files("no/")
    with pytest.raises(UserErrorException, match="exists and is not a directory"):
        run.get_all_logs("a.txt")


def test_logs_are_downloaded(live_studio: Any, run: Run, home: Path) -> None:
    with run.experiment.start_logging() as logged:
        print("hello")
    paths = logged.get_all_logs("logs")
    assert paths == ["logs/user_logs/std_log.txt"]
    assert (home / paths[0]).read_text() == "hello\n"
    assert logged.get_details_with_logs()["logFiles"] == {"user_logs/std_log.txt": "hello\n"}


@pytest.mark.parametrize(("is_terminal", "count"), [(True, 12), (True, 9), (False, 12)])
def test_many_small_files_are_counted_on_a_terminal(
    run: Run,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    count: int,
) -> None:
    folder = home / "many"
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.txt").write_text("x")
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal, raising=False)
    capsys.readouterr()
    run.upload_folder(f"many-{is_terminal}-{count}", folder)
    run.download_files(f"many-{is_terminal}-{count}/", home / "back")
    told = capsys.readouterr().err
    if is_terminal and count == 12:
        assert told.startswith("\rUploading 1 of 12 files\rUploading 2 of")
        assert told.endswith("\rDownloading 12 of 12 files\n")
    else:
        assert told == ""
    assert sum(1 for path in (home / "back").rglob("*.txt")) == count
