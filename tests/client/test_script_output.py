"""What a script prints, as it is passed on: whole lines, whole characters, no token, nothing lost."""

import os
import threading
import time

import pytest

from studio.client import script_output
from studio.client.script_output import Lines, read_output


def passed_on(pieces: list[bytes], secret: bytes = b"", pause_s: float = 0.0) -> list[bytes]:
    """What comes out of a pipe that is written to in these pieces."""
    source, target = os.pipe()
    fed: list[bytes] = []
    with os.fdopen(source, "rb", buffering=0) as output:
        reader = threading.Thread(target=read_output, args=[output, secret, fed.append])
        reader.start()
        for piece in pieces:
            os.write(target, piece)
            time.sleep(pause_s)
        os.close(target)
        reader.join(10)
    assert not reader.is_alive()
    return fed


def test_a_line_written_in_parts_is_passed_on_whole() -> None:
    """As Python prints without a buffer: the words, then the line's end."""
    lines = Lines()
    assert lines.pass_on(b"careful", 0.0) == b""
    assert lines.pass_on(b"\n12", 0.1) == b"careful\n"
    assert lines.pass_on(b"%\r13%", 0.2) == b"12%\r"
    assert lines and lines.let_go() == b"13%" and not lines


def test_a_row_of_dots_does_not_wait_for_its_line_end() -> None:
    lines = Lines()
    assert lines.pass_on(b".", 0.0) == lines.pass_on(b".", script_output.HOLD_S / 2) == b""
    assert lines.pass_on(b".", script_output.HOLD_S) == b"..."
    assert lines.pass_on(b".", script_output.HOLD_S) == b""


def test_a_line_longer_than_a_piece_is_not_kept_in_memory() -> None:
    long = b"x" * (script_output.READ_BYTES + 1)
    assert Lines().pass_on(long, 0.0) == long


def test_a_prompt_is_shown_while_the_script_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script_output, "HOLD_S", 0.01)
    assert passed_on([b"Continue? ", b"yes\n"], pause_s=0.1) == [b"Continue? ", b"yes\n"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_nothing_is_lost_and_the_token_is_hidden_however_it_is_cut(size: int) -> None:
    text = "studio_2_SECRET\nünï\r90%\nSECRE\nlast".encode()
    fed = b"".join(passed_on([text[at : at + size] for at in range(0, len(text), size)], b"SECRET"))
    assert fed == text.replace(b"SECRET", b"***")
