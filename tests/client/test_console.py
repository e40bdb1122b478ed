"""What the script prints is passed through and kept."""

import io
import logging
import sys
import time

import pytest

from studio import Experiment
from studio.client.console import Capture, Tee
from studio.client.marks import Part, pieces_of
from studio.client.operation import log_piece
from tests.client.conftest import until
from tests.client.fake_server import FakeStudio


def test_both_streams_are_kept_live_and_seen(
    studio: FakeStudio, experiment: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    run = experiment.start_logging()
    print("epoch 1")
    print("careful", file=sys.stderr)
    until(lambda: studio.log(run.id) == "epoch 1\ncareful\n")
    print("half a line", end="\r")
    print("größer ✓")
    run.complete()
    print("afterwards")
    assert studio.log(run.id) == "epoch 1\ncareful\nhalf a line\rgrößer ✓\n"
    printed = capsys.readouterr()
    assert "epoch 1\n" in printed.out and "careful\n" in printed.err and "afterwards\n" in printed.out


def test_the_traceback_of_an_exception_is_no_part_of_the_block(
    studio: FakeStudio, experiment: Experiment
) -> None:
    stdout = sys.stdout
    with pytest.raises(ValueError), experiment.start_logging() as run:
        assert sys.stdout is not stdout
        print("before")
        raise ValueError("boom")
    assert sys.stdout is stdout
    assert studio.log(run.id) == "before\n"


def test_only_the_outermost_run_keeps_the_console(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run, run.child_run() as child:
        print("who keeps this?")
    assert "who keeps this?" in studio.log(run.id)
    assert studio.log(child.id) == ""


def test_the_console_can_be_left_alone(studio: FakeStudio, experiment: Experiment) -> None:
    stdout = sys.stdout
    with experiment.start_logging(capture_console=False) as run:
        assert sys.stdout is stdout
        print("not kept")
    assert studio.log(run.id) == ""


def test_logging_that_was_set_up_before_is_kept(studio: FakeStudio, experiment: Experiment) -> None:
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    try:
        with experiment.start_logging() as run:
            logging.getLogger().warning("the loss is high")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "the loss is high\n" in studio.log(run.id)


def test_a_tee_is_the_stream_in_everything_but_writing() -> None:
    class Terminal(io.StringIO):
        encoding = "koi8-r"  # type: ignore[assignment]

        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            return 7

    kept: list[str] = []
    terminal = Terminal()
    tee = Tee(terminal, kept.append)
    assert (tee.isatty(), tee.fileno(), tee.encoding) == (True, 7, "koi8-r")
    assert tee.write("one") == 3
    tee.writelines(["two", "three"])
    tee.let_go()
    tee.write("four")
    assert terminal.getvalue() == "onetwothreefour"
    assert kept == ["one", "two", "three"]


def test_a_stream_that_breaks_breaks_as_it_would_without_us() -> None:
    closed = io.StringIO()
    closed.close()
    with pytest.raises(ValueError, match="closed file"):
        Tee(closed, lambda text: None).write("text")


def test_offsets_count_bytes_and_bad_characters_do_not_stop_it() -> None:
    capture = Capture("run", lambda: None)
    capture.feed("é")
    capture.feed("\ud800")
    [(offset, body, marks)] = capture.take()
    assert (offset, body) == (0, "é\\ud800".encode()) and marks.startswith("o8@")
    capture.feed("x" * (3 << 20))
    assert [(offset, len(body)) for offset, body, _marks in capture.take()] == [
        (8, 1 << 20),
        (8 + (1 << 20), 1 << 20),
        (8 + (2 << 20), 1 << 20),
    ]


def test_what_each_stream_printed_is_marked(studio: FakeStudio, experiment: Experiment) -> None:
    with experiment.start_logging() as run:
        print("out")
        print("careful", file=sys.stderr)
    marks = " ".join(studio.marks(run.id))
    assert [word.partition("@")[0] for word in marks.split()] == ["o4", "e8"]
    assert abs(int(marks.split("@")[-1]) - time.time() * 1000) < 60_000


def test_parts_become_pieces_that_fit_a_header() -> None:
    parts = [Part(b"ab", "oe"[n % 2], 1000 * n) for n in range(450)] + [Part(b"x" * (1 << 20), "o", 1)]
    pieces = list(pieces_of(parts))
    assert b"".join(body for _offset, body, _marks in pieces) == b"ab" * 450 + b"x" * (1 << 20)
    at = 0
    for offset, body, marks in pieces:
        lengths = [int(word[1:].partition("@")[0]) for word in marks.split()]
        assert offset == at and sum(lengths) == len(body) <= 1 << 20 and len(marks) < 8000
        at += len(body)


def test_marks_are_cut_with_the_bytes() -> None:
    piece = log_piece("run", "a.txt", 100, b"outerrout", "o3@1 e3@2 o3@3")
    assert [piece.part(0, 4).key, piece.part(4, 9).key] == ["o3@1 e1@2", "e2@2 o3@3"]
    assert (piece.part(4, 9).offset, piece.part(4, 9).body) == (104, b"rrout")


def test_a_program_without_a_console_is_no_error(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with experiment.start_logging() as run:
        run.log("loss", 1)
