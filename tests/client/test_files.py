"""Files of a run, up and down, also while the studio is away."""

import io
from pathlib import Path

import pytest

from studio import Experiment
from studio.client.errors import ServiceException, UserErrorException
from studio.client.process import recorder_for
from tests.client.conftest import until
from tests.client.fake_server import FakeStudio


def test_a_file_goes_up_and_comes_down(studio: FakeStudio, experiment: Experiment, home: Path) -> None:
    (home / "model.bin").write_bytes(bytes(range(256)) * 10_000)
    with experiment.start_logging() as run:
        run.upload_file("outputs/model.bin", "model.bin")
        run.upload_file("notes/a b#1?.txt", io.BytesIO(b"from a stream"))
        assert run.get_file_names() == ["outputs/model.bin", "notes/a b#1?.txt"]
    run.download_file("outputs/model.bin", home / "copy.bin")
    assert (home / "copy.bin").read_bytes() == (home / "model.bin").read_bytes()
    (home / "folder").mkdir()
    run.download_file("notes/a b#1?.txt", "folder")
    assert (home / "folder" / "a b#1?.txt").read_text() == "from a stream"
    run.download_file("notes/a b#1?.txt")
    assert (home / "a b#1?.txt").is_file()
    assert not list(home.rglob("*.part"))


def test_a_file_waits_on_disk_while_the_studio_is_away(
    studio: FakeStudio, experiment: Experiment, home: Path
) -> None:
    run = experiment.start_logging()
    (home / "model.bin").write_bytes(b"weights")
    studio.stop()
    run.upload_file("model.bin", home / "model.bin")
    run.upload_file("stream.txt", io.BytesIO(b"text"))
    (home / "model.bin").write_bytes(b"changed later")
    recorder = recorder_for(experiment.workspace.client)
    assert len(list(recorder.journal.disk.files_folder.iterdir())) == 2
    studio.come_back()
    until(lambda: (run.id, "stream.txt") in studio.files)
    assert studio.files[run.id, "model.bin"] == b"weights"
    until(lambda: not list(recorder.journal.disk.files_folder.iterdir()))
    run.complete()


def test_the_newest_upload_of_a_name_wins(studio: FakeStudio, experiment: Experiment) -> None:
    run = experiment.start_logging()
    studio.misbehave("503", path="files")
    run.upload_file("model.bin", io.BytesIO(b"first"))
    run.upload_file("model.bin", io.BytesIO(b"second"))
    studio.come_back()
    run.upload_file("model.bin", io.BytesIO(b"third"))
    until(lambda: studio.files.get((run.id, "model.bin")) == b"third")
    run.complete()


def test_an_upload_is_repeated_after_a_lost_answer(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        studio.misbehave("lost", 1, path="files")
        run.upload_file("model.bin", io.BytesIO(b"weights"))
        assert studio.files[run.id, "model.bin"] == b"weights"


def test_a_refused_upload_is_the_callers_to_know(studio: FakeStudio, experiment: Experiment) -> None:
    studio.max_body = 1000
    with (
        experiment.start_logging() as run,
        pytest.raises(ServiceException, match="At most 1000 bytes") as refusal,
    ):
        run.upload_file("model.bin", io.BytesIO(b"x" * 5_000_000))
    assert refusal.value.status_code == 413


def test_a_missing_file_is_named_with_what_there_is(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        run.upload_file("outputs/a.txt", io.BytesIO(b"a"))
    with pytest.raises(UserErrorException) as refusal:
        run.download_file("outputs/b.txt")
    assert (
        str(refusal.value)
        == "File with path outputs/b.txt was not found,\navailable files include: outputs/a.txt."
    )


def test_what_cannot_be_uploaded_is_said(experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        with pytest.raises(UserErrorException, match=r"There is no file nowhere\.bin"):
            run.upload_file("model.bin", "nowhere.bin")
        with pytest.raises(UserErrorException, match="UnsupportedType"):
            run.upload_file("model.bin", 3)  # type: ignore[arg-type]
