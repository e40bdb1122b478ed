"""What a script prints, as it comes out of its pipes: whole characters, and never the token that it holds."""

import os
import select
import time
from collections.abc import Callable
from typing import IO

READ_BYTES = 1 << 16
# What may be the beginning of something longer is held back for as long as its rest may be on its way.
HOLD_S = 0.5
HIDDEN = b"***"


class Veil:
    """Passes bytes on in whole UTF-8 characters and with every `secret` in them replaced."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._held = b""

    def pass_on(self, piece: bytes) -> bytes:
        """Return what may be shown now; what may go on in the next piece is held back."""
        found = self._held + piece
        if self._secret:
            found = found.replace(self._secret, HIDDEN)
        held = max(self._begun_secret(found), _begun_character(found))
        self._held = found[len(found) - held :]
        return found[: len(found) - held]

    def let_go(self) -> bytes:
        """Return what was held back: nothing came after it."""
        held, self._held = self._held, b""
        return held

    def __bool__(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def _begun_secret(self, found: bytes) -> int:
        longest = min(len(self._secret) - 1, len(found))
        return next((n for n in range(longest, 0, -1) if found.endswith(self._secret[:n])), 0)


def _begun_character(found: bytes) -> int:
    """How many bytes at the end are the beginning of a UTF-8 character; 0 where it is none or complete."""
    for back in range(1, min(3, len(found)) + 1):
        byte = found[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < length else 0
        if byte & 0xC0 != 0x80:
            return 0
    return 0


class Lines:
    """Passes bytes on in whole lines, so that two streams in one log do not cut each other's lines.

    What ends without a line end (a prompt, a row of dots) waits for its rest for HOLD_S, and not longer.
    """

    def __init__(self) -> None:
        self._held = b""
        self._until = 0.0

    def pass_on(self, piece: bytes, now_s: float) -> bytes:
        """Return what may be shown now, of the monotonic time `now_s`."""
        if not self._held:
            self._until = now_s + HOLD_S
        found = self._held + piece
        end = max(found.rfind(b"\n"), found.rfind(b"\r")) + 1
        if now_s >= self._until or len(found) - end > READ_BYTES:
            end = len(found)
        elif end:
            self._until = now_s + HOLD_S
        self._held = found[end:]
        return found[:end]

    def let_go(self) -> bytes:
        """Return what was held back: nothing came after it."""
        held, self._held = self._held, b""
        return held

    def __bool__(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)


def read_output(output: IO[bytes], secret: bytes, feed: Callable[[bytes], None]) -> None:
    """Feed what comes out of a pipe until everybody has closed its other end."""
    veil, lines = Veil(secret), Lines()
    source, is_holding = output.fileno(), False
    while True:
        if is_holding and not select.select([source], [], [], HOLD_S)[0]:
            piece, shown = None, lines.pass_on(veil.let_go(), time.monotonic()) + lines.let_go()
        else:
            piece = os.read(source, READ_BYTES)
            shown = lines.pass_on(veil.pass_on(piece) if piece else veil.let_go(), time.monotonic())
            if not piece:
                shown += lines.let_go()
        is_holding = bool(veil) or bool(lines)
        if shown:
            feed(shown)
        if piece == b"":
            return
